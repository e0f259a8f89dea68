// Medians, their intervals and paired ratios. Pure: numbers in, numbers out.

export type Interval = readonly [low: number, high: number];

export interface Median {
  readonly median: number;
  /** Covers the true median with at least 95 %; null when too few samples are there to say so. */
  readonly interval: Interval | null;
}

export function medianOf(samples: readonly number[]): Median {
  if (samples.length === 0) throw new Error('There is no median of no samples.');
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (index: number) => sorted[index] as number;
  const middle = Math.floor(sorted.length / 2);
  const median = sorted.length % 2 === 1 ? at(middle) : (at(middle - 1) + at(middle)) / 2;
  const rank = intervalRank(sorted.length);
  return { median, interval: rank === null ? null : [at(rank), at(sorted.length - 1 - rank)] };
}

/**
 * The order statistics that enclose the median: the number of samples below it is binomial with p = 1/2 whatever the distribution, so
 * nothing is assumed about the noise. https://en.wikipedia.org/wiki/Median#Confidence_intervals
 * @returns zero-based index from either end, the largest that still covers 95 %; null when even the extremes do not (n < 6)
 */
function intervalRank(count: number): number | null {
  let tail = 0;
  let combinations = 1;
  let rank: number | null = null;
  for (let below = 0; below < count / 2; below++) {
    tail += combinations / 2 ** count;
    if (1 - 2 * tail < 0.95) break;
    rank = below;
    combinations = (combinations * (count - below)) / (below + 1);
  }
  return rank;
}

/** Ratio of each pair: what slows the whole machine for a while slows both halves of a pair. */
export function ratiosOf(ours: readonly number[], peer: readonly number[]): number[] {
  if (ours.length !== peer.length) throw new Error(`${ours.length} samples cannot be paired with ${peer.length}.`);
  return ours.map((value, index) => value / (peer[index] as number));
}
