// A small model with the same vocabulary that guesses for a large one. It reads the prompt beside it, a piece a tick, and then writes
// ahead greedily. It knows its own context; it must not know the large model. Its calls belong into the large one's turn: two contexts
// never decode at once.
import type { Addon, AddonSampler } from '../addon.ts';
import type { Priority } from '../protocol/messages.ts';
import type { Sequence } from '../sequencePool.ts';
import { commonPrefix, SequencePool } from '../sequencePool.ts';
import type { Drafter } from './drafter.ts';

/** Tokens that it reads in one tick of the large model, which waits for it; and while there is little time. */
const readingChunk = 64;
const shortReadingChunk = 16;

export interface DraftModelOptions {
  readonly addon: Addon;
  readonly sequences: number;
  /** Tokens for each sequence. */
  readonly contextSize: number;
  readonly threads: number;
}

export class DraftModel {
  readonly #options: DraftModelOptions;
  readonly #pool: SequencePool;

  constructor(options: DraftModelOptions) {
    this.#options = options;
    this.#pool = new SequencePool(options.sequences);
  }

  /** @returns undefined when all of its sequences are in use */
  drafterFor(prompt: Uint32Array, priority: Priority): Drafter | undefined {
    const sequence = this.#pool.take(priority, prompt);
    return sequence && new ModelDrafter(prompt, sequence, this.#options, () => this.#pool.give(sequence));
  }
}

class ModelDrafter implements Drafter {
  readonly kind = 'draftModel';
  readonly #options: DraftModelOptions;
  readonly #sequence: Sequence;
  readonly #give: () => void;
  readonly #sampler: AddonSampler;
  /** The prompt and the answer so far. */
  readonly #text: number[];
  #canBeCut = true;

  constructor(prompt: Uint32Array, sequence: Sequence, options: DraftModelOptions, give: () => void) {
    this.#text = [...prompt];
    this.#sequence = sequence;
    this.#options = options;
    this.#give = give;
    this.#sampler = options.addon.makeSampler();
    this.#sampler.applyConfig({ temperature: 0 });
  }

  async draft(most: number, mostMs: number): Promise<readonly number[]> {
    const { contextSize } = this.#options;
    const startedAt = performance.now();
    if (!this.#canBeCut || this.#text.length + most > contextSize) return [];
    this.#cut();
    if (!this.#canBeCut) return [];
    const unread = this.#text.length - this.#sequence.tokens.length;
    const chunk = Number.isFinite(mostMs) ? shortReadingChunk : readingChunk;
    if (unread > chunk) {
      await this.#read(this.#text.slice(this.#sequence.tokens.length, this.#sequence.tokens.length + chunk), false);
      return [];
    }
    const guessed: number[] = [];
    let next = await this.#read(this.#text.slice(this.#sequence.tokens.length), true);
    while (next >= 0) {
      guessed.push(next);
      if (guessed.length === most || performance.now() - startedAt >= mostMs) break;
      next = await this.#read([next], true);
    }
    return guessed;
  }

  append(token: number): void {
    this.#text.push(token);
  }

  dispose(): void {
    this.#sampler.dispose();
    this.#give();
  }

  /** Takes back what it wrote and the large model did not. */
  #cut(): void {
    const { context } = this.#options.addon;
    const { tokens, id } = this.#sequence;
    // The last token is always read again: its successor is what is asked for.
    const common = Math.min(commonPrefix(tokens, this.#text), this.#text.length - 1);
    if (common === tokens.length) return;
    if (common > 0 && context.removeTokenCellsFromSequence(id, common, -1)) {
      tokens.length = common;
      return;
    }
    context.disposeSequence(id);
    this.#sequence.tokens = [];
    // It would have to read everything again after each guess that did not come true.
    if (common > 0) this.#canBeCut = false;
  }

  /** @returns the token that it would write next, or -1 when none is wanted */
  async #read(tokens: readonly number[], isSampled: boolean): Promise<number> {
    const { addon, threads } = this.#options;
    addon.context.setThreads(threads);
    addon.context.initBatch(tokens.length);
    const wanted = isSampled ? Uint32Array.of(tokens.length - 1) : new Uint32Array(0);
    const [index] = addon.context.addToBatch(this.#sequence.id, this.#sequence.tokens.length, Uint32Array.from(tokens), wanted);
    await addon.context.decodeBatch();
    this.#sequence.tokens.push(...tokens);
    return index === undefined ? -1 : addon.context.sampleToken(index, this.#sampler);
  }
}
