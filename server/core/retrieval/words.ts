// The words inside identifiers: `createOperatorSubscriber` and `create_operator` both speak of "create" and "operator". It knows characters; it
// must not know languages.

/** Shorter ones (`i`, `to`) say nothing. */
const minLength = 3;
const wordsOf = new Map<string, readonly string[]>();
/** Identifiers repeat all the time; the bound keeps a server that runs for weeks from remembering all of them. */
const maxRemembered = 50_000;

/** @returns the lower-case sub-words of an identifier, at least three letters long, without a plural's s */
export function subWordsOf(identifier: string): readonly string[] {
  const known = wordsOf.get(identifier);
  if (known) return known;
  const words = identifier.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+/g) ?? [];
  const result = [...new Set(words.map(stemOf).filter((word) => word.length >= minLength))];
  if (wordsOf.size >= maxRemembered) wordsOf.clear();
  wordsOf.set(identifier, result);
  return result;
}

function stemOf(word: string): string {
  const lower = word.toLowerCase();
  return lower.length > 4 && lower.endsWith('s') && !lower.endsWith('ss') ? lower.slice(0, -1) : lower;
}
