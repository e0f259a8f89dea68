// How many tokens of a prompt are evaluated at a time, from how fast the last ones were. It knows counts and times.

/** A chunk of a prompt aims at this long: an abort and a request of higher priority wait for it. */
export const chunkTargetMs = 50;
/**
 * The CPU back end is `stepGain` times as fast a token from this many on (README-loops.md), so fewer are taken only while somebody types, or where even
 * they last too long.
 */
const chunkStep = 64;
const stepGain = 1.65;
const patientChunkMs = 400;
const smallestChunk = 8;
const firstChunk = 128;
const firstChunkWhileTyping = 32;
const newest = 0.3;

export interface NextChunk {
  /** Tokens that are left of the prompt. */
  readonly pending: number;
  /** Whether a request of higher priority may come at any moment. */
  readonly mustBeShort: boolean;
}

export class ChunkSize {
  /** Tokens a ms in batches of fewer than `chunkStep` and of more; undefined until one was seen. */
  #few: number | undefined;
  #many: number | undefined;

  /** Tokens of the next chunk; may be more than are left. */
  next({ pending, mustBeShort }: NextChunk): number {
    const many = this.#many ?? (this.#few === undefined ? undefined : this.#few * stepGain);
    if (many === undefined) return mustBeShort ? firstChunkWhileTyping : firstChunk;
    const wanted = Math.round(many * chunkTargetMs);
    if (wanted < chunkStep && (mustBeShort || chunkStep / many > patientChunkMs)) return this.#short(many);
    const chunk = Math.max(chunkStep, wanted - (wanted % chunkStep));
    // What would be left for the end could cost more than a whole step.
    const isTail = pending > chunk && pending < chunk + chunkStep && pending / many <= (mustBeShort ? chunkTargetMs : patientChunkMs);
    return isTail ? pending : chunk;
  }

  #short(many: number): number {
    return Math.min(chunkStep - 1, Math.max(smallestChunk, Math.round((this.#few ?? many / stepGain) * chunkTargetMs)));
  }

  /** A batch of so many tokens took so many ms. */
  note(tokens: number, elapsedMs: number): void {
    if (tokens < smallestChunk || elapsedMs <= 0) return;
    const rate = tokens / elapsedMs;
    if (tokens >= chunkStep) this.#many = mean(this.#many, rate);
    else {
      this.#few = mean(this.#few, rate);
      // Deep in a long prompt everything is slow. Whole steps that were given up there are tried again when short chunks are faster.
      if (this.#many !== undefined) this.#many = Math.max(this.#many, mean(this.#many, rate * stepGain));
    }
  }
}

function mean(before: number | undefined, now: number): number {
  return before === undefined ? now : before * (1 - newest) + now * newest;
}
