// Cuts text that repeats itself. Weak models fall into loops; nobody wants the second round. It knows text alone.

/** Longest period that counts as a loop, in UTF-16 units. */
const longestPeriod = 80;
const leastRepeats = 3;
/** Short runs of one sign (a rule of dashes, an indentation) are no loops. */
const leastLoopLength = 12;
const longestRun = 130;

/** @returns the text up to the end of the loop's first round; the text itself when it has no loop at its end */
export function cutLoops(text: string): string {
  const trimmed = text.trimEnd();
  for (let period = 1; period <= Math.min(longestPeriod, Math.floor(trimmed.length / leastRepeats)); period++) {
    const matched = matchedBackwards(trimmed, period);
    const loopLength = matched + period;
    if (loopLength < period * leastRepeats || loopLength < leastLoopLength) continue;
    const round = trimmed.slice(trimmed.length - period);
    // Blanks and single signs repeat in honest code: indentation, underlines, table rules. None of them is this long.
    if (new Set(round).size < 2 && loopLength < longestRun) continue;
    return text.slice(0, trimmed.length - loopLength + period);
  }
  return text;
}

/** How many characters from the end equal the one `period` before them. */
function matchedBackwards(text: string, period: number): number {
  let matched = 0;
  while (matched < text.length - period && text[text.length - 1 - matched] === text[text.length - 1 - matched - period]) matched++;
  return matched;
}
