// What was just edited, as pieces of files to be told to a model: whole lines as they stand now, what was edited last at the end. It knows edits and texts; it
// must not know who keeps them, nor budgets.
import type { Snippet } from './similarWindows.ts';

export interface EditPlace {
  /** Later edits have larger ones. */
  readonly id: number;
  /** UTF-16 offset of `after` in the text. */
  readonly start: number;
  readonly after: string;
  readonly isUndone: boolean;
}

export interface EditedText {
  readonly path: string;
  readonly text: string;
  readonly edits: readonly EditPlace[];
  /** UTF-16 offsets in the text: what the prompt may show of this file anyway. */
  readonly shown?: { readonly start: number; readonly end: number };
}

interface Edited {
  readonly snippet: Snippet;
  /** The edited lines alone. */
  readonly core: string;
  readonly id: number;
}

const maxSnippets = 8;
const contextLines = 1;
/** Of one piece: more is a new file rather than an edit, and its begin says what it is about. */
const maxLines = 16;
const maxLineLength = 200;

/**
 * @param window what of the file that is written stands in the prompt
 * @returns oldest first; nothing of what the window says already
 */
export function editSnippets(texts: readonly EditedText[], window: string): Snippet[] {
  const edited = texts.flatMap(snippetsOf).sort((a, b) => a.id - b.id);
  if (edited.length === 0) return [];
  const told = `\n${normalized(window)}\n`;
  return edited.flatMap(({ snippet, core }) => (told.includes(`\n${normalized(core)}\n`) ? [] : [snippet])).slice(-maxSnippets);
}

function snippetsOf({ path, text, edits, shown }: EditedText): Edited[] {
  const wanted = edits.filter(({ start, after, isUndone }) => {
    const isSeen = shown !== undefined && start <= shown.end && start + after.length >= shown.start;
    return !isUndone && !isSeen && after.trim() !== '';
  });
  if (wanted.length === 0) return [];
  const lines = text.split('\n');
  const starts = [0];
  for (const line of lines) starts.push((starts.at(-1) as number) + line.length + 1);
  const ranges = wanted
    .map(({ id, start, after }) => ({ id, first: lineAt(starts, start), last: lineAt(starts, start + after.trimEnd().length) }))
    .sort((a, b) => a.first - b.first);
  const merged: { id: number; first: number; last: number }[] = [];
  for (const range of ranges) {
    const before = merged.at(-1);
    // Pieces that would overlap or touch are one.
    if (before && range.first - contextLines <= before.last + contextLines + 1) {
      before.last = Math.max(before.last, range.last);
      before.id = Math.max(before.id, range.id);
    } else merged.push({ ...range });
  }
  return merged.map(({ id, first, last }) => {
    const startLine = Math.max(0, first - contextLines);
    const shownLines = lines.slice(startLine, Math.min(last + contextLines + 1, startLine + maxLines, lines.length));
    const cut = shownLines.map((line) => (line.length > maxLineLength ? `${line.slice(0, maxLineLength)} …` : line.replace(/\r$/, '')));
    const core = lines.slice(first, last + 1).join('\n');
    return { id, core, snippet: { path, startLine, endLine: startLine + cut.length - 1, text: cut.join('\n') } };
  });
}

function lineAt(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] as number) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The same code stands elsewhere with another indentation. */
function normalized(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join('\n');
}
