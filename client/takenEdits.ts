// Counts how many proposed changes a document took, by comparing its text before and after: VS Code's preview does not say.
// It knows texts and offsets; it must not know documents or why a change was left out.

export interface OffsetEdit {
  /** UTF-16 offsets [start, end) in the text before. */
  readonly start: number;
  readonly end: number;
  readonly newText: string;
}

/** Where several readings of the text differ only in what cannot be told apart, this many are followed. */
const maxReadings = 64;

/**
 * @param edits in document order, not overlapping
 * @returns how many were taken, or undefined when something else changed the text too
 */
export function countTakenEdits(before: string, after: string, edits: readonly OffsetEdit[]): number | undefined {
  // Each reading is an offset in the text after, with the most edits that lead there.
  let readings = new Map<number, number>([[0, 0]]);
  let from = 0;
  for (const { start, end, newText } of edits) {
    const kept = before.slice(from, start);
    const next = new Map<number, number>();
    for (const [offset, taken] of readings) {
      if (!after.startsWith(kept, offset)) continue;
      const here = offset + kept.length;
      const old = before.slice(start, end);
      if (after.startsWith(newText, here)) follow(next, here + newText.length, taken + 1);
      if (after.startsWith(old, here)) follow(next, here + old.length, taken);
    }
    readings = next;
    from = end;
  }
  const rest = before.slice(from);
  const counts = [...readings].flatMap(([offset, taken]) => (after.length - offset === rest.length && after.endsWith(rest) ? [taken] : []));
  return counts.length === 0 ? undefined : Math.max(...counts);
}

function follow(readings: Map<number, number>, offset: number, taken: number): void {
  if (readings.size < maxReadings || readings.has(offset)) readings.set(offset, Math.max(taken, readings.get(offset) ?? 0));
}
