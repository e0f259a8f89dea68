// A file as it was shown to the model, and which of the shown files a written path means.
// It knows paths as texts. It must not know a file system: a path that was not shown cannot be edited, whatever it names.
import type { DocumentLines, LineRange } from './documentLines.ts';

export interface ShownFile {
  /** Relative to the workspace, with slashes, as the model read it; different for every file. */
  readonly path: string;
  readonly languageId: string;
  readonly document: DocumentLines;
  /** The lines that were shown, and the only ones that may change. */
  readonly region: LineRange;
}

/** The text that the model reads: its lines with `\n` between, no byte order mark, no final newline. */
export function shownText({ document, region }: ShownFile): string {
  return document.lines.slice(region.start, region.end).join('\n');
}

/**
 * Index of the file that is meant: the exact path, else the only one that ends with it. No path means the only file.
 * A longer path is not shortened: `other/src/a.ts` is another file than `src/a.ts`.
 */
export function resolveShownPath(written: string | null, paths: readonly string[]): number | undefined {
  if (written === null) return paths.length === 1 ? 0 : undefined;
  const path = written.replaceAll('\\', '/').replace(/^(?:\.\/)+/, '');
  const exact = paths.indexOf(path);
  if (exact >= 0) return exact;
  const ending = paths.flatMap((shown, index) => (shown.endsWith(`/${path}`) ? [index] : []));
  return ending.length === 1 ? ending[0] : undefined;
}
