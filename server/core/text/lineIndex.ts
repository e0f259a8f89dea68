// Where lines begin and end in a text, and how UTF-16 offsets and LSP positions map onto each other.
// It knows LSP's three line endings (\n, \r\n, \r) and nothing of documents, versions or edits.

/** As in LSP: zero-based line, and UTF-16 code units within it. */
export interface Position {
  readonly line: number;
  readonly character: number;
}

export interface LineIndex {
  readonly text: string;
  /** UTF-16 offset of each line's first unit. A text that ends with a line break has an empty last line. */
  readonly starts: readonly number[];
}

/** Takes one pass over the text. */
export function indexLines(text: string): LineIndex {
  const starts = [0];
  for (let offset = 0; offset < text.length; offset++) {
    const unit = text.charCodeAt(offset);
    if (unit === lineFeed || (unit === carriageReturn && text.charCodeAt(offset + 1) !== lineFeed)) starts.push(offset + 1);
  }
  return { text, starts };
}

/** Offset where the line begins; the text's length for a line behind the last one. */
function lineStart(index: LineIndex, line: number): number {
  return line < 0 ? 0 : (index.starts[line] ?? index.text.length);
}

/** Offset behind the line's last unit that is not part of its line break. */
export function lineEnd(index: LineIndex, line: number): number {
  const start = lineStart(index, line);
  let end = lineStart(index, line + 1);
  if (end > start && line + 1 < index.starts.length) {
    end--;
    if (index.text.charCodeAt(end) === lineFeed && end > start && index.text.charCodeAt(end - 1) === carriageReturn) end--;
  }
  return end;
}

/** The line without its line break; empty for a line that is not there. */
export function lineText(index: LineIndex, line: number): string {
  return index.text.slice(lineStart(index, line), lineEnd(index, line));
}

/** The line break that ends the line: empty for the last line. */
export function lineBreak(index: LineIndex, line: number): string {
  return index.text.slice(lineEnd(index, line), lineStart(index, line + 1));
}

/** The position of an offset. Offsets outside the text are clamped; one between \r and \n belongs to the end of its line. */
export function positionAt(index: LineIndex, offset: number): Position {
  const clamped = Math.max(0, Math.min(offset, index.text.length));
  let low = 0;
  let high = index.starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (lineStart(index, middle) <= clamped) low = middle;
    else high = middle - 1;
  }
  return { line: low, character: Math.min(clamped, lineEnd(index, low)) - lineStart(index, low) };
}

/** The offset of a position. As LSP asks, a character behind the line's end means its end; a line behind the last means the text's end. */
export function offsetAt(index: LineIndex, position: Position): number {
  if (position.line < 0) return 0;
  if (position.line >= index.starts.length) return index.text.length;
  return Math.min(lineStart(index, position.line) + Math.max(0, position.character), lineEnd(index, position.line));
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
