// Words as full-text search sees them: identifiers are split where people see several words in one. Used alike on what is stored and on
// what is asked. It knows no database.

const token = /[\p{L}\p{N}_$]+/gu;
const ideograph = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u;
/** Each ideograph for itself, and what stands between them. */
const ideographs = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]|[^\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]+/gu;
const latin = /\p{Script=Latin}/gu;
const marks = /\p{Mn}/gu;
/** What is longer is no word that anybody looks for. */
export const maxTokenLength = 80;
/**
 * Words that every second piece of text or code holds. Whoever asks with them means the others, and to keep where each of them stands is a fifth of the work of
 * full-text search. So none of them is a word here, and no single letter or digit either.
 */
export const commonWords: readonly string[] =
  'an and are as at be by def else for from has if in is it not of on or self that the this to when will with'.split(' ');
const common = new Set(commonWords);
/** Identifiers come again and again: what they are split into is kept, up to about so many of them. */
const maxKept = 40_000;

const kept = new Map<string, string>();

const [small, capital, sign, other] = [1, 2, 4, 8] as const;
const asciiKinds = Uint8Array.from({ length: 0x80 }, (_, unit) => {
  const character = String.fromCharCode(unit);
  return /[a-z0-9]/.test(character) ? small : /[A-Z]/.test(character) ? capital : /[_$]/.test(character) ? sign : 0;
});

/** `parseHTTPRequest` gives `parse http request parsehttprequest`. */
export function wordsOf(text: string): string {
  const words: string[] = [];
  const { length } = text;
  for (let start = 0; start < length; ) {
    let kinds = kindOf(text.charCodeAt(start));
    if (kinds === 0) {
      start++;
      continue;
    }
    let end = start + 1;
    for (let kind: number; end < length && (kind = kindOf(text.charCodeAt(end))) !== 0; end++) kinds |= kind;
    // Most words of a text are this simple, and nothing is to be looked up for them.
    if (kinds === small) {
      if (end - start <= maxTokenLength) add(words, text.slice(start, end));
    } else if (kinds < other) {
      const found = end - start <= maxTokenLength ? wordsOfIdentifier(text.slice(start, end)) : '';
      if (found !== '') words.push(found);
    } else {
      const found = wordsOfAnyScript(withoutAccents(text.slice(start, end)));
      if (found !== '') words.push(found);
    }
    start = end;
  }
  return words.join(' ');
}

/** Of a UTF-16 unit: a small letter or a digit, a capital, `_` or `$`, beyond ASCII, where anything may be a letter; 0 between words. */
function kindOf(unit: number): number {
  return unit < 0x80 ? (asciiKinds[unit] as number) : other;
}

function wordsOfIdentifier(name: string): string {
  let words = kept.get(name);
  if (words === undefined) {
    words = wordsOfAnyScript(name);
    if (kept.size >= maxKept) kept.clear();
    kept.set(name, words);
  }
  return words;
}

function wordsOfAnyScript(text: string): string {
  const words: string[] = [];
  for (const [whole] of text.matchAll(token)) {
    if (whole.length > maxTokenLength) continue;
    for (const [run] of ideograph.test(whole) ? whole.matchAll(ideographs) : [[whole]]) {
      const parts = splitIdentifier(run);
      if (parts.length > 1) for (const part of parts) add(words, part);
      add(words, run.replaceAll(/[_$]/g, '').toLowerCase());
    }
  }
  return words.join(' ');
}

function add(words: string[], word: string): void {
  if (word.length > 1 ? !common.has(word) : word >= '\u0080') words.push(word);
}

/** `Café` is found as `cafe`. The full-text index compares bytes and knows nothing of that. */
function withoutAccents(text: string): string {
  return text.replace(latin, (letter) => (letter < '\u0080' ? letter : letter.normalize('NFD').replace(marks, '')));
}

function splitIdentifier(name: string): string[] {
  return name
    .replace(/(\p{Ll}|\p{N})(\p{Lu})/gu, '$1 $2')
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2')
    .split(/[_$\s]+/)
    .filter((part) => part !== '')
    .map((part) => part.toLowerCase());
}

/** A full-text query that matches any of the words; undefined without one. Everything in it is quoted, so it can hold no operators. */
export function searchExpression(query: string): string | undefined {
  const words = [...new Set(wordsOf(query.slice(0, 2000)).split(' '))].filter((word) => word !== '').slice(0, 32);
  return words.length > 0 ? words.map((word) => `"${word.replaceAll('"', '')}"`).join(' OR ') : undefined;
}
