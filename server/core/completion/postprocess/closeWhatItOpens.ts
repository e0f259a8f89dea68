// A suggestion closes what it opens and what the line has left open, and nothing that is closed behind the cursor already.
// It knows brackets and quotes of one line and one suggestion; it must not know grammars.
import { isInLongText, lex } from '../lexLine.ts';
import type { Opened } from '../walk.ts';

export interface ClosersInput {
  readonly languageId: string;
  readonly linePrefix: string;
  readonly lineSuffix: string;
  readonly following: string;
  /** The text or comment of an earlier line in which the cursor's line begins. */
  readonly openAbove: readonly Opened[];
  /** The model itself ended here: what is still open was forgotten. */
  readonly isEnded: boolean;
}

const leadingClosers = /^[\s)\]}"'`;,:]*/;

export function closeWhatItOpens(text: string, input: ClosersInput): string {
  const { languageId, linePrefix, lineSuffix, openAbove } = input;
  const before = lex(linePrefix, { languageId, startOpen: openAbove });
  if (before.scope === 'comment') return withoutRepeatedRest(text, lineSuffix);
  const cut = withoutNextElement(cutSurplus(withoutRepeatedRest(text, lineSuffix), input), input);
  // In a text of several lines everything is text.
  return input.isEnded && !isInLongText(before) ? withMissing(cut, input) : cut;
}

function lexed(text: string, { languageId, linePrefix, openAbove }: ClosersInput) {
  return lex(text, { languageId, before: linePrefix, startOpen: openAbove });
}

/** Cuts at the first closer for which there is one behind the cursor and only one is needed. */
function cutSurplus(text: string, input: ClosersInput): string {
  const { lineSuffix, following, openAbove } = input;
  const { closed, surplus, openBefore } = lexed(text, input);
  const behind = closersBehind(input, openBefore);
  // Of what is open before the cursor, the outer part is closed by what stands behind it; the inner part is the suggestion's to close.
  const goesOn = /^\s*[^\s)\]}"'`;:]/.test(lineSuffix);
  // A list or a sum goes on behind the cursor: what is open and not closed on this line is closed on a later one.
  const reserved = goesOn && behind.length === 0 ? openBefore.length : closedBehind(openBefore, behind);
  const isLineEnd = lineSuffix.trim() === '';
  const isClosedBelow = (sign: string, at: number) => isLineEnd && following.trimStart().startsWith(sign) && !text.slice(0, at).includes('\n');
  const tooFar = closed.find(({ sign, at, depth }) => depth < reserved || (depth < openAbove.length && isClosedBelow(sign, at)));
  const tooMany = surplus.find(({ sign, at }) => goesOn || behind[0] === sign || isClosedBelow(sign, at));
  const at = Math.min(tooFar?.at ?? text.length, tooMany?.at ?? text.length);
  return at === text.length ? text : beforeCloser(text, at, !isLineEnd);
}

/** Closers at the beginning of the rest of the line that nothing behind the cursor opens, and quotes of an open string. */
function closersBehind({ lineSuffix, languageId }: ClosersInput, open: readonly Opened[]): readonly string[] {
  const lead = leadingClosers.exec(lineSuffix)?.[0] ?? '';
  const long = open.map(({ closer }) => closer).filter((closer) => closer.length > 1);
  const signs: string[] = [];
  for (let at = 0; at < lead.length; ) {
    const closer = long.find((one) => lead.startsWith(one, at)) ?? lead.charAt(at);
    if (/[)\]}"'`]/.test(closer)) signs.push(closer);
    at += closer.length;
  }
  const rest = lex(lineSuffix.slice(lead.length), { languageId });
  return [...signs, ...rest.surplus.map(({ sign }) => sign)];
}

/** How many of the open signs, from the outermost, must stay open so that everything behind the cursor still has something to close. */
function closedBehind(open: readonly Opened[], behind: readonly string[]): number {
  const wanted = usedOf(behind, open);
  let reserved = open.length;
  while (reserved > 0 && usedOf(behind, open.slice(0, reserved - 1)) === wanted) reserved--;
  return reserved;
}

/** How many of the closers find their opener, from the innermost outward. */
function usedOf(behind: readonly string[], open: readonly Opened[]): number {
  let used = 0;
  for (const { closer } of open.toReversed()) if (closer === behind[used]) used++;
  return used;
}

/** Where a comma or a semicolon stands behind the cursor, what comes before it is wanted: not another one, and no further element. */
function withoutNextElement(text: string, input: ClosersInput): string {
  const sign = /^\s*([,;])/.exec(input.lineSuffix)?.[1];
  if (sign === undefined || text.includes('\n')) return text;
  for (let at = text.indexOf(sign); at >= 0; at = text.indexOf(sign, at + 1)) {
    const { open, openBefore, scope } = lexed(text.slice(0, at), input);
    if (scope === 'code' && open.length <= openBefore.length && text.slice(0, at).trim() !== '') return text.slice(0, at);
  }
  return text;
}

/** A closer on a line of its own leaves its line: `{|}` becomes three lines, not two. */
function beforeCloser(text: string, at: number, isSameLine: boolean): string {
  const kept = text.slice(0, at);
  return isSameLine && /\n[ \t]*$/.test(kept) ? kept : kept.trimEnd();
}

/** `a + |+ b);`: the rest of the line stands there already. */
function withoutRepeatedRest(text: string, lineSuffix: string): string {
  const rest = lineSuffix.trim();
  if (rest.length < 2 || text.includes('\n') || !/[\p{L}\p{N}]/u.test(rest)) return text;
  const trimmed = text.trimEnd();
  return trimmed.endsWith(rest) ? trimmed.slice(0, trimmed.length - rest.length) : text;
}

/** Only what the suggestion has opened itself, and no body: that goes on. */
function withMissing(text: string, input: ClosersInput): string {
  if (text.includes('\n') || input.lineSuffix.trim() !== '') return text;
  const { own, scope } = lexed(text, input);
  const rest = text.trimEnd();
  if (own.length === 0 || own.length > 4 || scope === 'comment' || own.some(({ sign }) => sign === '{')) return text;
  // Behind the end of a statement nothing is missing: what seems open is of a form that is not known here.
  if (/[,({[;]$/.test(rest)) return text;
  return (
    rest +
    own
      .toReversed()
      .map(({ closer }) => closer)
      .join('')
  );
}
