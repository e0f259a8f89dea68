// Whether a slash divides or begins a regular expression, and whether `<` compares or begins a tag: told by what stands before it, as people who
// write highlighters do it. It knows text alone; the languages in which the question arises are named in `languageSigns`.

/** A stretch of blanks and comments, which says nothing about what comes behind it. */
export interface Skipped {
  start: number;
  end: number;
}

/** In minified code a line may be as long as a file. */
const longestRegex = 2000;

/** The offset behind the regular expression that begins with this slash; -1 where the slash divides. */
export function endOfRegex(text: string, at: number, comments: Skipped): number {
  // `</b>` and `<br/>`.
  if (text[at - 1] === '<' || isOperandBefore(text, at, comments)) return -1;
  let isInClass = false;
  const farthest = Math.min(text.length, at + longestRegex);
  for (let index = at + 1; index < farthest; index++) {
    const sign = text[index];
    if (sign === '\n') return -1;
    if (sign === '\\') index++;
    else if (sign === '[') isInClass = true;
    else if (sign === ']') isInClass = false;
    else if (sign === '/' && !isInClass) return index + 1;
  }
  return -1;
}

/** A name that is `<T,>` or `<T extends` belongs to a generic function; scripts and styles are no prose. */
const noTag = /<(?:\w{1,40}(?:,|\s{1,8}extends\b)|(?:script|style)\b)/y;

export function beginsTag(text: string, at: number, comments: Skipped): boolean {
  const next = text[at + 1] ?? '';
  if (next === '/') return true;
  if (!/[A-Za-z>]/.test(next)) return false;
  noTag.lastIndex = at;
  if (noTag.test(text)) return false;
  return text[lastMeaning(text, at, comments)] === '}' || !isOperandBefore(text, at, comments);
}

const proseInTag = /[<{]/g;
/** Behind the end of an element there may be the rest of a statement as well. */
const proseBehindTag = /[<{}()\];,\n]/g;

/**
 * @param at offset of the `>` that ends a tag
 * @returns the offset where the prose behind it ends
 */
export function endOfProse(text: string, at: number, isBehindElement: boolean): number {
  // A generic type and its function: `<T>(a: T) => T`.
  if (text[at + 1] === '(') return at + 1;
  const sign = isBehindElement ? proseBehindTag : proseInTag;
  sign.lastIndex = at + 1;
  return sign.exec(text)?.index ?? text.length;
}

const operatorWords =
  /(?<![\w$.])(?:return|typeof|case|in|of|instanceof|new|delete|void|throw|yield|await|do|else|default|export|extends|if|unless|while|until|when|elsif|then|and|or|not)$/;
const longestWord = 12;

function isOperandBefore(text: string, at: number, comments: Skipped): boolean {
  const last = lastMeaning(text, at, comments);
  const sign = text[last];
  if (sign === undefined) return false;
  if ((sign === '+' || sign === '-') && text[last - 1] === sign) return true;
  if (!/[\w$)\]}"'`\u0080-\uffff]/.test(sign)) return false;
  return !operatorWords.test(text.slice(Math.max(0, last - longestWord), last + 1));
}

/** The offset of the last character before this one that is neither blank nor in a comment; -1 where there is none. */
function lastMeaning(text: string, at: number, comments: Skipped): number {
  const last = lastNoBlank(text, at - 1);
  return last >= comments.start && last < comments.end ? lastNoBlank(text, comments.start - 1) : last;
}

/** @returns the offset of the last character up to this one that is no blank; -1 where there is none */
export function lastNoBlank(text: string, from: number): number {
  let at = from;
  while (at >= 0 && text.charCodeAt(at) <= 32) at--;
  return at;
}
