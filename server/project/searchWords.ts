// Words as full-text search sees them: identifiers are split where people see several words in one. Used alike on what is stored and on
// what is asked. It knows no database.

const token = /[\p{L}\p{N}_$]+/gu;
const ideograph = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u;
const maxTokenLength = 80;

/** `parseHTTPRequest` gives `parse http request parsehttprequest`. */
export function wordsOf(text: string): string {
  const words: string[] = [];
  for (const [whole] of text.matchAll(token)) {
    if (whole.length > maxTokenLength) continue;
    if (ideograph.test(whole)) {
      words.push(...whole);
      continue;
    }
    const parts = splitIdentifier(whole);
    if (parts.length > 1) words.push(...parts);
    words.push(whole.replaceAll(/[_$]/g, '').toLowerCase());
  }
  return words.filter((word) => word !== '').join(' ');
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
  const words = [...new Set(wordsOf(query.slice(0, 2000)).split(' '))].filter((word) => word.length > 1 || ideograph.test(word)).slice(0, 32);
  return words.length > 0 ? words.map((word) => `"${word.replaceAll('"', '')}"`).join(' OR ') : undefined;
}
