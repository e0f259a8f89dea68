// The walk through a stretch of code: it keeps what is open, and tells what closes. It knows how texts, comments and brackets lie in each other;
// it must not know languages, only the signs it is handed, nor what anybody makes of the result. It goes through most of a file at every keystroke,
// so what means nothing is left to patterns, and what closes again at once never comes among what is open.
import type { LanguageSigns } from './languageSigns.ts';
import type { Prepared, Scope } from './literals.ts';
import { beginsTag, endOfProse, endOfRegex, lastNoBlank, type Skipped } from './operands.ts';

/** A bracket, text or comment that is open. */
export interface Opened {
  /** What it begins with. */
  readonly sign: string;
  /** What closes it. */
  readonly closer: string;
  /** UTF-16 offset in the stretch; negative for what was open before it. */
  readonly at: number;
  /** Undefined for a bracket. */
  readonly literal?: Prepared;
}

export interface Watcher {
  /** Something was closed by its closer, or ended by its line. */
  readonly onPop: (opened: Opened, at: number, isByLine: boolean) => void;
  /** A closer came that nothing has opened. */
  readonly onSurplus: (sign: string, at: number) => void;
}

export interface Walked {
  readonly scope: Scope;
  /** The last character belongs to a regular expression, a character literal or the like: it is no operator. */
  readonly isAtomEnd: boolean;
}

export interface Way {
  readonly text: string;
  /** What is open where the text begins; changed to what is open where it ends. */
  readonly open: Opened[];
  /** Without it only texts and comments count, and the brackets in their holes: a bracket too many anywhere in a file then does no harm. */
  readonly watcher?: Watcher;
}

const closers: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };
const lineFeed = 10;

export function walk(way: Way, signs: LanguageSigns): Walked {
  const { text, open, watcher } = way;
  const comments: Skipped = { start: 0, end: 0 };
  let at = 0;
  let atomEnd = -1;
  let isInLineComment = false;
  /** While a tag is open: how deep it stands. */
  let tagDepth = -1;
  let isLastTag = false;
  while (at < text.length) {
    const top = open.at(-1);
    if (top?.literal) {
      open.pop();
      at = throughLiteral(way, at, top);
      if (top.literal.scope === 'comment') comments.end = at;
      continue;
    }
    at = next(watcher || open.length > 0 ? signs.anySign : signs.anyBeginning, text, at);
    if (at === text.length) break;
    const sign = text.charAt(at);
    const begun = beginningAt(text, at, signs.byFirst[text.charCodeAt(at)]);
    if (begun?.isAtom) {
      at = begun.pattern?.lastIndex ?? at + 1;
      atomEnd = at;
    } else if (begun) {
      const opened = openedBy(begun, text, at);
      const isComment = begun.scope === 'comment';
      // Comments one after the other are one stretch.
      if (isComment && lastNoBlank(text, at - 1) >= comments.end) comments.start = at;
      if (opened.closer === '\n') {
        const end = text.indexOf('\n', at);
        at = end < 0 ? text.length : end;
        isInLineComment = isComment && end < 0;
        if (isComment) comments.end = at;
        else atomEnd = at;
      } else {
        at = throughLiteral(way, at + opened.sign.length, opened);
        if (isComment) comments.end = at;
      }
    } else if (sign === '/' && signs.hasRegex) {
      const end = endOfRegex(text, at, comments);
      if (end > 0) atomEnd = end;
      at = end > 0 ? end : at + 1;
    } else if (sign === '<' && signs.hasTags) {
      if (beginsTag(text, at, comments)) {
        tagDepth = open.length;
        isLastTag = text[at + 1] === '/';
      }
      at++;
    } else if (sign === '>' && tagDepth >= 0 && tagDepth === open.length && text[at - 1] !== '=') {
      tagDepth = -1;
      at = endOfProse(text, at, isLastTag || text[at - 1] === '/');
    } else {
      if (watcher || open.length > 0) bracket(way, at, sign);
      at++;
    }
  }
  const scope = isInLineComment ? 'comment' : (open.at(-1)?.literal?.scope ?? 'code');
  return { scope, isAtomEnd: atomEnd === text.length };
}

/** The next place that a global pattern finds, or the end. */
function next(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  return pattern.test(text) ? pattern.lastIndex - 1 : text.length;
}

/** What begins here. A pattern's `lastIndex` is then where it ends. */
function beginningAt(text: string, at: number, candidates: readonly Prepared[] | undefined): Prepared | undefined {
  if (!candidates) return undefined;
  for (const one of candidates) if (begins(text, at, one)) return one;
  return undefined;
}

function begins(text: string, at: number, { sign, pattern, notAfter }: Prepared): boolean {
  if (notAfter && at > 0 && !isFree(text.charCodeAt(at - 1)) && notAfter.test(text.slice(Math.max(0, at - longestBefore), at))) return false;
  if (!pattern) return startsAt(text, sign, at);
  pattern.lastIndex = at;
  return pattern.test(text);
}

const longestBefore = 12;
const freeSigns = ' \t\n(,=[{;';

function isFree(code: number): boolean {
  return freeSigns.includes(String.fromCharCode(code));
}

function openedBy(literal: Prepared, text: string, at: number): Opened {
  const { sign, pattern, close } = literal;
  // What begins with a string ends with one.
  if (!pattern) return { sign, closer: String(close), at, literal };
  const found = typeof close === 'string' ? undefined : matchAt(pattern, text, at);
  return {
    sign: text.slice(at, pattern.lastIndex),
    closer: typeof close === 'string' ? close : found ? close(found) : '\n',
    at,
    literal,
  };
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/** Faster than `startsWith` by far where the text is a part of a longer one; the first character is known to agree. */
function startsAt(text: string, sign: string, at: number): boolean {
  for (let index = 1; index < sign.length; index++) if (text.charCodeAt(at + index) !== sign.charCodeAt(index)) return false;
  return true;
}

/**
 * @param opened what is read through: it is not among what is open, but is put there where it stays open
 * @returns where code goes on, or another text, or the end
 */
function throughLiteral(way: Way, from: number, opened: Opened): number {
  const { text, open } = way;
  const { closer, literal } = opened;
  if (!literal) return from;
  const { escapeCode, nestCode, hole, isDoubled, keptOpenBy, stop } = literal;
  if (!stop) {
    const end = text.indexOf(closer, from);
    if (end >= 0) return closedAt(way, opened, end) + closer.length;
    open.push(opened);
    return text.length;
  }
  const closerCode = closer.charCodeAt(0);
  for (let at = next(stop, text, from); at < text.length; at = next(stop, text, at + 1)) {
    const code = text.charCodeAt(at);
    if (hole && code === hole.sign.charCodeAt(0) && startsAt(text, hole.sign, at)) {
      // `{{` in C# is a brace.
      if (hole.sign === hole.bracket && text[at + 1] === hole.sign) at++;
      else {
        open.push(opened, { sign: hole.bracket, closer: closers[hole.bracket] ?? '', at });
        return at + hole.sign.length;
      }
    } else if (code === escapeCode) at += text.charCodeAt(at + 1) === 13 && text.charCodeAt(at + 2) === lineFeed ? 2 : 1;
    else if (code === closerCode && startsAt(text, closer, at)) {
      const behind = at + closer.length;
      if (isDoubled && text.charCodeAt(behind) === closerCode && startsAt(text, closer, behind)) at = behind + closer.length - 1;
      else if (keptOpenBy !== '' && behind < text.length && keptOpenBy.includes(text.charAt(behind))) at = behind;
      else return closedAt(way, opened, at) + closer.length;
    } else if (code === nestCode && begins(text, at, literal)) {
      open.push(opened, { ...opened, at });
      return at + opened.sign.length;
    } else if (code === lineFeed && !literal.spansLines) {
      way.watcher?.onPop(opened, at, true);
      return at;
    }
  }
  open.push(opened);
  return text.length;
}

function closedAt({ watcher }: Way, opened: Opened, at: number): number {
  watcher?.onPop(opened, at, false);
  return at;
}

function bracket(way: Way, at: number, sign: string): void {
  const { open, watcher } = way;
  const closer = closers[sign];
  if (closer !== undefined) {
    open.push({ sign, closer, at });
    return;
  }
  // Without anybody who wants to know, a brace closes its hole whatever else stands open in it.
  if (!watcher && sign === '}') while (open.length > 1 && open.at(-1)?.sign !== '{' && !open.at(-2)?.literal) open.pop();
  const top = open.at(-1);
  if (sign === top?.closer) {
    open.pop();
    watcher?.onPop(top, at, false);
  } else if (sign === ')' || sign === ']' || sign === '}') watcher?.onSurplus(sign, at);
}
