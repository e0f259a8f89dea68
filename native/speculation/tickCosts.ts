// How long a tick with so many tokens takes, learned while ticks are made: on a GPU sixty tokens cost little more than one, on a processor
// thirty times as much. It knows sizes and times; it must not know what the tokens are.

/** Sizes whose times are learned apart. Back ends change their way of computing at powers of two. */
const sizes = [1, 2, 4, 8, 16, 32, 64] as const;
/**
 * Other programs only ever make a tick longer, so a shorter time than expected says more than a longer one: what is learned is near the
 * lower end of what was seen.
 */
const shorter = 0.4;
const longer = 0.15;
/** A time beyond so many times the expected one is taken for that: something else had the machine. */
const mostSurprise = 3;
/** How much a tick of another size than the one before tells, whose time holds the making of a new compute graph as well. */
const afterChange = 0.08;
/** The same as `shorter` and `longer` for that making. */
const shorterChange = 0.3;
const longerChange = 0.1;
/** What one more token is taken to cost, in single ticks, while no larger size was seen: cheap enough to be tried, which tells. */
const untriedShare = 0.3;
/** With each other tick, what was found too slow comes nearer to what its neighbours say by this share, so that it is tried again some day. */
const forgetting = 0.002;

export class TickCosts {
  /** ms for each of `sizes`, as if the tick before had had the same size. */
  readonly #ms: (number | undefined)[] = sizes.map(() => undefined);
  /**
   * ms more where the size changes: the library keeps the compute graph of the tick before only for the same size. On a small model that is
   * the time of one token, so that a size which is only ever tried once looks twice as slow as it is.
   */
  #changeMs = 0;
  #lastSize = 0;
  #hasDraftedMost = false;

  /** `size` tokens, each of them sampled, took so many ms. */
  note(size: number, elapsedMs: number): void {
    const noted = indexOf(size);
    if (noted === sizes.length - 1) this.#hasDraftedMost = true;
    this.#forget(noted);
    const isSame = size === this.#lastSize;
    this.#lastSize = size;
    const ms = isSame ? elapsedMs : this.#withoutChange(size, elapsedMs);
    // As if it had been a batch of exactly the size that stands for it.
    const asNoted = (ms * (sizes[noted] as number)) / size;
    const before = this.#ms[noted] ?? asNoted;
    const seen = Math.min(asNoted, before * mostSurprise);
    this.#ms[noted] = before + (seen - before) * (isSame ? (seen < before ? shorter : longer) : afterChange);
  }

  /**
   * A tick of other work. A piece of a prompt tells what many tokens cost before any were guessed: a little less than with sampling.
   * `promptMs`: the time of a tick that held nothing but such a piece.
   */
  noteOther(size: number, promptMs: number | undefined): void {
    this.#lastSize = size;
    const most = sizes.length - 1;
    if (promptMs === undefined || this.#hasDraftedMost || indexOf(size) !== most) return;
    this.#ms[most] = (promptMs * (sizes[most] as number)) / size;
  }

  /** Expected ms of a tick with `size` tokens; undefined until one of a single token was seen. */
  of(size: number): number | undefined {
    const single = this.#ms[0];
    if (single === undefined) return undefined;
    const index = indexOf(size);
    const known = this.#ms[index];
    return Math.max(single, known === undefined ? this.#between(size) : (known * size) / (sizes[index] as number));
  }

  #withoutChange(size: number, elapsedMs: number): number {
    const expected = this.of(size);
    if (expected !== undefined) {
      const seen = Math.max(0, Math.min(elapsedMs, expected * mostSurprise) - expected);
      this.#changeMs += (seen - this.#changeMs) * (seen < this.#changeMs ? shorterChange : longerChange);
    }
    return Math.max(0, elapsedMs - this.#changeMs);
  }

  #forget(noted: number): void {
    for (const [index, known] of this.#ms.entries()) {
      if (index === 0 || index === noted || known === undefined) continue;
      const expected = this.#between(sizes[index] as number, index);
      if (known > expected) this.#ms[index] = known + (expected - known) * forgetting;
    }
  }

  /** On the line between the two known sizes around this one. */
  #between(size: number, without?: number): number {
    const known = [...this.#ms.entries()].flatMap(([index, ms]) => (ms === undefined || index === without ? [] : [{ size: sizes[index] as number, ms }]));
    const below = known.findLast((one) => one.size <= size);
    const above = known.find((one) => one.size > size);
    if (!below) return 0;
    if (above) return below.ms + ((Math.max(below.ms, above.ms) - below.ms) * (size - below.size)) / (above.size - below.size);
    return below.size === 1 ? below.ms * (1 + (size - 1) * untriedShare) : (below.ms * size) / below.size;
  }
}

/** The largest of `sizes` that is not above this one. */
function indexOf(size: number): number {
  let index = sizes.length - 1;
  while (index > 0 && (sizes[index] as number) > size) index--;
  return index;
}
