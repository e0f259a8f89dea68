// The decode loop of one context. One tick advances every stream of the highest priority by one token, all in one batch, plus at most
// one chunk of a prompt. Between two ticks streams come, go and are aborted, so nothing waits for more than one tick.
// It knows tokens, batches and priorities; it must not know text, prompts or clients.
import type { Addon, AddonSampler, SamplerConfig } from './addon.ts';
import { biasAgainst } from './addon.ts';
import type { Priority } from './protocol/messages.ts';
import type { Sampled } from './sampling.ts';
import { sampleToken } from './sampling.ts';
import type { Sequence } from './sequencePool.ts';
import { commonPrefix, SequencePool } from './sequencePool.ts';
import type { Turns } from './turns.ts';
import { rankOf } from './turns.ts';

/** A chunk of a prompt aims at this long: an abort and a request of higher priority wait for it. */
const chunkTargetMs = 50;
/** The CPU back end is 1.65 times as fast a token from this many on (README-loops.md), so fewer are taken only where even they last too long. */
const chunkStep = 64;
const patientChunkMs = 400;
const smallestChunk = 16;
const firstChunk = 128;
/** From this many tokens on a batch is worth all threads; below it they mostly wait for each other. */
const longBatch = 32;

export interface StreamRequest {
  readonly prompt: Uint32Array;
  readonly priority: Priority;
  readonly maxTokens: number;
  readonly sampling: SamplerConfig;
  /** Tokens that may not be the first one. */
  readonly notFirst: Uint32Array | undefined;
  /** How many of the first tokens come with their probability. */
  readonly confidenceTokens?: number | undefined;
  readonly signal: AbortSignal;
  /** Returns true when no further token is wanted. */
  readonly onToken: (token: number) => boolean;
}

export interface StreamResult {
  /** `noToken`: the grammar left none, or took too long to find one. */
  readonly ended: 'wanted' | 'length' | 'cancelled' | 'noToken';
  readonly reusedTokens: number;
  readonly generatedTokens: number;
  /** ms until the stream had a sequence, until its first token, and from there to its end. */
  readonly queueMs: number;
  readonly prefillMs: number;
  readonly decodeMs: number;
  readonly confidence: readonly number[];
}

interface Stream extends StreamRequest {
  readonly rank: number;
  readonly leave: () => void;
  readonly settle: (result: StreamResult) => void;
  readonly fail: (error: Error) => void;
  readonly arrivedAt: number;
  sequence: Sequence | undefined;
  sampler: AddonSampler | undefined;
  /** What is to be evaluated next: the rest of the prompt, or the last token. */
  pending: Uint32Array;
  reusedTokens: number;
  generatedTokens: number;
  startedAt: number;
  firstTokenAt: number;
  readonly confidence: number[];
}

export interface DecodeLoopOptions {
  readonly addon: Addon;
  readonly sequences: number;
  readonly batchSize: number;
  readonly decodeThreads: number;
  readonly prefillThreads: number;
  readonly turns: Turns;
}

export class DecodeLoop {
  readonly #options: DecodeLoopOptions;
  readonly #pool: SequencePool;
  #streams: Stream[] = [];
  #running: Promise<void> | undefined;
  #tokensPerMs = 0;
  #wake: () => void = () => {};
  #ticks = 0;
  #streamTicks = 0;

  constructor(options: DecodeLoopOptions) {
    this.#options = options;
    this.#pool = new SequencePool(options.sequences);
  }

  /** Ticks so far, and the streams that took part in them: their quotient is how full batches were. */
  get fill(): { readonly ticks: number; readonly streamTicks: number } {
    return { ticks: this.#ticks, streamTicks: this.#streamTicks };
  }

  /** Rejects only when the library fails; being aborted is a result. */
  run(request: StreamRequest): Promise<StreamResult> {
    return new Promise((settle, fail) => {
      const stream: Stream = {
        ...request,
        rank: rankOf(request.priority),
        leave: this.#options.turns.enter(request.priority),
        settle,
        fail,
        arrivedAt: performance.now(),
        sequence: undefined,
        sampler: undefined,
        pending: request.prompt,
        reusedTokens: 0,
        generatedTokens: 0,
        startedAt: 0,
        firstTokenAt: 0,
        confidence: [],
      };
      this.#streams.push(stream);
      request.signal.addEventListener('abort', this.#poke, { once: true });
      this.#poke();
      this.#running ??= this.#loop().finally(() => {
        this.#running = undefined;
      });
    });
  }

  /** Resolves when no tick is under way and none will come. */
  async idle(): Promise<void> {
    await this.#running;
  }

  readonly #poke = (): void => this.#wake();

  async #loop(): Promise<void> {
    try {
      for (;;) {
        this.#dropAborted();
        if (this.#streams.length === 0) return;
        const rank = Math.min(...this.#streams.map((stream) => stream.rank));
        if (this.#options.turns.mustWait(rank)) {
          await this.#turn(rank);
          continue;
        }
        for (const stream of this.#streams) if (stream.rank === rank) this.#admit(stream);
        const holding = this.#streams.filter((stream) => stream.sequence !== undefined);
        const urgent = holding.filter((stream) => stream.rank === rank);
        // When less urgent work holds every sequence that the urgent could use, it is finished first: nothing else can free one.
        const streams = urgent.length > 0 ? urgent : holding;
        await this.#options.turns.exclusive.run(() => this.#tick(streams));
      }
    } catch (error) {
      // After a failed decode nobody knows what the sequences hold, so all of it is forgotten.
      const cause = error instanceof Error ? error : new Error(String(error));
      for (const stream of [...this.#streams]) {
        if (stream.sequence) this.#forget(stream.sequence);
        this.#remove(stream);
        stream.fail(cause);
      }
    }
  }

  /** Waits until a model beside this one has no work of a higher priority, or something changes here. */
  async #turn(rank: number): Promise<void> {
    const changed = new AbortController();
    this.#wake = () => changed.abort();
    try {
      await this.#options.turns.mayStep(rank, changed.signal);
    } finally {
      this.#wake = () => {};
    }
  }

  /** Gives a stream the sequence that knows most of its prompt. */
  #admit(stream: Stream): void {
    if (stream.sequence) return;
    const sequence = this.#pool.take(stream.priority, stream.prompt);
    if (!sequence) return;
    stream.sequence = sequence;
    stream.startedAt = performance.now();
    // The last token is always evaluated: its successor is what is asked for.
    const common = commonPrefix(sequence.tokens, stream.prompt.subarray(0, stream.prompt.length - 1));
    if (common < sequence.tokens.length) {
      // Some models (recurrent ones, sliding windows) cannot go back to the middle; they start anew.
      if (common > 0 && this.#options.addon.context.removeTokenCellsFromSequence(sequence.id, common, -1)) sequence.tokens.length = common;
      else this.#forget(sequence);
    }
    stream.reusedTokens = sequence.tokens.length;
    stream.pending = stream.prompt.subarray(stream.reusedTokens);
    stream.sampler = this.#options.addon.makeSampler();
    const { notFirst, sampling } = stream;
    stream.sampler.applyConfig(notFirst ? { ...sampling, ...biasAgainst(notFirst) } : sampling);
  }

  async #tick(streams: readonly Stream[]): Promise<void> {
    const { addon, batchSize, decodeThreads, prefillThreads } = this.#options;
    const work: { readonly stream: Stream; readonly sequence: Sequence; readonly tokens: Uint32Array; readonly isLast: boolean }[] = [];
    let size = 0;
    const plan = (stream: Stream, count: number) => {
      if (!stream.sequence || count <= 0) return;
      work.push({ stream, sequence: stream.sequence, tokens: stream.pending.subarray(0, count), isLast: count === stream.pending.length });
      size += count;
    };
    for (const stream of streams) if (stream.pending.length === 1 && size < batchSize) plan(stream, 1);
    const prefilling = streams.find((stream) => stream.pending.length > 1);
    if (prefilling) plan(prefilling, Math.min(prefilling.pending.length, this.#chunkTokens(), batchSize - size));

    addon.context.setThreads(size >= longBatch ? prefillThreads : decodeThreads);
    addon.context.initBatch(size);
    const samples: { readonly stream: Stream; readonly batchIndex: number }[] = [];
    for (const { stream, sequence, tokens, isLast } of work) {
      const indexes = addon.context.addToBatch(sequence.id, sequence.tokens.length, tokens, isLast ? Uint32Array.of(tokens.length - 1) : new Uint32Array(0));
      if (isLast) samples.push({ stream, batchIndex: indexes[0] ?? 0 });
    }
    const startedAt = performance.now();
    await addon.context.decodeBatch();
    this.#notePrefill(size, performance.now() - startedAt);
    this.#ticks++;
    this.#streamTicks += work.length;
    for (const { stream, sequence, tokens } of work) {
      for (const token of tokens) sequence.tokens.push(token);
      stream.pending = stream.pending.subarray(tokens.length);
    }
    const sampled = await Promise.all(samples.map(({ stream, batchIndex }) => sampleToken(addon.context, { ...samplingOf(stream), batchIndex })));
    for (const [index, { stream }] of samples.entries()) this.#takeSampled(stream, sampled[index]);
  }

  #takeSampled(stream: Stream, sampled: Sampled | undefined): void {
    if (sampled?.confidence !== undefined) stream.confidence.push(sampled.confidence);
    if (sampled?.isRefused) this.#end(stream, 'noToken');
    else this.#take(stream, sampled?.token ?? -1);
  }

  /** A new token of a stream: handed on, and evaluated in the next tick unless it was the last one wanted. */
  #take(stream: Stream, token: number): void {
    if (token < 0) throw new Error('The library could not sample a token.');
    if (stream.generatedTokens === 0) {
      stream.firstTokenAt = performance.now();
      if (stream.notFirst) stream.sampler?.applyConfig(stream.sampling);
    }
    stream.generatedTokens++;
    stream.pending = Uint32Array.of(token);
    const isWanted = stream.onToken(token);
    if (isWanted) this.#end(stream, 'wanted');
    else if (stream.generatedTokens >= stream.maxTokens) this.#end(stream, 'length');
  }

  #dropAborted(): void {
    for (const stream of [...this.#streams]) if (stream.signal.aborted) this.#end(stream, 'cancelled');
  }

  #end(stream: Stream, ended: StreamResult['ended']): void {
    this.#remove(stream);
    const now = performance.now();
    const startedAt = stream.startedAt || now;
    const firstTokenAt = stream.firstTokenAt || now;
    stream.settle({
      ended,
      reusedTokens: stream.reusedTokens,
      generatedTokens: stream.generatedTokens,
      queueMs: startedAt - stream.arrivedAt,
      prefillMs: firstTokenAt - startedAt,
      decodeMs: now - firstTokenAt,
      confidence: stream.confidence,
    });
  }

  #remove(stream: Stream): void {
    this.#streams = this.#streams.filter((other) => other !== stream);
    stream.signal.removeEventListener('abort', this.#poke);
    stream.sampler?.dispose();
    if (stream.sequence) this.#pool.give(stream.sequence);
    stream.leave();
  }

  #forget(sequence: Sequence): void {
    this.#options.addon.context.disposeSequence(sequence.id);
    sequence.tokens = [];
  }

  #chunkTokens(): number {
    if (this.#tokensPerMs === 0) return firstChunk;
    const wanted = Math.round(this.#tokensPerMs * chunkTargetMs);
    if (wanted >= chunkStep) return wanted - (wanted % chunkStep);
    return chunkStep / this.#tokensPerMs <= patientChunkMs ? chunkStep : Math.max(smallestChunk, wanted);
  }

  #notePrefill(tokens: number, elapsedMs: number): void {
    if (tokens < smallestChunk || elapsedMs <= 0) return;
    const rate = tokens / elapsedMs;
    this.#tokensPerMs = this.#tokensPerMs === 0 ? rate : this.#tokensPerMs * 0.7 + rate * 0.3;
  }
}

function samplingOf({ sampler, sampling, generatedTokens, confidenceTokens = 0 }: Stream) {
  return {
    sampler: sampler as AddonSampler,
    followsGrammar: sampling.grammarEvaluationState !== undefined,
    wantsConfidence: generatedTokens < confidenceTokens,
  };
}
