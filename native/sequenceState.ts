// What the sequences of one context hold: brought to a prompt's beginning, taken back, forgotten. It knows the native context and the
// pool; it must not know priorities or text.
import type { Addon } from './addon.ts';
import { biasAgainst } from './addon.ts';
import type { Sequence, SequencePool } from './sequencePool.ts';
import { commonPrefix } from './sequencePool.ts';
import type { Stream } from './stream.ts';

/** Copying the state of another sequence is worth it from so many tokens on. */
const leastCopied = 64;

export class SequenceState {
  readonly #addon: Addon;
  readonly #pool: SequencePool;

  constructor(addon: Addon, pool: SequencePool) {
    this.#addon = addon;
    this.#pool = pool;
  }

  /** What the sequence holds is made the longest beginning of the prompt that can be had; in the turn in which it is needed. */
  async prepare(stream: Stream, sequence: Sequence): Promise<void> {
    // The last token is always evaluated: its successor is what is asked for.
    const before = stream.prompt.subarray(0, stream.prompt.length - 1);
    await this.#copyLonger(sequence, before);
    if (stream.head && stream.head.savedTokens > commonPrefix(sequence.tokens, before)) {
      sequence.tokens = [...(await stream.head.restore(sequence))];
      stream.restoredTokens = sequence.tokens.length;
    }
    this.#cut(sequence, commonPrefix(sequence.tokens, before));
    stream.reusedTokens = sequence.tokens.length;
    stream.pending = stream.prompt.subarray(stream.reusedTokens);
    stream.sampler = this.#addon.makeSampler();
    const { notFirst, sampling } = stream;
    stream.sampler.applyConfig(notFirst ? { ...sampling, ...biasAgainst(notFirst) } : sampling);
  }

  /**
   * Another sequence may hold much more of the prompt, but serve another request: its state is copied. The library copies with the next
   * decode, so one must follow before anything else is done with the sequence.
   */
  async #copyLonger(sequence: Sequence, prompt: Uint32Array): Promise<void> {
    const own = commonPrefix(sequence.tokens, prompt);
    const { source, common } = this.#pool.longest(prompt);
    if (!source || source === sequence || common < own + leastCopied) return;
    this.forget(sequence);
    await this.#addon.context.copySequenceStateFromOtherSequence(sequence.id, source.id);
    sequence.tokens = [...source.tokens];
  }

  /** Some models (recurrent ones, sliding windows) cannot go back to the middle; they start anew. */
  #cut(sequence: Sequence, length: number): void {
    if (length === sequence.tokens.length) return;
    if (length > 0 && this.removeFrom(sequence, length)) sequence.tokens.length = length;
    else this.forget(sequence);
  }

  /** False when the state from there on cannot be taken back: it is one of the whole text, or the tokens before have slid out of a window. */
  removeFrom({ id }: Sequence, position: number): boolean {
    const { context } = this.#addon;
    return context.getSequenceKvCacheMinPosition(id) === 0 && context.removeTokenCellsFromSequence(id, position, -1);
  }

  forget(sequence: Sequence): void {
    this.#addon.context.disposeSequence(sequence.id);
    sequence.tokens = [];
  }
}
