// How many tokens are worth guessing next: as many as bring the most confirmed tokens in the time that confirming takes, none where
// that is slower than writing one after the other. It knows counts and times of one answer; it must not know tokens.
import type { TickCosts } from './tickCosts.ts';

/** Lengths to choose from; with the token before them they fill batches of sizes that back ends are fast at. */
const lengths = [1, 2, 3, 5, 7, 11, 15, 23, 31, 47, 63] as const;
/** A gain below this is noise. */
const leastGain = 1.05;
const mostLikely = 0.99;
/** Each token that came true weighs so much against what is thought of new places. */
const doubt = 2;
/** How much one guess changes what is thought of the first token of a guess. */
const newest = 0.3;
/** What is thought of it at first, and drifts back to: what did not come true in one place may in another. */
const untried = 0.6;
const drift = 0.02;

export class DraftLength {
  readonly #costs: TickCosts;
  /** How often the first token of a guess at a new place came true. */
  #fresh = untried;
  /** Tokens that came true, guessed or not, since the last one that did not. */
  #streak = 0;

  constructor(costs: TickCosts) {
    this.#costs = costs;
  }

  /** Tokens to guess now, at most `most`, in a tick that is expected to take `mostMs` at most; 0 for none. */
  next(most: number, mostMs = Number.POSITIVE_INFINITY): number {
    const plainMs = this.#costs.of(1);
    if (plainMs === undefined) return 0;
    const likely = Math.min(mostLikely, (this.#fresh + doubt * this.#streak) / (1 + doubt * this.#streak));
    let best = 0;
    let bestRate = leastGain / plainMs;
    for (const length of lengths) {
      const tickMs = this.#costs.of(length + 1) ?? plainMs;
      if (length > most || tickMs > mostMs) break;
      const expected = (1 - likely ** (length + 1)) / (1 - likely);
      const rate = expected / tickMs;
      if (rate <= bestRate) continue;
      best = length;
      bestRate = rate;
    }
    return best;
  }

  /** A token came without a guess. `wasExpected`: whether it would have been guessed; undefined where there was no idea. */
  notePlain(wasExpected: boolean | undefined): void {
    this.#fresh += (untried - this.#fresh) * drift;
    if (wasExpected !== undefined) this.#streak = wasExpected ? this.#streak + 1 : 0;
  }

  /** Of `drafted` > 0 guessed tokens the first `accepted` came true. */
  noteDrafted(drafted: number, accepted: number): void {
    if (this.#streak === 0) this.#fresh += ((accepted > 0 ? 1 : 0) - this.#fresh) * newest;
    this.#streak = accepted === drafted ? this.#streak + accepted : 0;
  }
}
