// A stretch of text that was accepted, followed through later changes, and how much of it still stands. It knows offsets; it must not
// know documents or time.

export interface TrackedText {
  readonly start: number;
  readonly end: number;
  /** As it was accepted. */
  readonly text: string;
}

export interface TextChange {
  /** UTF-16 offsets in the text before this change. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export function afterChange(tracked: TrackedText, change: TextChange): TrackedText {
  const delta = change.text.length - (change.end - change.start);
  if (change.start >= tracked.end) return tracked;
  if (change.end <= tracked.start) return { ...tracked, start: tracked.start + delta, end: tracked.end + delta };
  // What overlaps one edge is counted as outside: it was not part of what was accepted.
  const start = change.start < tracked.start ? change.start + change.text.length : tracked.start;
  const end = change.end > tracked.end ? Math.max(start, change.start) : tracked.end + delta;
  return { ...tracked, start, end: Math.max(start, end) };
}

const mostCompared = 2000;

/** @returns 0 to 1: the share of the accepted text that still stands there in order */
export function keptShare(tracked: TrackedText, documentText: string): number {
  const now = documentText.slice(tracked.start, Math.min(tracked.end, tracked.start + 2 * mostCompared)).replaceAll('\r\n', '\n');
  const wanted = wordsOf(tracked.text.slice(0, mostCompared));
  if (wanted.length === 0) return 0;
  if (now === tracked.text) return 1;
  return commonInOrder(wanted, wordsOf(now)) / wanted.length;
}

function wordsOf(text: string): readonly string[] {
  return text.match(/[\p{L}\p{N}_$]+|[^\s\p{L}\p{N}_$]/gu) ?? [];
}

/** Length of the longest common subsequence. */
function commonInOrder(one: readonly string[], other: readonly string[]): number {
  let previous = Array.from({ length: other.length + 1 }, () => 0);
  for (const word of one) {
    const row = [0];
    for (let index = 0; index < other.length; index++) {
      row.push(word === other[index] ? (previous[index] ?? 0) + 1 : Math.max(previous[index + 1] ?? 0, row[index] ?? 0));
    }
    previous = row;
  }
  return previous.at(-1) ?? 0;
}
