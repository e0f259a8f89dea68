// How long a tick with so many tokens takes, learned while ticks are made: on a GPU twenty tokens cost little more than one, on a
// processor nearly ten times as much. It knows sizes and times; it must not know what the tokens are.

/** Sizes whose times are learned apart. Back ends change their way of computing at powers of two. */
const sizes = [1, 2, 4, 8, 16, 32, 64] as const;
/**
 * Other programs only ever make a tick longer, so a shorter time than expected says more than a longer one: what is learned is near the
 * lower end of what was seen.
 */
const shorter = 0.5;
const longer = 0.15;
/** What one more token is taken to cost, in single ticks, before anything is known: cheap enough to be tried, which tells. */
const untriedShare = 0.3;
/** With each other tick, what was found too slow comes nearer to what was expected of it by this share, so that it is tried again some day. */
const forgetting = 0.001;

export class TickCosts {
  /** ms for each of `sizes`. */
  readonly #ms: (number | undefined)[] = sizes.map(() => undefined);

  /** `size` tokens took so many ms. */
  note(size: number, elapsedMs: number): void {
    const noted = indexOf(size);
    for (const [index, known] of this.#ms.entries()) {
      if (index === 0 || index === noted || known === undefined) continue;
      const expected = this.#untried(sizes[index] as number);
      if (known > expected) this.#ms[index] = known + (expected - known) * forgetting;
    }
    // As if it had been a batch of exactly the size that stands for it.
    const ms = (elapsedMs * (sizes[noted] as number)) / size;
    // From what was expected, so that one disturbed tick does not end the trying.
    const before = this.#ms[noted] ?? (noted === 0 ? ms : this.of(sizes[noted] as number)) ?? ms;
    this.#ms[noted] = before + (ms - before) * (ms < before ? shorter : longer);
  }

  /** Expected ms of a tick with `size` tokens; undefined until one of a single token was seen. */
  of(size: number): number | undefined {
    if (this.#ms[0] === undefined) return undefined;
    const index = indexOf(size);
    const known = this.#ms[index];
    return known === undefined ? this.#untried(size) : (known * size) / (sizes[index] as number);
  }

  #untried(size: number): number {
    return (this.#ms[0] ?? 0) * (1 + (size - 1) * untriedShare);
  }
}

/** The largest of `sizes` that is not above this one. */
function indexOf(size: number): number {
  let index = sizes.length - 1;
  while (index > 0 && (sizes[index] as number) > size) index--;
  return index;
}
