// The context of a completion as pieces of files, which is how models were trained to read other files: a path and some text of it. It knows the packed
// lines and snippets; it must not know how a model's prompt is laid out.
import type { Pack } from './packContext.ts';
import type { SelectedContext } from './selectContext.ts';

export interface ContextFile {
  readonly path: string;
  /** Without a final line break. */
  readonly text: string;
}

/** @returns pieces from what changes least to what changes most; a path may come more than once */
export function contextFiles({ definitions, recent, similar, found, members }: SelectedContext): ContextFile[] {
  const snippets = [...recent, ...similar, ...found].map(({ path, text }) => ({ path, text: text.replaceAll('\r\n', '\n').replace(/\n$/, '') }));
  return [...definitions.packs.flatMap(filesOf), ...snippets, ...members.packs.flatMap(filesOf)];
}

function filesOf(pack: Pack): ContextFile[] {
  const files: ContextFile[] = [];
  let path: string | undefined;
  let lines: string[] = [];
  const end = () => {
    if (path !== undefined && lines.length > 0) files.push({ path, text: lines.join('\n') });
    lines = [];
  };
  for (const line of pack.lines) {
    if (line.path === path) lines.push(line.text);
    else {
      // The first line of each file names it; the prompt's layout does that in its own way.
      end();
      path = line.path;
    }
  }
  end();
  return files;
}
