// The words by which a refused block is explained: why, and which lines of the file come nearest.
// It knows how to point at lines. It must not know how a message is shown, and nothing here decides anything.
import { findElision } from './elision.ts';
import { matchEdit, type SearchReplace } from './matchEdit.ts';
import { alreadyPresent, nearestLines } from './nearestLines.ts';
import type { ShownFile } from './shownFile.ts';

/** More lines tell a reader nothing, and a message is no place for a file. */
const maxQuotedLines = 12;
const maxQuotedLength = 120;

/** Why lines that the model searched for are not there. */
export function explainMissing(edit: SearchReplace, file: ShownFile): string {
  const { lines } = file.document;
  const elision = findElision(edit.search, (line) => lines.includes(line), file.path);
  if (elision !== undefined) return `A block for ${file.path} leaves lines out (“${elision.trim()}”) where it should repeat them exactly.`;
  const parts = [`A block for ${file.path} searches for lines that are not ${isPart(file) ? 'in the selection' : 'in the file'}.`];
  const present = alreadyPresent(lines, edit.replace);
  if (present !== undefined) parts.push(`What it would write already stands at line ${present + 1}.`);
  const elsewhere = isPart(file) ? matchEdit(lines, edit) : undefined;
  if (elsewhere?.kind === 'placed') parts.push(`They stand at line ${elsewhere.region.start + 1}, outside the selection.`);
  else {
    const nearest = nearestLines(lines, edit.search, file.region);
    if (nearest !== undefined) parts.push(`The nearest lines are:\n${quote(lines, nearest.start, nearest.end)}`);
  }
  return parts.join(' ');
}

/** Which places there are to choose from. `starts` are zero-based lines. */
export function explainSeveral(starts: readonly number[], file: ShownFile): string {
  const places = starts.map((start) => String(start + 1)).join(', ');
  return `A block for ${file.path} searches for lines that stand there more than once, at lines ${places}: the place is not clear.`;
}

function isPart({ document, region }: ShownFile): boolean {
  return region.start > 0 || region.end < document.lines.length;
}

/** Lines [start, end) with their numbers, one below the other. */
function quote(lines: readonly string[], start: number, end: number): string {
  const last = Math.min(end, start + maxQuotedLines);
  const width = String(last).length;
  return lines
    .slice(start, last)
    .map((line, index) => `${String(start + index + 1).padStart(width)} | ${line.length > maxQuotedLength ? `${line.slice(0, maxQuotedLength)}…` : line}`)
    .join('\n');
}
