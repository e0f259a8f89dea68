// The same edit was made at two places by hand: then it is likely wanted wherever the same tokens stand around it. What both places have in common on
// either side tells where that is. It knows tokens of one line; it must not know what they mean.
import { renamedName, trimmed } from './names.ts';
import type { NextEdit, RecentChange, Rule } from './nextEdit.ts';
import { isWordUnit, kindAt, type Source } from './source.ts';

const longestEdit = 120;
/** Tokens on either side; and how many telling ones, with what is replaced, tell a place apart. */
const mostContext = 4;
const leastTelling = 3;
const mostPlaces = 50;

export const suggestRepeatedEdit: Rule = ({ source, change, changes }) => {
  const { text } = source;
  const newest = standing(source, change);
  if (!newest) return [];
  const { before, after } = newest;
  const others = changes.map((other) => (other.takenFor === undefined ? standing(source, other) : undefined)).filter((other) => other !== undefined);
  const twin = others.findLast((other) => other.start !== newest.start && other.before === before && other.after === after);
  if (!twin) return [];
  const [left, right] = [commonLeft(text, newest, twin), commonRight(text, newest, twin)];
  const pattern = left + before + right;
  const names = tokensOf(pattern).filter((token) => token.trim() !== '');
  if (names.length < leastTelling || !names.some((token) => /^\p{L}[\p{L}\p{N}_]{2}/u.test(token))) return [];
  // Something put in between needs both sides to be known.
  if (before === '' && (left.trim() === '' || right.trim() === '')) return [];
  const why = 'the same change was made twice';
  const edits: NextEdit[] = [];
  for (let at = text.indexOf(pattern); at >= 0 && edits.length <= mostPlaces; at = text.indexOf(pattern, at + pattern.length)) {
    const start = at + left.length;
    const isWhole = !(isWordUnit(text.charCodeAt(at)) && isWordUnit(text.charCodeAt(at - 1))) && !cutsWord(text, at + pattern.length);
    const isDone = changes.some((one) => start <= one.start + one.after.length && start + before.length >= one.start);
    if (isWhole && !isDone && kindAt(source, start) === 'code') edits.push({ start, end: start + before.length, newText: after, kind: 'likeLine', why });
  }
  return edits.length > mostPlaces ? [] : edits;
};

function cutsWord(text: string, at: number): boolean {
  return isWordUnit(text.charCodeAt(at - 1)) && isWordUnit(text.charCodeAt(at));
}

/** A small edit within a line of code that stands still and leaves brackets as they were. */
function standing(source: Source, change: RecentChange): RecentChange | undefined {
  const least = trimmed(change);
  const { start, before, after } = least;
  if (before.length > longestEdit || after.length > longestEdit || /[\r\n]/.test(before + after) || !/\p{L}{2}/u.test(before + after)) return undefined;
  if (source.text.slice(start, start + after.length) !== after || balanceOf(before) !== balanceOf(after)) return undefined;
  // What was put in may be a comment; a name alone is another rule's.
  return kindAt(source, start + after.length) === 'code' && !renamedName(source.text, change) ? least : undefined;
}

function balanceOf(text: string): number {
  let balance = 0;
  for (const sign of text) balance += '([{'.includes(sign) ? 1 : ')]}'.includes(sign) ? -1 : 0;
  return balance;
}

/** Names, numbers, blanks and single signs. */
function tokensOf(text: string): readonly string[] {
  return text.match(/[\p{L}\p{N}_$]+|[ \t]+|[^\s\p{L}\p{N}_$]/gu) ?? [];
}

function commonLeft(text: string, one: RecentChange, other: RecentChange): string {
  const [mine, theirs] = [one, other].map(({ start }) => tokensOf(text.slice(text.lastIndexOf('\n', start - 1) + 1, start)).toReversed());
  return common(mine ?? [], theirs ?? [])
    .toReversed()
    .join('');
}

function commonRight(text: string, one: RecentChange, other: RecentChange): string {
  const [mine, theirs] = [one, other].map(({ start, after }) => tokensOf(/^[^\r\n]*/.exec(text.slice(start + after.length))?.[0] ?? ''));
  return common(mine ?? [], theirs ?? []).join('');
}

function common(one: readonly string[], other: readonly string[]): readonly string[] {
  let count = 0;
  let telling = 0;
  while (count < one.length && one[count] === other[count] && telling < mostContext) if ((one[count++] ?? '').trim() !== '') telling++;
  return one.slice(0, count);
}
