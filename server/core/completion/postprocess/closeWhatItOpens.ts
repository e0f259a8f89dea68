// A suggestion closes what it opens and what the line has left open, and nothing that is closed behind the cursor already.
// It knows brackets and quotes of one line and one suggestion; it must not know grammars.
import { closerOf, lex } from '../lexLine.ts';

export interface ClosersInput {
  readonly languageId: string;
  readonly linePrefix: string;
  readonly lineSuffix: string;
  readonly following: string;
  /** The model itself ended here: what is still open was forgotten. */
  readonly isEnded: boolean;
}

const leadingClosers = /^[\s)\]}"'`;,:]*/;

export function closeWhatItOpens(text: string, input: ClosersInput): string {
  const { languageId, linePrefix, lineSuffix } = input;
  const before = lex(linePrefix, { languageId });
  if (before.scope === 'comment') return withoutRepeatedRest(text, lineSuffix);
  const cut = withoutNextElement(cutSurplus(withoutRepeatedRest(text, lineSuffix), input, before.open), input, before.open);
  return input.isEnded ? withMissing(cut, input, before.open) : cut;
}

/** Cuts at the first closer for which there is one behind the cursor and only one is needed. */
function cutSurplus(text: string, { languageId, lineSuffix, following }: ClosersInput, openBefore: readonly string[]): string {
  const behind = closersBehind(lineSuffix, languageId);
  // Of what is open before the cursor, the outer part is closed by what stands behind it; the inner part is the suggestion's to close.
  const goesOn = /^\s*[^\s)\]}"'`;:]/.test(lineSuffix);
  // A list or a sum goes on behind the cursor: what is open and not closed on this line is closed on a later one.
  const reserved = goesOn && behind.length === 0 ? openBefore.length : closedBehind(openBefore, behind);
  const { closed, surplus } = lex(text, { languageId, startOpen: openBefore });
  const tooFar = closed.find(({ depth }) => depth < reserved);
  const isLineEnd = lineSuffix.trim() === '';
  const tooMany = surplus.find(
    ({ sign, at }) => goesOn || behind[0] === sign || (isLineEnd && nextCloser(following) === sign && !text.slice(0, at).includes('\n')),
  );
  const at = Math.min(tooFar?.at ?? text.length, tooMany?.at ?? text.length);
  return at === text.length ? text : beforeCloser(text, at, !isLineEnd);
}

/** Closers at the beginning of the rest of the line that nothing behind the cursor opens, and quotes of an open string. */
function closersBehind(lineSuffix: string, languageId: string): readonly string[] {
  const lead = leadingClosers.exec(lineSuffix)?.[0] ?? '';
  const signs = [...lead].filter((sign) => /[)\]}"'`]/.test(sign));
  const rest = lex(lineSuffix.slice(lead.length), { languageId });
  return [...signs, ...rest.surplus.map(({ sign }) => sign)];
}

/** How many of the open signs, from the outermost, must stay open so that everything behind the cursor still has something to close. */
function closedBehind(open: readonly string[], behind: readonly string[]): number {
  const wanted = usedOf(behind, open);
  let reserved = open.length;
  while (reserved > 0 && usedOf(behind, open.slice(0, reserved - 1)) === wanted) reserved--;
  return reserved;
}

/** How many of the closers find their opener, from the innermost outward. */
function usedOf(behind: readonly string[], open: readonly string[]): number {
  let used = 0;
  for (const sign of open.toReversed()) if (closerOf[sign] === behind[used]) used++;
  return used;
}

/** Where a comma or a semicolon stands behind the cursor, what comes before it is wanted: not another one, and no further element. */
function withoutNextElement(text: string, { languageId, lineSuffix }: ClosersInput, openBefore: readonly string[]): string {
  const sign = /^\s*([,;])/.exec(lineSuffix)?.[1];
  if (sign === undefined || text.includes('\n')) return text;
  for (let at = text.indexOf(sign); at >= 0; at = text.indexOf(sign, at + 1)) {
    const { open, scope } = lex(text.slice(0, at), { languageId, startOpen: openBefore });
    if (scope === 'code' && open.length <= openBefore.length && text.slice(0, at).trim() !== '') return text.slice(0, at);
  }
  return text;
}

function nextCloser(following: string): string | undefined {
  return /^\s*([)\]}])/.exec(following)?.[1];
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

function withMissing(text: string, { languageId, lineSuffix }: ClosersInput, openBefore: readonly string[]): string {
  if (text.includes('\n') || lineSuffix.trim() !== '') return text;
  const { open, scope } = lex(text, { languageId, startOpen: openBefore });
  // Only what the suggestion has opened itself, and no body: that goes on.
  const own = open.slice(openBefore.length);
  if (own.length === 0 || own.length > 4 || scope === 'comment' || own.includes('{') || /[,({[]$/.test(text.trimEnd())) return text;
  return (
    text.trimEnd() +
    own
      .toReversed()
      .map((sign) => closerOf[sign] ?? '')
      .join('')
  );
}
