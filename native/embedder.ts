// Vectors of texts, from a context of their own beside the one that writes answers. It knows embedding and when it may run: one text at a
// time, in a turn of its own, and only while nothing more urgent is active. It must not know what vectors are for.
// The library gives the vector of the last batch's first sequence only, so a batch holds one text.
import type { LlamaEmbeddingContext, LlamaModel, Token } from 'node-llama-cpp';
import { LlamaVocabularyType } from 'node-llama-cpp';
import type { AddonEmbeddingContext } from './addon.ts';
import { addonOfEmbedding, memoryOfEmbedding } from './addon.ts';
import type { MemoryNeed } from './memoryPlan.ts';
import { embeddingNeed } from './modelEstimates.ts';
import { memoryProblem } from './modelProblems.ts';
import type { PromptProblem } from './promptProblems.ts';
import { modelCannot, promptProblem } from './promptProblems.ts';
import type { EmbedResult } from './protocol/messages.ts';
import type { Vocabulary } from './promptTokens.ts';
import type { ModelTurns } from './turns.ts';
import { rankOf } from './turns.ts';
import { messageOf } from './messageOf.ts';

/** What a text is cut to: an inline request waits for one whole text, and the library makes room for the logits of each of its tokens. */
const mostTokens = 512;
/** Tokens are rarely longer, so no text is tokenized that is cut off in any case. */
const charactersOfToken = 32;
const mebibyte = 1024 * 1024;
/** Digits of a single-precision number. */
const digits = 7;

export interface EmbedderOptions {
  readonly model: LlamaModel;
  readonly path: string;
  readonly vocabulary: Vocabulary;
  readonly threads: number;
  readonly turns: ModelTurns;
  /** Whether so much more may be taken, after idle models made room for it if need be. */
  readonly hasRoom: (need: MemoryNeed) => Promise<boolean>;
}

interface Opened {
  readonly context: LlamaEmbeddingContext;
  readonly addon: AddonEmbeddingContext;
}

type Evaluated = { readonly outcome: 'ok'; readonly vector: number[] } | PromptProblem;

export class Embedder {
  readonly #options: EmbedderOptions;
  /** Made at the first use: it costs memory. */
  #opened: Promise<Opened> | undefined;
  #isDisposed = false;
  /** In bytes; of a context that was made. */
  #memory = { ram: 0, vram: 0 };

  constructor(options: EmbedderOptions) {
    this.#options = options;
  }

  /** Rejects only when the library fails; being aborted is a result. */
  async embed(texts: readonly string[], signal: AbortSignal): Promise<EmbedResult> {
    const { turns, path, model } = this.#options;
    if (model.fileInsights.hasEncoder && model.fileInsights.hasDecoder) return modelCannot('Models that encode and decode give no vectors.');
    const leave = turns.enter('background');
    try {
      const addon = await this.#addon();
      if ('refusal' in addon) return { outcome: 'modelProblem', problem: memoryProblem(path, addon.refusal) };
      const vectors: number[][] = [];
      for (const [index, text] of texts.entries()) {
        const tokens = this.#tokensOf(text);
        if (tokens.length === 0) return promptProblem(`Text ${index + 1} is empty: it has no vector.`, 'Leave out texts without a word.');
        const evaluated = await this.#inTurn(() => this.#evaluate(addon, tokens), signal);
        if (evaluated?.outcome !== 'ok') return evaluated ?? { outcome: 'cancelled' };
        vectors.push(evaluated.vector);
      }
      return { outcome: 'ok', vectors };
    } finally {
      leave();
    }
  }

  /** @returns undefined when the signal aborts before its turn has come: while other models have it, somebody may type, and goes first */
  async #inTurn(act: () => Promise<Evaluated>, signal: AbortSignal): Promise<Evaluated | undefined> {
    const { turns } = this.#options;
    const rank = rankOf('background');
    for (;;) {
      await turns.mayStep(rank, signal);
      if (signal.aborted) return undefined;
      const evaluated = await turns.exclusive.run(async () => (signal.aborted || turns.mustWait(rank) ? undefined : act()));
      if (evaluated) return evaluated;
    }
  }

  get memory(): { readonly ram: number; readonly vram: number } {
    return this.#memory;
  }

  async dispose(): Promise<void> {
    this.#isDisposed = true;
    const opened = await this.#opened?.catch(() => undefined);
    // Freeing a context under a running evaluation would crash the process.
    if (opened) await this.#options.turns.exclusive.run(() => opened.context.dispose());
  }

  get #contextSize(): number {
    return Math.min(this.#options.model.trainContextSize, mostTokens);
  }

  async #addon(): Promise<AddonEmbeddingContext | { readonly refusal: string }> {
    this.#opened ??= this.#open();
    try {
      return (await this.#opened).addon;
    } catch (error) {
      // Memory may be free again at the next request.
      this.#opened = undefined;
      return { refusal: messageOf(error) };
    }
  }

  /** @throws Error when there is too little memory */
  async #open(): Promise<Opened> {
    const { model, threads, hasRoom } = this.#options;
    const need = await embeddingNeed(model, this.#contextSize);
    if (!(await hasRoom(need))) {
      throw new Error(`vectors need ${Math.ceil((need.ramBytes + need.vramBytes) / mebibyte)} MiB more than the model itself`);
    }
    // Room was made by the figures above, so the library's own checks, with other reserves, are left out.
    const context = await model.createEmbeddingContext({
      contextSize: this.#contextSize,
      batchSize: this.#contextSize,
      threads,
      ignoreMemorySafetyChecks: true,
    });
    this.#memory = memoryOfEmbedding(context);
    return { context, addon: addonOfEmbedding(context) };
  }

  /** Between the tokens that the model learned to see around a text, as llama.cpp's own tokenizer puts them. */
  #tokensOf(text: string): Uint32Array {
    const { model, vocabulary } = this.#options;
    const { bos, eos, sep, shouldPrependBosToken, shouldAppendEosToken } = model.tokens;
    const isWordPiece = model.vocabularyType === LlamaVocabularyType.wpm;
    const isUnigram = model.vocabularyType === LlamaVocabularyType.ugm;
    const before = isWordPiece || (shouldPrependBosToken && !isUnigram) ? bos : null;
    const after = isWordPiece ? sep : isUnigram || shouldAppendEosToken ? eos : null;
    const around = (token: Token | null) => (token === null ? [] : [token]);
    const room = this.#contextSize - around(before).length - around(after).length;
    const plain = vocabulary.plain(text.slice(0, room * charactersOfToken)).slice(0, room);
    return plain.length === 0 ? new Uint32Array(0) : Uint32Array.from([...around(before), ...plain, ...around(after)]);
  }

  async #evaluate(addon: AddonEmbeddingContext, tokens: Uint32Array): Promise<Evaluated> {
    if (this.#isDisposed) throw new Error('The model was unloaded.');
    addon.setThreads(this.#options.threads);
    addon.initBatch(tokens.length);
    addon.addToBatch(
      0,
      0,
      tokens,
      Uint32Array.from(tokens, (_, index) => index),
    );
    try {
      await addon.decodeBatch();
      const vector = addon.getEmbedding(tokens.length);
      const length = Math.hypot(...vector);
      if (!(length > 0) || !Number.isFinite(length)) return modelCannot('The model gives no vectors.');
      return { outcome: 'ok', vector: Array.from(vector, (value) => Number((value / length).toPrecision(digits))) };
    } finally {
      addon.disposeSequence(0);
    }
  }
}
