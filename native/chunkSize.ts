// How many tokens of a prompt are evaluated at a time, from how fast the last ones were. It knows counts and times.

/** A chunk of a prompt aims at this long: an abort and a request of higher priority wait for it. */
const chunkTargetMs = 50;
/** The CPU back end is 1.65 times as fast a token from this many on (README-loops.md), so fewer are taken only where even they last too long. */
const chunkStep = 64;
const patientChunkMs = 400;
const smallestChunk = 16;
const firstChunk = 128;

export class ChunkSize {
  #tokensPerMs = 0;

  /** Tokens of the next chunk. */
  get next(): number {
    if (this.#tokensPerMs === 0) return firstChunk;
    const wanted = Math.round(this.#tokensPerMs * chunkTargetMs);
    if (wanted >= chunkStep) return wanted - (wanted % chunkStep);
    return chunkStep / this.#tokensPerMs <= patientChunkMs ? chunkStep : Math.max(smallestChunk, wanted);
  }

  /** A batch of so many tokens took so many ms. */
  note(tokens: number, elapsedMs: number): void {
    if (tokens < smallestChunk || elapsedMs <= 0) return;
    const rate = tokens / elapsedMs;
    this.#tokensPerMs = this.#tokensPerMs === 0 ? rate : this.#tokensPerMs * 0.7 + rate * 0.3;
  }
}
