// Which lines of a file a model may have meant, for the message of a refusal. Nothing is ever applied by what is found here.
// It knows rough likeness of lines. It must not know how edits are matched or applied.
import type { LineRange } from './documentLines.ts';
import { findRuns } from './findRuns.ts';

/** Work is bounded: so many lines of the file are looked at, and so many signs of each. */
const maxFileLines = 50_000;
const maxLineLength = 300;
const maxSearchLines = 60;
const maxAnchors = 3;
const maxWindows = 8;
/** Below this mean likeness of its lines a window tells the reader nothing. */
const leastLikeness = 0.35;

/** The lines that are most like `search`, at most as many as it has; undefined when nothing is alike. Takes about 0.1 s for 50,000 lines. */
export function nearestLines(lines: readonly string[], search: readonly string[], within: LineRange = { start: 0, end: lines.length }): LineRange | undefined {
  const wanted = search.slice(0, maxSearchLines).map(words);
  const anchors = wanted
    .map((set, at) => ({ set, at }))
    .filter(({ set }) => set.size > 0)
    .sort((one, other) => other.set.size - one.set.size)
    .slice(0, maxAnchors);
  if (anchors.length === 0) return undefined;
  const end = Math.min(within.end, within.start + maxFileLines, lines.length);
  const votes = new Map<number, number>();
  for (let line = within.start; line < end; line++) {
    const here = words(lines[line] ?? '');
    if (here.size === 0) continue;
    for (const { set, at } of anchors) {
      const likeness = dice(set, here);
      if (likeness >= leastLikeness) votes.set(line - at, (votes.get(line - at) ?? 0) + likeness);
    }
  }
  let best: { start: number; likeness: number } | undefined;
  const windows = [...votes].sort((one, other) => other[1] - one[1] || one[0] - other[0]).slice(0, maxWindows);
  for (const [start] of windows) {
    const likeness = wanted.reduce((sum, set, at) => sum + dice(set, words(lines[start + at] ?? '')), 0) / wanted.length;
    if (likeness > (best?.likeness ?? 0)) best = { start, likeness };
  }
  if (best === undefined) return undefined;
  return { start: Math.max(best.start, within.start), end: Math.min(best.start + wanted.length, end) };
}

/** Zero-based line where the replacement already stands; undefined when it does not. Blanks at line ends are ignored. */
export function alreadyPresent(lines: readonly string[], replace: readonly string[]): number | undefined {
  if (replace.every((line) => line.trim().length < 2)) return undefined;
  const key = (line: string): string => line.trimEnd();
  return findRuns(lines.map(key), replace.map(key), 1)[0];
}

function words(line: string): ReadonlySet<string> {
  return new Set(line.slice(0, maxLineLength).match(/[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]/gu));
}

/** Twice the common words by the number of all; two empty lines are alike. */
function dice(one: ReadonlySet<string>, other: ReadonlySet<string>): number {
  if (one.size === 0 && other.size === 0) return 1;
  let common = 0;
  for (const word of one) if (other.has(word)) common++;
  return (2 * common) / (one.size + other.size);
}
