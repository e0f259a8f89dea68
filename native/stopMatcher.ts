// Streams decoded text while holding back what may still turn into a stop text. It knows strings; it must not know tokens.

export interface StopStep {
  /** Text that is certain and can be shown. */
  readonly text: string;
  readonly stopped: boolean;
}

export class StopMatcher {
  readonly #stops: readonly string[];
  readonly #longest: number;
  #held = '';

  constructor(stops: readonly string[]) {
    this.#stops = stops;
    this.#longest = Math.max(0, ...stops.map((stop) => stop.length));
  }

  push(text: string): StopStep {
    this.#held += text;
    // The one that is complete first, as if the text came character by character; of several the one that began first.
    let first = { from: -1, to: Infinity };
    for (const stop of this.#stops) {
      const from = this.#held.indexOf(stop);
      const to = from + stop.length;
      if (from >= 0 && (to < first.to || (to === first.to && from < first.from))) first = { from, to };
    }
    if (first.from >= 0) {
      const before = this.#held.slice(0, first.from);
      this.#held = this.#held.slice(first.from, first.to);
      return { text: before, stopped: true };
    }
    const keep = this.#suffixThatMayBecomeStop();
    const out = this.#held.slice(0, this.#held.length - keep);
    this.#held = this.#held.slice(this.#held.length - keep);
    return { text: out, stopped: false };
  }

  /** Text that may still turn into a stop text, or the one that was found. */
  get held(): string {
    return this.#held;
  }

  /** What was held back, when no more text comes. */
  end(): string {
    const rest = this.#held;
    this.#held = '';
    return rest;
  }

  #suffixThatMayBecomeStop(): number {
    for (let length = Math.min(this.#longest - 1, this.#held.length); length > 0; length--) {
      const suffix = this.#held.slice(this.#held.length - length);
      if (this.#stops.some((stop) => stop.startsWith(suffix))) return length;
    }
    return 0;
  }
}
