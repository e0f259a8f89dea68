// Finds a run of equal strings in a list, in linear time (Knuth, Morris and Pratt 1977).
// A file of equal lines searched for many of them must not take time in their product.

/** The indexes where `needle` begins in `haystack`, ascending, at most `limit` of them. Places may overlap. */
export function findRuns(haystack: readonly string[], needle: readonly string[], limit: number): readonly number[] {
  if (needle.length === 0 || needle.length > haystack.length) return [];
  const border = borders(needle);
  const found: number[] = [];
  let matched = 0;
  for (let index = 0; index < haystack.length && found.length < limit; index++) {
    while (matched > 0 && haystack[index] !== needle[matched]) matched = border[matched - 1] ?? 0;
    if (haystack[index] === needle[matched]) matched++;
    if (matched === needle.length) {
      found.push(index - needle.length + 1);
      matched = border[matched - 1] ?? 0;
    }
  }
  return found;
}

/** For each prefix of the needle: the length of the longest shorter prefix that it ends with. */
function borders(needle: readonly string[]): readonly number[] {
  const border = [0];
  let length = 0;
  for (let index = 1; index < needle.length; index++) {
    while (length > 0 && needle[index] !== needle[length]) length = border[length - 1] ?? 0;
    if (needle[index] === needle[length]) length++;
    border.push(length);
  }
  return border;
}
