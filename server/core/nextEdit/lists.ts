// What stands between brackets, split at its commas, and which item of it a change added. It knows lists in code; it must not know calls.
import type { RecentChange } from './nextEdit.ts';
import { kindAt, partnerOf, type Source, sourceOf } from './source.ts';

export interface Item {
  /** Without the blanks around it. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** @param open of the bracket; `close` of its partner */
export function itemsBetween(source: Source, open: number, close: number): readonly Item[] {
  const { text } = source;
  const items: Item[] = [];
  let from = open + 1;
  const add = (to: number) => {
    const raw = text.slice(from, to);
    const start = from + raw.length - raw.trimStart().length;
    const trimmedText = raw.trim();
    if (trimmedText !== '') items.push({ start, end: start + trimmedText.length, text: trimmedText });
    from = to + 1;
  };
  for (let at = open + 1; at < close; at++) {
    const sign = text.charAt(at);
    if (sign !== ',' && sign !== '(' && sign !== '[' && sign !== '{') continue;
    if (kindAt(source, at) !== 'code') continue;
    if (sign === ',') add(at);
    else at = Math.min(partnerOf(source, at) ?? close, close);
  }
  add(close);
  return items;
}

export interface AddedItem {
  readonly index: number;
  readonly items: readonly Item[];
  /** How many there were. */
  readonly countBefore: number;
}

/** The one item that the change put into the list; undefined when it did anything else to it. */
export function addedItem(source: Source, { open, close }: { readonly open: number; readonly close: number }, change: RecentChange): AddedItem | undefined {
  const end = change.start + change.after.length;
  if (change.start <= open || end > close || change.after.trim() === '') return undefined;
  const items = itemsBetween(source, open, close);
  const listBefore = `(${source.text.slice(open + 1, change.start)}${change.before}${source.text.slice(end, close)})`;
  const before = itemsBetween(sourceOf(listBefore, source.languageId), 0, listBefore.length - 1);
  if (items.length !== before.length + 1) return undefined;
  let index = 0;
  while (index < before.length && before[index]?.text === items[index]?.text) index++;
  const isSameBehind = before.slice(index).every((item, offset) => item.text === items[index + 1 + offset]?.text);
  return isSameBehind ? { index, items, countBefore: before.length } : undefined;
}

/** The edit that puts an item into the list, at an index up to its length. */
export function insertionAt(
  source: Source,
  list: { readonly open: number; readonly items: readonly Item[] },
  { index, item }: { readonly index: number; readonly item: string },
): {
  readonly start: number;
  readonly newText: string;
} {
  const { text } = source;
  const previous = list.items[index - 1];
  const next = list.items[index];
  // As the list has it: one item a line, or all in one.
  const near = previous ?? next;
  const lead = near ? /\n[ \t]*$/.exec(text.slice(list.open, near.start))?.[0] : undefined;
  const eol = text.startsWith('\r\n', text.indexOf('\n', list.open) - 1) ? '\r' : '';
  const gap = lead === undefined ? ' ' : eol + lead;
  if (previous) return { start: previous.end, newText: `,${gap}${item}` };
  return next ? { start: next.start, newText: `${item},${gap}` } : { start: list.open + 1, newText: item };
}
