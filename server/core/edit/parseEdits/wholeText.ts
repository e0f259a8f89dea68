// Reads an answer that holds the whole new text in one fence instead of blocks, as small models do.
// It knows when such a text can be believed to be whole. It must not know how the difference becomes edits.
import { lineHunks } from '../lineHunks.ts';
import { indentOf } from '../indentation.ts';
import { closesFence, fenceOf, isFence } from './fences.ts';
import { fileNamedBy, pathInFence } from './filePath.ts';

export interface WholeText {
  /** As the model wrote it; null when the answer names none. */
  readonly path: string | null;
  readonly lines: readonly string[];
}

/** The names by which the shown language may stand behind a fence; compared without case. */
export interface ShownText {
  readonly lines: readonly string[];
  readonly paths: readonly string[];
  readonly languages: readonly string[];
}

/** The text of the only complete fence; undefined when there is none, or several, or one of another language. */
export function parseWholeText(answer: string, shown: ShownText): WholeText | undefined {
  const lines = answer.split(/\r\n|\n|\r/);
  const start = lines.findIndex(isFence);
  const open = fenceOf(lines[start] ?? '');
  if (open === undefined) return undefined;
  const end = lines.findLastIndex((line, index) => index > start && closesFence(line, open));
  if (end < 0) return undefined;
  // Further fences are further texts, unless the shown text has fences itself.
  const inner = lines.slice(start + 1, end);
  if (lines.slice(end + 1).some(isFence) || (inner.some(isFence) && !shown.lines.some(isFence))) return undefined;
  const path = pathInFence(open.info, shown.paths) ?? fileNamedBy(lines.slice(0, start), shown.paths) ?? null;
  const language = open.info.split(/[\s:{]/)[0]?.toLowerCase() ?? '';
  if (language !== '' && language !== path?.toLowerCase() && !shown.languages.includes(language)) return undefined;
  return { path, lines: withBaseIndent(inner, shown.lines) };
}

/** Up to this many lines a text may be replaced altogether; a longer one must keep enough for the answer to be a whole. */
const shortLines = 8;
const leastKept = 0.5;
const longestLostEnd = 4;

/** Whether the new text is the old one changed, and not a piece of it: half of the lines survive and neither end is lost. */
export function isWhole(before: readonly string[], after: readonly string[]): boolean {
  if (after.every((line) => line.trim() === '')) return before.every((line) => line.trim() === '');
  if (before.length <= shortLines) return true;
  const hunks = lineHunks(before, after);
  const gone = hunks.reduce((sum, { start, end }) => sum + end - start, 0);
  if (gone > before.length * (1 - leastKept)) return false;
  return !hunks.some(({ start, end, lines }) => (start === 0 || end === before.length) && end - start - lines.length > longestLostEnd);
}

/** Models shift an indented piece of code to the margin: it moves back as a whole. */
function withBaseIndent(after: readonly string[], before: readonly string[]): readonly string[] {
  const base = commonIndent(before);
  if (base === '' || commonIndent(after) !== '') return after;
  return after.map((line) => (line.trim() === '' ? line : base + line));
}

function commonIndent(lines: readonly string[]): string {
  let common: string | undefined;
  for (const line of lines) {
    if (line.trim() === '') continue;
    const indent = indentOf(line);
    common ??= indent;
    while (!indent.startsWith(common)) common = common.slice(0, -1);
  }
  return common ?? '';
}
