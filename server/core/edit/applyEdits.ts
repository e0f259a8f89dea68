// Turns blocks that have their place in one document into LSP text edits that touch nothing else.
// It knows line breaks, the missing final newline and the byte order mark. It must not know models, paths or versions.
import type { Position } from '../text/lineIndex.ts';
import type { DocumentLines, LineRange } from './documentLines.ts';
import type { LineHunk } from './lineHunks.ts';

export interface TextEdit {
  readonly range: { readonly start: Position; readonly end: Position };
  readonly newText: string;
}

export interface PlacedBlock {
  /** The lines that the block was matched with. */
  readonly region: LineRange;
  readonly hunks: readonly LineHunk[];
}

export type DocumentEdits =
  /** In document order, not overlapping, never empty. */
  | { readonly kind: 'edits'; readonly edits: readonly TextEdit[] }
  /** Two changes meet at this zero-based line. */
  | { readonly kind: 'overlap'; readonly line: number }
  | { readonly kind: 'noChange' };

/** All blocks are meant for the document as it is, not for what earlier blocks made of it. */
export function applyEdits(document: DocumentLines, blocks: readonly PlacedBlock[]): DocumentEdits {
  const ordered = blocks
    .flatMap(({ region, hunks }) => hunks.map((hunk) => ({ region, hunk })))
    .sort((one, other) => one.hunk.start - other.hunk.start || one.hunk.end - other.hunk.end || one.region.start - other.region.start);
  const merged: { start: number; end: number; lines: string[] }[] = [];
  // The hunk that reaches furthest down is the one that the next can meet.
  let previous: (typeof ordered)[number] | undefined;
  for (const next of ordered) {
    if (previous !== undefined && meet(previous, next)) {
      return { kind: 'overlap', line: next.hunk.start };
    }
    const last = merged.at(-1);
    // Changes that touch become one, so that no two edits share a position and their order can never matter.
    if (last !== undefined && last.end === next.hunk.start) {
      last.end = next.hunk.end;
      last.lines.push(...next.hunk.lines);
    } else merged.push({ start: next.hunk.start, end: next.hunk.end, lines: [...next.hunk.lines] });
    previous = next;
  }
  return merged.length === 0 ? { kind: 'noChange' } : { kind: 'edits', edits: merged.map((hunk) => textEdit(document, hunk)) };
}

interface Placed {
  readonly region: LineRange;
  readonly hunk: LineHunk;
}

/** Whether two changes, in document order, want the same lines, or the same gap without saying which comes first. */
function meet(one: Placed, next: Placed): boolean {
  if (next.hunk.start < one.hunk.end) return true;
  const sameGap = isInsertion(one.hunk) && isInsertion(next.hunk) && one.hunk.start === next.hunk.start;
  return sameGap && !(one.region.end <= next.hunk.start && next.region.start >= next.hunk.start);
}

function isInsertion(hunk: LineHunk): boolean {
  return hunk.start === hunk.end;
}

function textEdit(document: DocumentLines, { start, end, lines }: LineHunk): TextEdit {
  const count = document.lines.length;
  if (lines.length === 0) return deletion(document, { start, end });
  if (start < end) return { range: { start: beginning(document, start), end: endOf(document, end - 1) }, newText: joined(document, { start, end, lines }) };
  const lineBreak = breakNear(document, start);
  const newText = lines.join(lineBreak);
  if (start < count) return { range: emptyRange(beginning(document, start)), newText: newText + lineBreak };
  // Behind the last line: a final newline that was there stays the last thing, one that was missing stays missing.
  if (count === 0) return { range: emptyRange(beginning(document, 0)), newText: newText + lineBreak };
  if (document.breaks[count - 1] === '') return { range: emptyRange(endOf(document, count - 1)), newText: lineBreak + newText };
  return { range: emptyRange({ line: count, character: 0 }), newText: newText + lineBreak };
}

function deletion(document: DocumentLines, { start, end }: LineRange): TextEdit {
  const reachesEnd = document.breaks[end - 1] === '';
  if (!reachesEnd) return { range: { start: beginning(document, start), end: { line: end, character: 0 } }, newText: '' };
  // The last line has no break of its own: that of the line before goes with it, so that no final newline appears.
  const from = start > 0 ? endOf(document, start - 1) : beginning(document, 0);
  return { range: { start: from, end: endOf(document, end - 1) }, newText: '' };
}

/** A new line takes the break of the old line that it replaces, or of the last of them: a file with mixed breaks keeps them. */
function joined(document: DocumentLines, { start, end, lines }: LineHunk): string {
  let text = '';
  lines.forEach((line, index) => {
    if (index === lines.length - 1) text += line;
    else text += line + (document.breaks[Math.min(start + index, end - 1)] || breakNear(document, start));
  });
  return text;
}

function breakNear(document: DocumentLines, line: number): string {
  return document.breaks[line - 1] || document.breaks[line] || document.dominantBreak;
}

/** The first position of a line. A byte order mark that is part of the text stands before the first one. */
function beginning(document: DocumentLines, line: number): Position {
  return { line, character: line === 0 && document.hasByteOrderMark ? 1 : 0 };
}

function endOf(document: DocumentLines, line: number): Position {
  return { line, character: beginning(document, line).character + (document.lines[line]?.length ?? 0) };
}

function emptyRange(position: Position): TextEdit['range'] {
  return { start: position, end: position };
}
