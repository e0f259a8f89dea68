// Lines that are alike, one under the other: what was done to one of them is offered for those beside it. It compares lines as sequences of
// words and signs; it must not know what they mean.
import { indentOf, isKeyword, type Line, lineAfter, lineAround, lineBefore, trimmed } from './names.ts';
import type { NextEdit, RecentChange, Rule } from './nextEdit.ts';
import { bracketsAround, kindAt, type Source } from './source.ts';

interface Token {
  readonly text: string;
  /** Of the line's first unit. */
  readonly start: number;
  readonly end: number;
  /** Blanks stand before it. */
  readonly isApart: boolean;
  readonly kind: 'word' | 'keyword' | 'number' | 'string' | 'sign';
}

/** So many lines beside it that are alike are a list: what is done to one of them is meant for all. */
const leastOfList = 3;
/** How far like lines are followed in each direction. */
const mostLines = 8;
/** A line of Go that gets a tag may have two. */
const leastTokens = 3;
const longestLine = 300;

export const suggestLikeLine: Rule = ({ source, change, changes }) => {
  const { text, family } = source;
  const line = lineAround(text, change.start);
  if (line.text.length > longestLine || family === 'other' || change.after.includes('\n') || change.before.includes('\n')) return [];
  const oldLine = lineBeforeChanges(line, changes);
  // What is imported differs from line to line.
  if (/^\s*(?:import|from|use|using|require|package|export\s*\{|#include)\b/.test(line.text)) return [];
  if (oldLine === undefined || oldLine.length > longestLine || kindAt(source, line.start + indentOf(line.text).length) !== 'code') return [];
  if (kindAt(source, change.start + change.after.length - change.after.trimStart().length) === 'comment' || /^\s*(?:\/\/|#|\/\*)/.test(change.after)) return [];
  const oldTokens = tokensOf(oldLine);
  const newTokens = tokensOf(line.text);
  const isTag = newTokens.length === oldTokens.length + 1 && newTokens.at(-1)?.text.startsWith('`') === true;
  if (oldTokens.length < (isTag ? 2 : leastTokens) || indentOf(oldLine) !== indentOf(line.text)) return [];
  const difference = differenceOf(oldTokens, newTokens, { oldLine, newLine: line.text });
  if (!difference || difference.isOfOwnWord || isInImport(source, line.start)) return [];
  const oldShape = shapeOf(oldTokens);
  const newShape = shapeOf(newTokens);
  const beside = [...neighbours(line, (one) => lineAfter(text, one)), ...neighbours(line, (one) => lineBefore(text, one))];
  const edits: NextEdit[] = [];
  let doneBeside = 0;
  let isOfLine = false;
  let direction: number | undefined;
  for (const { line: other, way } of beside) {
    if (direction === way) continue;
    const tokens = tokensOf(other.text);
    const shape = shapeOf(tokens);
    if (indentOf(other.text) !== indentOf(line.text) || (shape !== oldShape && shape !== newShape)) {
      // Like lines end here; the other direction is still to be looked at.
      direction = way;
      continue;
    }
    if (shape === newShape && isWithin(changes, other) && (!difference.isOfValues || hasSame(difference.newTexts, tokens, difference.from))) doneBeside++;
    if (shape !== oldShape) continue;
    const edit = editFor(other, { tokens, oldTokens, difference });
    const left = difference.from - 1;
    if (difference.isBehindWord && (difference.newTexts[0] === '|' || tokens[left]?.text !== oldTokens[left]?.text)) isOfLine = true;
    if (!isOfKin(tokens, oldTokens)) isOfLine = true;
    if (edit) edits.push({ ...edit, kind: 'likeLine', why: 'the line beside it was changed like this' });
  }
  if (doneBeside > 0) return edits;
  // That one value became another is often meant for one line alone, until it has been done twice.
  if (difference.isOfValues || (difference.from > 0 && typedMember.test(oldLine))) return [];
  return isOfLine && edits.length < leastOfList ? [] : edits;
};

/** What is said of one field's or parameter's type says nothing of the next one's. */
const typedMember = /^\s*(?:[a-z]+\s+)*[\p{L}_$][\p{L}\p{N}_$]*[?!]?\s*:(?![:=])[\p{L}\p{N}_$\s|<>[\],?;]*$/u;

/** Say nothing about what a line is about. */
const commonWords = new Set(
  'this self Self const let var return await new if for export public private protected static readonly pub def fn func function class'.split(' '),
);

/** Names that stand in the same places, at least half of them: lines of one form may still be about different things. */
function isOfKin(tokens: readonly Token[], others: readonly Token[]): boolean {
  const words = tokens.flatMap((token, index) =>
    token.kind === 'word' || (token.kind === 'keyword' && !commonWords.has(token.text)) ? [token.text === others[index]?.text] : [],
  );
  return words.length > 0 && words.filter(Boolean).length * 2 >= words.length;
}

function isInImport(source: Source, offset: number): boolean {
  const braces = bracketsAround(source, offset);
  return braces !== undefined && /^\s*(?:pub\s+)?(?:import|export|from|use)\b[^=]*$/.test(lineAround(source.text, braces.open).text.slice(0, -1));
}

/** The line as it was; undefined when it is new, or came with others. */
function lineBeforeChanges(line: Line, changes: readonly RecentChange[]): string | undefined {
  let old = line.text;
  for (const { start, before, after } of [...changes].sort((a, b) => b.start - a.start)) {
    const end = start + after.length;
    if (end < line.start || start > line.end) continue;
    if (start < line.start || end > line.end || before.includes('\n') || after.includes('\n')) return undefined;
    old = old.slice(0, start - line.start) + before + old.slice(end - line.start);
  }
  return old;
}

const literalKeywords = new Set(['true', 'false', 'True', 'False', 'null', 'None', 'nil', 'undefined']);

interface Difference {
  /** The tokens [from, to) of the old line gave way to these texts. */
  readonly from: number;
  readonly to: number;
  readonly newTexts: readonly string[];
  /** What comes instead, with its inner blanks and those beside it. */
  readonly newText: string;
  readonly isApartBefore: boolean;
  readonly isApartBehind: boolean;
  /** Something for a single name or literal, or a literal more. */
  readonly isOfValues: boolean;
  /** Put in behind a word that may be this line's own, or one more type in a union. */
  readonly isBehindWord: boolean;
  /** Says a word of the line in another way: what the other line's would be is not known. */
  readonly isOfOwnWord: boolean;
}

function differenceOf(
  oldTokens: readonly Token[],
  newTokens: readonly Token[],
  { newLine }: { readonly oldLine: string; readonly newLine: string },
): Difference | undefined {
  const shorter = Math.min(oldTokens.length, newTokens.length);
  let from = 0;
  while (from < shorter && oldTokens[from]?.text === newTokens[from]?.text) from++;
  let tail = 0;
  while (tail < shorter - from && oldTokens.at(-1 - tail)?.text === newTokens.at(-1 - tail)?.text) tail++;
  const to = oldTokens.length - tail;
  const added = newTokens.slice(from, newTokens.length - tail);
  const removed = oldTokens.slice(from, to);
  if (added.length === 0 && removed.length === 0) return undefined;
  // Little of the line is left: it was written anew.
  if (from + tail < Math.max(2, oldTokens.length / 2) || added.length > 24) return undefined;
  const first = added[0];
  const last = added.at(-1);
  const behind = newTokens[newTokens.length - tail];
  const isValue = ({ kind, text }: Token) => kind === 'number' || kind === 'string' || kind === 'word' || literalKeywords.has(text);
  const isPlainLiteral = ({ kind, text }: Token) =>
    kind === 'number' || kind === 'sign' || (kind === 'string' && !text.startsWith('`')) || literalKeywords.has(text);
  const [only] = removed;
  return {
    from,
    to,
    newTexts: added.map((token) => token.text),
    newText: first && last ? newLine.slice(first.start, last.end) : '',
    isApartBefore: first ? first.isApart : (behind?.isApart ?? false),
    isApartBehind: behind?.isApart ?? false,
    isOfValues:
      (removed.length === 1 && only !== undefined && isValue(only)) ||
      (removed.length === 0 && added.every(isPlainLiteral) && added.some(({ kind }) => kind !== 'sign')),
    isBehindWord: removed.length === 0 && from > 0,
    isOfOwnWord: added.some(
      (token) =>
        token.kind === 'word' && oldTokens.some(({ kind, text }) => kind === 'word' && text !== token.text && text.toLowerCase() === token.text.toLowerCase()),
    ),
  };
}

function* neighbours(line: Line, next: (line: Line) => Line | undefined): Generator<{ readonly line: Line; readonly way: number }> {
  const way = next(line);
  const sign = way && way.start < line.start ? -1 : 1;
  let count = 0;
  for (let other = way; other && count < mostLines; other = next(other), count++) yield { line: other, way: sign };
}

function editFor(
  line: Line,
  { tokens, oldTokens, difference }: { readonly tokens: readonly Token[]; readonly oldTokens: readonly Token[]; readonly difference: Difference },
): { readonly start: number; readonly end: number; readonly newText: string } | undefined {
  const { from, to, newTexts } = difference;
  for (let index = from; index < to; index++) if (tokens[index]?.text !== oldTokens[index]?.text) return undefined;
  const left = tokens[from - 1];
  const right = tokens[to];
  const isSameLeft = left?.text === oldTokens[from - 1]?.text;
  const isSameRight = right?.text === oldTokens[to]?.text;
  if (!isSameLeft && !isSameRight) return undefined;
  const same = tokens.filter((token, index) => token.text === oldTokens[index]?.text && token.kind !== 'sign').length;
  // Two lines that share only their signs are alike by chance.
  if (same === 0) return undefined;
  // What tells the two lines apart is told apart in what is added as well.
  const own = new Map<string, string>();
  oldTokens.forEach((token, index) => {
    const counterpart = tokens[index];
    if (counterpart && counterpart.text !== token.text && !own.has(token.text)) own.set(token.text, counterpart.text);
  });
  const newText = newTexts.length === 0 ? '' : toldApart(difference.newText, own);
  // Between what stays on the left and on the right comes what is new, with the blanks that it has in its own line.
  const start = left?.end ?? tokens[0]?.start ?? 0;
  const end = right?.start ?? tokens.at(-1)?.end ?? start;
  const isApart = left !== undefined && (newText === '' ? right !== undefined && difference.isApartBehind : difference.isApartBefore);
  const behind = right !== undefined && newText !== '' && difference.isApartBehind ? ' ' : '';
  const replaced = trimmed({ start: line.start + start, before: line.text.slice(start, end), after: (isApart ? ' ' : '') + newText + behind });
  return { start: replaced.start, end: replaced.start + replaced.before.length, newText: replaced.after };
}

/** Words of code, and the words of a tag, in which a name may begin with a small letter. */
function toldApart(text: string, own: ReadonlyMap<string, string>): string {
  const counterpart = (word: string) => own.get(word) ?? lowered(own.get(raised(word))) ?? word;
  return tokensOf(text).reduceRight((sofar, token) => {
    const replaced = token.text.startsWith('`') ? token.text.replaceAll(/[\p{L}_$][\p{L}\p{N}_$]*/gu, counterpart) : (own.get(token.text) ?? token.text);
    return sofar.slice(0, token.start) + replaced + sofar.slice(token.end);
  }, text);
}

function raised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

function lowered(word: string | undefined): string | undefined {
  return word === undefined ? undefined : word.charAt(0).toLowerCase() + word.slice(1);
}

function isWithin(changes: readonly RecentChange[], line: Line): boolean {
  return changes.some(({ start, after }) => start >= line.start && start + after.length <= line.end);
}

function hasSame(texts: readonly string[], tokens: readonly Token[], from: number): boolean {
  return texts.every((text, index) => tokens[from + index]?.text === text);
}

function shapeOf(tokens: readonly Token[]): string {
  return tokens.map(({ kind, text }) => (kind === 'sign' || kind === 'keyword' ? text : kind)).join(' ');
}

const tokenPattern = /[\p{L}_$][\p{L}\p{N}_$]*|\d[\w.]*|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`|\S/gu;

function tokensOf(line: string): readonly Token[] {
  const tokens: Token[] = [];
  for (const { 0: text, index } of line.matchAll(tokenPattern)) {
    const first = text.charAt(0);
    const kind = /[\p{L}_$]/u.test(first) ? (isKeyword(text) ? 'keyword' : 'word') : /\d/.test(first) ? 'number' : text.length > 1 ? 'string' : 'sign';
    tokens.push({ text, start: index, end: index + text.length, isApart: index > (tokens.at(-1)?.end ?? 0), kind });
  }
  return tokens;
}
