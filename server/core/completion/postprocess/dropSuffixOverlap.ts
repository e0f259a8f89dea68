// Takes away what already stands after the cursor. It knows text alone.

/** Signs that close something; a repetition of these at the end of a line is nearly always a duplicate. */
const closers = /^[\s)\]}>"'`;:,]+$/;

/**
 * @param text the suggestion
 * @param lineSuffix the rest of the cursor's line
 * @param following the text after the cursor's line, without its line break
 */
export function dropSuffixOverlap(text: string, lineSuffix: string, following: string): string {
  return dropRepeatedClosers(dropRepeatedLines(text, following), lineSuffix);
}

/** Cuts the suggestion's last lines where they are the lines that follow anyway. */
function dropRepeatedLines(text: string, following: string): string {
  const next = following.split('\n', 40).map((line) => line.trimEnd());
  while (next.length > 0 && next[0] === '') next.shift();
  if (next.length === 0) return text;
  const lines = text.split('\n');
  for (let start = 1; start < lines.length; start++) {
    const tail = lines.slice(start).map((line) => line.trimEnd());
    while (tail.length > 0 && tail.at(-1) === '') tail.pop();
    while (tail.length > 0 && tail[0] === '') tail.shift();
    if (tail.length === 0 || tail.length > next.length) continue;
    if (tail.every((line, index) => line === next[index])) return lines.slice(0, start).join('\n').trimEnd();
  }
  // A one-line suggestion that is the next line: it restates what stands there.
  return lines.length === 1 && text.trim() !== '' && text.trim() === next[0]?.trim() && !closers.test(text.trim()) ? '' : text;
}

/** `foo(|)` and the suggestion `bar)`: the last closer stands there already. */
function dropRepeatedClosers(text: string, lineSuffix: string): string {
  const rest = lineSuffix.trim();
  if (rest === '' || text.includes('\n')) return text;
  const trimmed = text.trimEnd();
  for (let length = Math.min(rest.length, trimmed.length); length > 0; length--) {
    const overlap = rest.slice(0, length);
    if (!trimmed.endsWith(overlap)) continue;
    if (!closers.test(overlap) && length < rest.length) continue;
    const cut = trimmed.slice(0, trimmed.length - length);
    // `f(g(|)` needs the second closer: only what would be one too many is taken away.
    return closers.test(overlap) && !isSurplus(trimmed, length) ? text : cut;
  }
  return text;
}

const pairs: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' };

/** Whether the text closes more than it opens, so that its last closers are meant for what stands before the cursor. */
function isSurplus(text: string, overlapLength: number): boolean {
  const closersAtEnd = [...text.slice(text.length - overlapLength)].filter((sign) => sign in pairs);
  if (closersAtEnd.length === 0) return true;
  return closersAtEnd.some((sign) => count(text, sign) > count(text, pairs[sign] ?? ''));
}

function count(text: string, sign: string): number {
  let found = 0;
  for (const character of text) if (character === sign) found++;
  return found;
}
