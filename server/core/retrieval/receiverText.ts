// Where the name stands whose members may follow at the cursor: `x` of `x.na`, `take` of `pool.take(1).`, also over line breaks. It knows text alone,
// of any language with names, brackets and dots; it must not know what a name means.

export interface ReceiverText {
  readonly name: string;
  /** UTF-16 offset of the name. */
  readonly nameStart: number;
  /** UTF-16 offset right behind the dot. */
  readonly end: number;
}

/** Arguments before the dot may be longer than a line, but nobody means those of a whole file. */
const mostCharacters = 2000;
const dots = ['?.', '!.', '->', '::', '.'];
const openers: Readonly<Record<string, string>> = { ')': '(', ']': '[', '>': '<' };
/** `return (x).` says nothing about a function called `return`. */
const keywords = new Set(
  'return await yield typeof delete void in of instanceof if while for switch match case else elif and or not is as throw raise new assert print'.split(' '),
);

/** @returns undefined where no member can follow, and where what stands before the dot has no name (a literal, an expression in brackets) */
export function receiverBefore(text: string, offset: number): ReceiverText | undefined {
  const from = Math.max(0, offset - mostCharacters);
  const end = skipBack(text, offset, { from, while: isNameSign });
  const dot = dots.find((one) => text.endsWith(one, end) && end - one.length >= from);
  // `..` is a range or spreads something.
  if (dot === undefined || (dot === '.' && text[end - 2] === '.')) return undefined;
  let at = skipBack(text, end - dot.length, { from, while: isBlank });
  for (;;) {
    const opener = openers[text[at - 1] ?? ''];
    if (opener === undefined) break;
    const opened = openingOf(text, at - 1, { from, opener });
    if (opened === undefined) return undefined;
    at = skipBack(text, opened, { from, while: isBlank });
  }
  const nameStart = skipBack(text, at, { from, while: isNameSign });
  const name = text.slice(nameStart, at);
  return name === '' || /^\d/.test(name) || keywords.has(name) ? undefined : { name, nameStart, end };
}

interface Back {
  readonly from: number;
  readonly while: (sign: string) => boolean;
}

function skipBack(text: string, start: number, { from, while: isPart }: Back): number {
  let at = start;
  while (at > from && isPart(text[at - 1] as string)) at--;
  return at;
}

/** @returns the offset of the bracket that the one at `close` closes, with strings skipped; undefined when it stands further away */
function openingOf(text: string, close: number, { from, opener }: { readonly from: number; readonly opener: string }): number | undefined {
  const closer = text[close];
  let depth = 0;
  for (let at = close; at >= from; at--) {
    const sign = text[at] as string;
    if (sign === '"' || sign === "'" || sign === '`') {
      const begin = text.lastIndexOf(sign, at - 1);
      // A quote that no other one on its line goes with is an apostrophe or a lifetime.
      if (begin >= from && !text.slice(begin, at).includes('\n')) at = begin;
    } else if (sign === closer && !(sign === '>' && isArrow(text, at))) depth++;
    else if (sign === opener && --depth === 0) return at;
  }
  return undefined;
}

function isArrow(text: string, at: number): boolean {
  return text[at - 1] === '=' || text[at - 1] === '-';
}

function isNameSign(sign: string): boolean {
  return /[\p{L}\p{N}_$]/u.test(sign);
}

function isBlank(sign: string): boolean {
  return sign === ' ' || sign === '\t' || sign === '\n' || sign === '\r';
}
