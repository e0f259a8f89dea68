// A literal that was changed, and the same literal in the same role elsewhere in the file: a string that serves as a key, a number that is
// given to the same name. It knows the signs around a literal; it must not know what the value means.
import { lineAround, trimmed, wordAround } from './names.ts';
import type { NextEdit, RecentChange, Rule } from './nextEdit.ts';
import { kindAt, type Source, spanAt } from './source.ts';

const mostPlaces = 50;
const keyLike = /^[\p{L}_][\p{L}\p{N}_.:/-]{2,63}$/u;
/** Calls whose argument is a key. */
const keyed = new Set(
  'get set has delete pop getItem setItem removeItem getattr setattr hasattr setdefault emit on once off addEventListener removeEventListener'.split(' '),
);

export const suggestLiteral: Rule = ({ source, change }) => {
  if (change.after.includes('\n') || change.before.includes('\n')) return [];
  const span = spanAt(source, change.start) ?? spanAt(source, Math.max(0, change.start - 1));
  if (span?.kind === 'string' && change.start > span.start && change.start + change.after.length < span.end) return sameKeys(source, change, span);
  return span ? [] : sameNumbers(source, change);
};

function sameKeys(source: Source, change: RecentChange, span: { readonly start: number; readonly end: number }): readonly NextEdit[] {
  const { text } = source;
  const quote = text.charAt(span.start);
  if (!/["'`]/.test(quote) || text.charAt(span.end - 1) !== quote) return [];
  const newKey = text.slice(span.start + 1, span.end - 1);
  const end = change.start + change.after.length;
  const oldKey = text.slice(span.start + 1, change.start) + change.before + text.slice(end, span.end - 1);
  if (oldKey === newKey || !keyLike.test(oldKey) || !keyLike.test(newKey)) return [];
  const role = roleOf(source, span);
  if (role === undefined) return [];
  const edits: NextEdit[] = [];
  for (let at = text.indexOf(oldKey); at >= 0; at = text.indexOf(oldKey, at + oldKey.length)) {
    const other = /["'`]/.test(text.charAt(at - 1)) && text.charAt(at + oldKey.length) === text.charAt(at - 1) ? spanAt(source, at) : undefined;
    if (other?.kind !== 'string' || other.start !== at - 1 || other.end !== at + oldKey.length + 1 || roleOf(source, other) !== role) continue;
    if (edits.push({ start: at, end: at + oldKey.length, newText: newKey, kind: 'key', why: `the key ${oldKey} was changed to ${newKey}` }) > mostPlaces)
      return [];
  }
  return edits;
}

/** What the string is for, told from its neighbours; undefined when that says nothing. */
function roleOf({ text, family }: Source, { start, end }: { readonly start: number; readonly end: number }): string | undefined {
  const before = text.slice(Math.max(0, start - 80), start).trimEnd();
  const behind = text.slice(end, end + 20).trimStart();
  if (before.endsWith('[') && behind.startsWith(']') && /[\p{L}\p{N}_$)\]?.]\s*\[$/u.test(before)) return 'key';
  if (/[{,]$/.test(before) && behind.startsWith(':') && family !== 'go') return 'key';
  if (family === 'go' && /[{,]$/.test(before) && behind.startsWith(':')) return 'key';
  if (/(?:[!=]==?|\bcase|\bin)$/.test(before) || /^(?:[!=]==?|in\b)/.test(behind)) return 'key';
  if (before.endsWith('|') || /^\|(?!\|)/.test(behind)) return 'key';
  const callee = /([\p{L}_$][\p{L}\p{N}_$]*)\s*\($/u.exec(before)?.[1];
  if (callee === undefined || !/^[,)]/.test(behind)) return undefined;
  return keyed.has(callee) ? 'key' : undefined;
}

function sameNumbers(source: Source, change: RecentChange): readonly NextEdit[] {
  const { text } = source;
  const { start, before, after } = trimmed(change);
  if (before === '' && after === '') return [];
  const { start: from, end } = wordAround(text, start);
  const newNumber = text.slice(from, end);
  const oldNumber = text.slice(from, start) + before + text.slice(start + after.length, end);
  // Small and round ones stand for many things.
  if (start + after.length > end || !/^\d[\d_]*$/.test(newNumber) || !/^\d[\d_]{2,}$/.test(oldNumber) || /^10*$/.test(oldNumber) || oldNumber === newNumber)
    return [];
  const name = givenTo(text, from);
  if (name === undefined || kindAt(source, from) !== 'code') return [];
  const edits: NextEdit[] = [];
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}_$.])${oldNumber}(?![\\p{L}\\p{N}_$.])`, 'gu');
  for (const { index } of text.matchAll(pattern)) {
    if (givenTo(text, index) !== name || kindAt(source, index) !== 'code') continue;
    if (
      edits.push({ start: index, end: index + oldNumber.length, newText: newNumber, kind: 'literal', why: `${name} was changed to ${newNumber}` }) > mostPlaces
    )
      return [];
  }
  return edits;
}

/** The name that the number is a value of: `name: 300`, `name = 300`, `name=300`. */
function givenTo(text: string, at: number): string | undefined {
  const line = lineAround(text, at);
  return /([\p{L}_$][\p{L}\p{N}_$]*)['"]?\s*(?::=|[:=])\s*$/u.exec(text.slice(line.start, at))?.[1];
}
