// Takes away lines at the end of a suggestion that stand below the cursor anyway. It knows text alone.
// Over-eager de-duplication is as bad as none: equal lines are right where lines of that kind repeat anyway, so a line is evidence only
// when it says something, and nothing is cut that would leave a bracket open.
import { indentWidth } from '../indentation.ts';
import { lex } from '../lexLine.ts';
import type { Opened } from '../walk.ts';

export interface RepeatedLinesInput {
  readonly languageId: string;
  /** Nearest last. */
  readonly above: readonly string[];
  /** The text after the cursor's line, without its line break. */
  readonly following: string;
  readonly linePrefix: string;
  /** The text or comment of an earlier line in which the cursor's line begins. */
  readonly openAbove: readonly Opened[];
}

const mostCompared = 40;
/** Nothing but signs, or a word that stands alone at the end of many blocks. */
const saysNothing = /^(?:[^\p{L}]*|(?:end|done|fi|esac|pass|break|continue|return|else|begin|default|try|finally)[:;{]?|<\/[\w.-]+>|<[\w.-]+\s*\/>)$/u;

/** Nothing may stand behind it in its block, so a second one in the very same column is never meant. */
const endsFlow = /^\s*(?:break|continue|return|throw|raise|goto)\b[^{}]*$/;

/** @returns a prefix of the text: empty when it only restates the next line */
export function dropRepeatedLines(text: string, input: RepeatedLinesInput): string {
  const next = input.following.split('\n', mostCompared).map((line) => line.trimEnd());
  while (next.length > 0 && next[0] === '') next.shift();
  const [first] = next;
  if (first === undefined) return text;
  const lines = text.split('\n');
  if (lines.length === 1) return restatesNext(text, first, input) ? '' : text;
  for (let start = 1; start < lines.length; start++) {
    const tail = lines.slice(start).map((line) => line.trimEnd());
    while (tail.length > 0 && tail[0] === '') tail.shift();
    while (tail.length > 0 && tail.at(-1) === '') tail.pop();
    const equal = equalLines(tail, next);
    if (equal === 0) continue;
    const isWholeTail = equal === Math.min(tail.length, next.length) && tail.length <= next.length;
    const telling = tail.slice(0, equal).filter((line) => !saysNothing.test(line.trim())).length;
    // Two telling lines in a row are the file's own, whatever the model writes behind them.
    if (!isWholeTail && telling < 2) continue;
    const isSecondEnd = equal === 1 && endsFlow.test(tail[0] ?? '');
    if (telling === 0 && !isSecondEnd && !closesTheSame(tail, input, lines.slice(0, start))) continue;
    if (telling === 1 && equal === 1 && isRun(tail[0] ?? '', lines[start - 1] ?? '', input)) continue;
    const kept = lines.slice(0, start).join('\n');
    if (leavesOpen(kept, input)) continue;
    return kept.trimEnd();
  }
  return text;
}

/** How many lines from the beginning are the same. */
function equalLines(tail: readonly string[], next: readonly string[]): number {
  let equal = 0;
  while (equal < tail.length && equal < next.length && tail[equal] === next[equal]) equal++;
  return equal;
}

/** Closers and their like, in the very same column, would be the second ones: unless the suggestion itself has opened what they close. */
function closesTheSame(tail: readonly string[], input: RepeatedLinesInput, kept: readonly string[]): boolean {
  if (!tail.some((line) => /^\s*(?:[)\]}]|end\b|<\/)/.test(line))) return false;
  const { open, openBefore } = lexed(kept.join('\n'), input);
  return open.length <= openBefore.length;
}

/** The line stands above, too: a table, a list of like calls, a test pattern. */
function isRun(line: string, before: string, { above }: RepeatedLinesInput): boolean {
  const wanted = line.trim();
  return before.trim() === wanted || above.at(-1)?.trim() === wanted || twiceInARow(above, wanted);
}

function twiceInARow(above: readonly string[], wanted: string): boolean {
  for (let index = above.length - 1; index > 0 && index > above.length - mostCompared; index--) {
    if (above[index]?.trim() === wanted && above[index - 1]?.trim() === wanted) return true;
  }
  return false;
}

function leavesOpen(kept: string, input: RepeatedLinesInput): boolean {
  return lexed(kept, input).own.some(({ literal }) => !literal) && !/[{([:]\s*$/.test(kept.split('\n')[0] ?? '');
}

function lexed(text: string, { languageId, linePrefix, openAbove }: RepeatedLinesInput) {
  return lex(text, { languageId, before: linePrefix, startOpen: openAbove });
}

/** A one-line suggestion that makes its line the next one. */
function restatesNext(text: string, first: string, input: RepeatedLinesInput): boolean {
  const line = (input.linePrefix + text).trim();
  const alone = text.trim();
  // Further in it belongs to another block, and means something else.
  if (input.linePrefix.trim() === '' && indentWidth(input.linePrefix) > indentWidth(first)) return false;
  if (endsFlow.test(line) && (input.linePrefix + text).trimEnd() === first) return true;
  if (alone === '' || saysNothing.test(line) || isRun(first, '', input)) return false;
  return line === first.trim() || (alone === first.trim() && !saysNothing.test(alone));
}
