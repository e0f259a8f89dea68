// What the sequences of one context hold: brought to a prompt's beginning, taken back, forgotten. It knows the native context and the
// pool; it must not know priorities or text.
import type { Addon } from './addon.ts';
import { biasAgainst } from './addon.ts';
import type { StreamHead } from './chatHeads.ts';
import type { Sequence, SequencePool } from './sequencePool.ts';
import { commonPrefix } from './sequencePool.ts';
import type { Stream } from './stream.ts';

/** Copying the state of another sequence is worth it from so many tokens on. */
const leastCopied = 64;

export class SequenceState {
  readonly #addon: Addon;
  readonly #pool: SequencePool;
  /** From a sequence to the one that it is a copy of: asked for, but made only together with the next decode, over whatever it holds by then. */
  readonly #copies = new Map<Sequence, Sequence>();

  constructor(addon: Addon, pool: SequencePool) {
    this.#addon = addon;
    this.#pool = pool;
  }

  /** What the sequence holds is made the longest beginning of the prompt that can be had; in the turn in which it is needed. */
  async prepare(stream: Stream, sequence: Sequence): Promise<void> {
    // The last token is always evaluated: its successor is what is asked for.
    const before = stream.prompt.subarray(0, stream.prompt.length - 1);
    if (await this.#restore(stream.head, sequence, before)) stream.restoredTokens = sequence.tokens.length;
    else await this.#copyLonger(sequence, before);
    this.#cut(sequence, commonPrefix(sequence.tokens, before));
    stream.reusedTokens = sequence.tokens.length;
    stream.pending = stream.prompt.subarray(stream.reusedTokens);
    stream.sampler = this.#addon.makeSampler();
    const { notFirst, sampling } = stream;
    stream.sampler.applyConfig(notFirst ? { ...sampling, ...biasAgainst(notFirst) } : sampling);
  }

  /** Whether what the sequence says that it holds is there: a copy comes with the next decode, and a file must never be written from it before. */
  isWhole(sequence: Sequence): boolean {
    return !this.#copies.has(sequence);
  }

  /** To be called after each decode. */
  noteDecoded(): void {
    this.#copies.clear();
  }

  /**
   * From disk, where that gives more than any sequence in memory. It is one or the other: a copy would come over what was restored.
   * @returns false when nothing was restored
   */
  async #restore(head: StreamHead | undefined, sequence: Sequence, prompt: Uint32Array): Promise<boolean> {
    const own = commonPrefix(sequence.tokens, prompt);
    const { common } = this.#pool.longest(prompt);
    const held = common < own + leastCopied ? own : common;
    if (!head || head.savedTokens <= held) return false;
    // What it holds is replaced at once, but a copy into it, or from it, would be made afterwards.
    if ([...this.#copies].flat().includes(sequence)) await this.#makeCopies(sequence, prompt);
    sequence.tokens = [...(await head.restore(sequence))];
    return sequence.tokens.length > 0;
  }

  /**
   * Another sequence may hold much more of the prompt, but serve another request: its state is copied. The library copies with the next
   * decode, so one must follow before anything else is done with the sequence.
   */
  async #copyLonger(sequence: Sequence, prompt: Uint32Array): Promise<void> {
    const own = commonPrefix(sequence.tokens, prompt);
    const { source, common } = this.#pool.longest(prompt);
    if (!source || source === sequence || common < own + leastCopied) return;
    if (!this.isWhole(source)) await this.#makeCopies(sequence, prompt);
    this.forget(sequence);
    await this.#addon.context.copySequenceStateFromOtherSequence(sequence.id, source.id);
    this.#copies.set(sequence, source);
    sequence.tokens = [...source.tokens];
  }

  /** One token is decoded in a sequence whose content is not needed any more. It happens where two prompts come at once, or after a decode that failed. */
  async #makeCopies(scratch: Sequence, prompt: Uint32Array): Promise<void> {
    const { context } = this.#addon;
    this.forget(scratch);
    context.initBatch(1);
    context.addToBatch(scratch.id, 0, prompt.subarray(0, 1), new Uint32Array(0));
    await context.decodeBatch();
    this.noteDecoded();
    this.forget(scratch);
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
