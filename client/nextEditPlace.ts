// Where a suggested next edit stands while the text around it changes, and how it is written beside the code. It knows offsets and texts;
// it must not know the editor.

export interface PlacedEdit {
  /** UTF-16 offsets [start, end) in the document as it is now. */
  readonly start: number;
  readonly end: number;
  /** What stands there. */
  readonly oldText: string;
  readonly newText: string;
}

/** One change of a document, with offsets in the text before it. */
export interface TextChange {
  readonly rangeOffset: number;
  readonly rangeLength: number;
  readonly text: string;
}

export type AfterChange<Edit extends PlacedEdit> =
  | { readonly kind: 'moved'; readonly edit: Edit }
  /** The change was this very edit. */
  | { readonly kind: 'taken' }
  /** The change came too near to it. */
  | { readonly kind: 'gone' };

/**
 * @param changes of one event: VS Code gives all offsets in the text before all of them, the last place first
 * @param textBetween of the document before the change; a suggestion may be taken together with what stands beside it
 */
export function afterChanges<Edit extends PlacedEdit>(
  edit: Edit,
  changes: readonly TextChange[],
  textBetween: (start: number, end: number) => string,
): AfterChange<Edit> {
  const [only] = changes;
  if (changes.length === 1 && only && isThisEdit(edit, only, textBetween)) return { kind: 'taken' };
  let delta = 0;
  for (const { rangeOffset, rangeLength, text } of changes) {
    const changeEnd = rangeOffset + rangeLength;
    if (changeEnd < edit.start) delta += text.length - rangeLength;
    else if (rangeOffset <= edit.end) return { kind: 'gone' };
  }
  return { kind: 'moved', edit: { ...edit, start: edit.start + delta, end: edit.end + delta } };
}

function isThisEdit(
  { start, end, newText, oldText }: PlacedEdit,
  { rangeOffset, rangeLength, text }: TextChange,
  textBetween: (start: number, end: number) => string,
): boolean {
  const changeEnd = rangeOffset + rangeLength;
  // VS Code leaves out what is the same at both ends, and may take in what stands before.
  const from = Math.min(start, rangeOffset);
  const to = Math.max(end, changeEnd);
  if (to - from > 10_000 || changeEnd < start - 1000) return false;
  const old = (left: number, right: number) => (left >= start && right <= end ? oldText.slice(left - start, right - start) : textBetween(left, right));
  const wanted = old(from, start) + newText + old(end, to);
  const made = old(from, rangeOffset) + text + old(changeEnd, to);
  return plain(wanted) === plain(made) && text.length + rangeLength > 0;
}

/** Documents have line breaks of their own. */
function plain(text: string): string {
  return text.replaceAll('\r\n', '\n');
}

const longestShown = 120;

/** The new text in one line, as it stands beside the code. */
export function shownInLine(newText: string): string {
  const flat = newText.replaceAll(/\r?\n[ \t]*/g, ' ↵ ').replaceAll('\t', ' ');
  const units = [...flat];
  return units.length > longestShown ? `${units.slice(0, longestShown).join('')}…` : flat;
}

/** Before any text of the line, Tab indents. */
export function isIndentation(linePrefix: string): boolean {
  return linePrefix.trim() === '';
}

/**
 * What ghost text at the cursor would insert for an edit that only inserts, behind the cursor in its line.
 * @returns undefined where ghost text cannot show it
 */
export function ghostInsertion(
  edit: PlacedEdit,
  cursor: { readonly offset: number; readonly lineEnd: number; readonly textBetween: string },
): string | undefined {
  const isBehind = edit.oldText === '' && edit.start >= cursor.offset && edit.start <= cursor.lineEnd;
  return isBehind ? cursor.textBetween + edit.newText : undefined;
}

/** For a screen reader, and over the decoration. */
export function describeEdit({ oldText, newText }: PlacedEdit, line: number): string {
  const shown = (text: string) => `"${shownInLine(text).trim()}"`;
  if (oldText === '') return `Next edit in line ${line}: insert ${shown(newText)}`;
  if (newText === '') return `Next edit in line ${line}: delete ${shown(oldText)}`;
  return `Next edit in line ${line}: replace ${shown(oldText)} with ${shown(newText)}`;
}
