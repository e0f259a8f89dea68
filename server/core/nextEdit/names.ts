// Names in a text: where they stand as whole words, in which line, and how a change altered one. It knows text; it must not know scopes.
import type { RecentChange } from './nextEdit.ts';
import { isWordUnit, kindAt, type Source } from './source.ts';

const namePattern = /^[\p{L}_$][\p{L}\p{N}_$]*$/u;

const keywords = new Set(
  `abstract and as assert async await bool boolean break case catch class const continue crate def default defer del delete do double elif else
enum except export extends extern false False finally float fn for from func function go goto if impl implements import in instanceof int interface is lambda
let loop mod move mut namespace new nil None nonlocal not null or package pass private protected pub public raise range
readonly return self Self static struct super switch this throw throws trait true True try type typeof undefined union unknown unsafe
unsigned use var void volatile where while with yield never i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 usize isize String Vec Option Result Some Ok Err`.split(
    /\s+/,
  ),
);

export function isName(word: string): boolean {
  return namePattern.test(word) && !keywords.has(word);
}

export function isKeyword(word: string): boolean {
  return keywords.has(word);
}

/** The offsets [start, end) of the word that touches the offset; empty where none does. */
export function wordAround(text: string, offset: number): { readonly start: number; readonly end: number } {
  let start = offset;
  while (start > 0 && isWordUnit(text.charCodeAt(start - 1))) start--;
  let end = offset;
  while (end < text.length && isWordUnit(text.charCodeAt(end))) end++;
  return { start, end };
}

/** Where the word stands as a whole, in [from, to), in order. */
export function wordsIn(text: string, word: string, { from, to }: { readonly from: number; readonly to: number }): number[] {
  const found: number[] = [];
  for (let at = text.indexOf(word, from); at >= 0 && at + word.length <= to; at = text.indexOf(word, at + word.length)) {
    if (!isWordUnit(text.charCodeAt(at - 1)) && !isWordUnit(text.charCodeAt(at + word.length))) found.push(at);
  }
  return found;
}

/** As `wordsIn`, in code alone. */
export function namesIn(source: Source, name: string, range: { readonly from: number; readonly to: number }): number[] {
  return wordsIn(source.text, name, range).filter((at) => kindAt(source, at) === 'code');
}

/** Behind a dot: the name belongs to what stands before it. Three dots spread, two make a range. */
export function isMember(text: string, at: number): boolean {
  return text[at - 1] === '.' && text[at - 2] !== '.';
}

export interface RenamedName {
  readonly oldName: string;
  readonly newName: string;
  /** Where the new name stands. */
  readonly start: number;
  readonly end: number;
}

/** The name that a change made out of another one; undefined when it did something else. */
export function renamedName(text: string, change: RecentChange): RenamedName | undefined {
  const { start, before, after } = trimmed(change);
  if (before === '' && after === '') return undefined;
  if (!isWordOrEmpty(before) || !isWordOrEmpty(after)) return undefined;
  const left = wordAround(text, start).start;
  const right = wordAround(text, start + after.length).end;
  const newName = text.slice(left, right);
  const oldName = text.slice(left, start) + before + text.slice(start + after.length, right);
  return isName(oldName) && isName(newName) && oldName !== newName ? { oldName, newName, start: left, end: right } : undefined;
}

function isWordOrEmpty(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (!isWordUnit(text.charCodeAt(at))) return false;
  return true;
}

/** Without what is the same at its beginning and its end. */
export function trimmed({ start, before, after }: RecentChange): RecentChange {
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && before.charCodeAt(head) === after.charCodeAt(head)) head++;
  let tail = 0;
  while (tail < shorter - head && before.charCodeAt(before.length - 1 - tail) === after.charCodeAt(after.length - 1 - tail)) tail++;
  return { start: start + head, before: before.slice(head, before.length - tail), after: after.slice(head, after.length - tail) };
}

export interface Line {
  readonly start: number;
  /** Before the line break. */
  readonly end: number;
  readonly text: string;
}

export function lineAround(text: string, offset: number): Line {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  const lineBreak = text.indexOf('\n', offset);
  let end = lineBreak < 0 ? text.length : lineBreak;
  if (end > start && text.charCodeAt(end - 1) === 13) end--;
  return { start, end, text: text.slice(start, end) };
}

export function lineAfter(text: string, line: Line): Line | undefined {
  const lineBreak = text.indexOf('\n', line.end);
  return lineBreak < 0 ? undefined : lineAround(text, lineBreak + 1);
}

export function lineBefore(text: string, line: Line): Line | undefined {
  return line.start === 0 ? undefined : lineAround(text, line.start - 1);
}

export function indentOf(line: string): string {
  return /^[ \t]*/.exec(line)?.[0] ?? '';
}

/** The line break that the text uses at this line. */
export function eolAt(text: string, line: Line): string {
  return text.startsWith('\r\n', line.end) || (line.end >= text.length && text.lastIndexOf('\r\n') >= 0) ? '\r\n' : '\n';
}
