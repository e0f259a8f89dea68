// The decode loop of one context. One tick advances every stream that may go on by one token (or by the guesses that came true), all in
// one batch, plus at most one chunk of a prompt. Between two ticks streams come, go and are aborted, so nothing waits for more than one tick.
// It knows tokens, batches and priorities; it must not know text, prompts or clients.
import type { Addon, AddonSampler, SamplerConfig } from './addon.ts';
import { biasAgainst } from './addon.ts';
import { Admission } from './admission.ts';
import type { StreamHead } from './chatHeads.ts';
import type { Priority } from './protocol/messages.ts';
import type { Sampled } from './sampling.ts';
import { sampleToken } from './sampling.ts';
import type { Sequence } from './sequencePool.ts';
import { commonPrefix, SequencePool } from './sequencePool.ts';
import { DraftLength } from './speculation/draftLength.ts';
import type { Drafter } from './speculation/drafter.ts';
import { TickCosts } from './speculation/tickCosts.ts';
import type { ModelTurns } from './turns.ts';
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
/** Copying the state of another sequence is worth it from so many tokens on. */
const leastCopied = 64;
/** Guessed tokens a tick for each of several streams that write at once. */
const crowdedDraft = 8;
const none = new Uint32Array(0);

export interface StreamRequest {
  readonly prompt: Uint32Array;
  readonly priority: Priority;
  /** Who asked: sequences are given to clients in turn. */
  readonly client: number;
  readonly maxTokens: number;
  readonly sampling: SamplerConfig;
  /** Tokens that may not be the first one. */
  readonly notFirst: Uint32Array | undefined;
  /** Prepares what may be asked next, beside the completion that it would follow. */
  readonly isAhead?: boolean;
  /** Guesses tokens, which are confirmed several in one batch; the answer is the same as without. Disposed with the stream. */
  readonly drafter?: Drafter | undefined;
  /** How many of the first tokens come with their probability. */
  readonly confidenceTokens?: number | undefined;
  readonly signal: AbortSignal;
  /** Returns true when no further token is wanted. */
  readonly onToken: (token: number, confidence: readonly number[]) => boolean;
  /** Of a chat whose head may be kept on disk. */
  readonly head?: StreamHead | undefined;
}

export interface StreamResult {
  /** `noToken`: the grammar left none, or took too long to find one. */
  readonly ended: 'wanted' | 'length' | 'cancelled' | 'noToken';
  readonly reusedTokens: number;
  /** Of the reused tokens, those that came from disk. */
  readonly restoredTokens: number;
  readonly generatedTokens: number;
  readonly draftedTokens: number;
  readonly acceptedTokens: number;
  /** ms until the stream had a sequence, until its first token, and from there to its end. */
  readonly queueMs: number;
  readonly prefillMs: number;
  readonly decodeMs: number;
  readonly confidence: readonly number[];
}

/** A stream's part of one batch. */
interface Work {
  readonly stream: Stream;
  readonly sequence: Sequence;
  /** Of `stream.pending`, then what was guessed. */
  readonly tokens: Uint32Array;
  readonly drafted: number;
  /** Whether the batch holds the last pending token, so that there is something to sample. */
  readonly isLast: boolean;
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
  restoredTokens: number;
  generatedTokens: number;
  readonly draftLength: DraftLength;
  draftedTokens: number;
  acceptedTokens: number;
  /** Tokens whose state was lost and that must be evaluated again before the answer goes on. */
  unread: Uint32Array;
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
  readonly turns: ModelTurns;
}

export class DecodeLoop {
  readonly #options: DecodeLoopOptions;
  readonly #pool: SequencePool;
  readonly #admission = new Admission();
  #streams: Stream[] = [];
  /** Heads to be saved when there is nothing else to do, by the sequence that begins with them. */
  readonly #unsaved = new Map<Sequence, StreamHead>();
  #running: Promise<void> | undefined;
  #tokensPerMs = 0;
  /** False once the model has shown that tokens cannot be taken back. */
  #canRemove = true;
  /** For each kind of guess, since what guessing takes is part of it. */
  readonly #tickCosts = { promptLookup: new TickCosts(), draftModel: new TickCosts() };
  #wake: () => void = () => {};
  #ticks = 0;
  #streamTicks = 0;
  #batchTokens = 0;

  constructor(options: DecodeLoopOptions) {
    this.#options = options;
    this.#pool = new SequencePool(options.sequences);
  }

  /** Ticks so far, and the streams that took part in them: their quotient is how full batches were. Tokens as they went into batches. */
  get fill(): { readonly ticks: number; readonly streamTicks: number; readonly batchTokens: number } {
    return { ticks: this.#ticks, streamTicks: this.#streamTicks, batchTokens: this.#batchTokens };
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
        restoredTokens: 0,
        generatedTokens: 0,
        draftLength: new DraftLength(this.#tickCosts[request.drafter?.kind ?? 'promptLookup']),
        draftedTokens: 0,
        acceptedTokens: 0,
        unread: none,
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

  /** How many of a prompt's first tokens the sequence that it would get holds. */
  longestHeld(prompt: Uint32Array): number {
    return this.#pool.longest(prompt).common;
  }

  /** Resolves when no tick is under way and none will come. What was to be saved is not any more. */
  async idle(): Promise<void> {
    this.#unsaved.clear();
    this.#poke();
    await this.#running;
  }

  readonly #poke = (): void => this.#wake();

  async #loop(): Promise<void> {
    try {
      for (;;) {
        this.#dropAborted();
        if (this.#streams.length === 0) {
          if (this.#unsaved.size === 0) return;
          await this.#saveOne();
          continue;
        }
        const rank = Math.min(...this.#streams.map((stream) => stream.rank));
        if (this.#options.turns.mustWait(rank)) {
          await this.#turn(rank);
          continue;
        }
        const isInline = rank === rankOf('inline');
        for (const stream of this.#waiting(rank)) {
          this.#admit(stream);
          if (stream.sequence) this.#admission.admitted(stream.client);
        }
        // In the order of admission, not of arrival, so that a prompt is not held up by every earlier request of another client.
        const holding = this.#streams.filter((stream) => stream.sequence !== undefined).sort((one, other) => one.startedAt - other.startedAt);
        const urgent = holding.filter((stream) => stream.rank === rank);
        // Nothing runs beside an inline request. Chats and background work share their batches: one more token in a batch costs little.
        // When less urgent work holds every sequence that the urgent could use, it is finished first: nothing else can free one.
        const streams = isInline && urgent.length > 0 ? urgent : holding;
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

  /** Streams that may have a sequence now: the most urgent first, and among equals each client in turn. Beside inline requests only these. */
  #waiting(mostUrgent: number): readonly Stream[] {
    const waiting = this.#streams.filter((stream) => !stream.sequence && (stream.rank === mostUrgent || mostUrgent !== rankOf('inline')));
    const ranks = [...new Set(waiting.map((stream) => stream.rank))].sort((one, other) => one - other);
    return ranks.flatMap((rank) => this.#admission.order(waiting.filter((stream) => stream.rank === rank)));
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
    const sequence = this.#pool.take(stream.priority, stream.prompt, stream.isAhead);
    if (!sequence) return;
    stream.sequence = sequence;
    stream.startedAt = performance.now();
  }

  /** What the sequence holds is made the longest beginning of the prompt that can be had; in the turn in which it is needed. */
  async #prepare(stream: Stream, sequence: Sequence): Promise<void> {
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
    stream.sampler = this.#options.addon.makeSampler();
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
    this.#forget(sequence);
    await this.#options.addon.context.copySequenceStateFromOtherSequence(sequence.id, source.id);
    sequence.tokens = [...source.tokens];
  }

  /** Some models (recurrent ones, sliding windows) cannot go back to the middle; they start anew. */
  #cut(sequence: Sequence, length: number): void {
    if (length === sequence.tokens.length) return;
    if (length > 0 && this.#removeFrom(sequence, length)) sequence.tokens.length = length;
    else this.#forget(sequence);
  }

  /** False when the state from there on cannot be taken back: it is one of the whole text, or the tokens before have slid out of a window. */
  #removeFrom({ id }: Sequence, position: number): boolean {
    const { context } = this.#options.addon;
    return context.getSequenceKvCacheMinPosition(id) === 0 && context.removeTokenCellsFromSequence(id, position, -1);
  }

  /** Only while no request is active in any model: saving takes the time of some tokens. */
  async #saveOne(): Promise<void> {
    const idleRank = rankOf('background') + 1;
    if (this.#options.turns.mustWait(idleRank)) return this.#turn(idleRank);
    for (const [sequence, head] of this.#unsaved) {
      this.#unsaved.delete(sequence);
      if (commonPrefix(sequence.tokens, head.tokens) < head.tokens.length) return;
      // Whoever has come while its files were made goes first.
      const exclusively = (act: () => Promise<void>) =>
        this.#options.turns.exclusive.run(async () => {
          if (this.#streams.length === 0 && !this.#options.turns.mustWait(idleRank)) await act();
          else this.#unsaved.set(sequence, head);
        });
      if ((await head.save(sequence, exclusively)) === 'lost') this.#forget(sequence);
      return;
    }
  }

  async #tick(streams: readonly Stream[]): Promise<void> {
    const { addon, decodeThreads, prefillThreads } = this.#options;
    for (const stream of streams) if (stream.sequence && !stream.sampler) await this.#prepare(stream, stream.sequence);
    const startedAt = performance.now();
    const work = await this.#plan(streams);
    const size = work.reduce((sum, { tokens }) => sum + tokens.length, 0);
    addon.context.setThreads(size >= longBatch ? prefillThreads : decodeThreads);
    addon.context.initBatch(size);
    const samples: { readonly work: Work; readonly indexes: Uint32Array }[] = [];
    for (const part of work) {
      const { sequence, tokens, drafted, isLast } = part;
      const logits = isLast ? Uint32Array.from({ length: drafted + 1 }, (_, index) => tokens.length - 1 - drafted + index) : new Uint32Array(0);
      const indexes = addon.context.addToBatch(sequence.id, sequence.tokens.length, tokens, logits);
      if (isLast) samples.push({ work: part, indexes });
    }
    const decodedAt = performance.now();
    await addon.context.decodeBatch();
    this.#notePrefill(size, performance.now() - decodedAt);
    this.#ticks++;
    this.#streamTicks += work.length;
    this.#batchTokens += size;
    for (const { stream, sequence, tokens, drafted } of work) {
      const pending = tokens.length - drafted;
      for (const token of tokens.subarray(0, pending)) sequence.tokens.push(token);
      stream.pending = stream.pending.subarray(pending);
    }
    const sampled = await Promise.all(samples.map(async ({ work: part, indexes }) => ({ part, tokens: await this.#sample(part, indexes) })));
    const elapsedMs = performance.now() - startedAt;
    const [only] = work;
    if (only && work.length === 1 && only.isLast && only.tokens.length === only.drafted + 1) this.#noteCost(only, elapsedMs);
    for (const { part, tokens } of sampled) this.#confirm(part, tokens);
    for (const { part, tokens } of sampled) {
      for (const one of tokens) if (!this.#takeSampled(part.stream, one)) break;
      part.stream.unread = none;
    }
  }

  /** What goes into the next batch: a token of each stream that writes, with guesses behind it, and a chunk of one prompt. */
  async #plan(streams: readonly Stream[]): Promise<Work[]> {
    const { batchSize } = this.#options;
    const work: Work[] = [];
    let size = 0;
    const writing = streams.filter((stream) => stream.pending.length === 1).slice(0, batchSize);
    for (const stream of writing) {
      if (!stream.sequence) continue;
      // One of several streams may not make the others wait for its guesses.
      const room = Math.min(batchSize - size - writing.length, stream.maxTokens - stream.generatedTokens - 1, writing.length > 1 ? crowdedDraft : batchSize);
      const wanted = stream.drafter && this.#canRemove && stream.generatedTokens > 0 ? stream.draftLength.next(room) : 0;
      const draft = wanted > 0 ? ((await stream.drafter?.draft(wanted)) ?? []) : [];
      work.push({ stream, sequence: stream.sequence, tokens: joined(stream.pending, draft), drafted: draft.length, isLast: true });
      size += 1 + draft.length;
    }
    const prefilling = this.#nextPrompt(streams, writing);
    if (prefilling?.sequence) {
      const count = Math.min(prefilling.pending.length, this.#chunkTokens(), batchSize - size);
      if (count > 0) {
        const isLast = count === prefilling.pending.length;
        work.push({ stream: prefilling, sequence: prefilling.sequence, tokens: prefilling.pending.subarray(0, count), drafted: 0, isLast });
      }
    }
    return work;
  }

  /** The most urgent prompt; one that nobody waits for is not evaluated while a chat is being written, whose every token would wait for it. */
  #nextPrompt(streams: readonly Stream[], writing: readonly Stream[]): Stream | undefined {
    const prompts = streams.filter((stream) => stream.pending.length > 1).sort((one, other) => one.rank - other.rank);
    const mostUrgent = Math.min(...writing.map((stream) => stream.rank));
    return prompts.find((stream) => stream.rank <= mostUrgent);
  }

  /** The model's own token for each guess until one differs, and the one behind the last. */
  async #sample({ stream, tokens, drafted }: Work, indexes: Uint32Array): Promise<readonly Sampled[]> {
    const { sampler, sampling, generatedTokens, confidenceTokens = 0 } = stream;
    const followsGrammar = sampling.grammarEvaluationState !== undefined;
    const sampled: Sampled[] = [];
    for (const [index, batchIndex] of indexes.entries()) {
      const wantsConfidence = generatedTokens + index < confidenceTokens;
      const one = await sampleToken(this.#options.addon.context, { batchIndex, sampler: sampler as AddonSampler, followsGrammar, wantsConfidence });
      sampled.push(one);
      if (one.isRefused || one.token < 0 || one.token !== tokens[tokens.length - drafted + index]) break;
    }
    return sampled;
  }

  /** Keeps the state of the guesses that came true and removes that of the others. */
  #confirm({ stream, sequence, tokens, drafted }: Work, sampled: readonly Sampled[]): void {
    if (drafted === 0) {
      stream.draftLength.notePlain();
      return;
    }
    const accepted = sampled.length - 1;
    const draft = tokens.subarray(tokens.length - drafted);
    for (const token of draft.subarray(0, accepted)) sequence.tokens.push(token);
    stream.draftedTokens += drafted;
    stream.acceptedTokens += accepted;
    stream.draftLength.noteDrafted(drafted, accepted);
    if (accepted === drafted || this.#removeFrom(sequence, sequence.tokens.length)) return;
    // A model whose state cannot be taken back reads everything again, once, and guesses no more.
    this.#canRemove = false;
    const known = Uint32Array.from(sequence.tokens);
    this.#forget(sequence);
    stream.unread = known;
  }

  #noteCost({ stream, tokens }: Work, elapsedMs: number): void {
    const { promptLookup, draftModel } = this.#tickCosts;
    if (tokens.length > 1) this.#tickCosts[stream.drafter?.kind ?? 'promptLookup'].note(tokens.length, elapsedMs);
    else for (const costs of [promptLookup, draftModel]) costs.note(1, elapsedMs);
  }

  /** @returns false when nothing more is wanted */
  #takeSampled(stream: Stream, { token, confidence, isRefused }: Sampled): boolean {
    if (confidence !== undefined) stream.confidence.push(confidence);
    if (!isRefused) return this.#take(stream, token);
    this.#end(stream, 'noToken');
    return false;
  }

  /** A new token of a stream: handed on, and evaluated in the next tick. False when it was the last one wanted. */
  #take(stream: Stream, token: number): boolean {
    if (token < 0) throw new Error('The library could not sample a token.');
    if (stream.generatedTokens === 0) {
      stream.firstTokenAt = performance.now();
      if (stream.notFirst) stream.sampler?.applyConfig(stream.sampling);
    }
    stream.generatedTokens++;
    stream.pending = joined(stream.unread, [token]);
    stream.drafter?.append(token);
    const isWanted = stream.onToken(token, stream.confidence);
    if (isWanted) this.#end(stream, 'wanted');
    else if (stream.generatedTokens >= stream.maxTokens) this.#end(stream, 'length');
    else return true;
    return false;
  }

  #dropAborted(): void {
    for (const stream of [...this.#streams]) if (stream.signal.aborted) this.#end(stream, 'cancelled');
  }

  #end(stream: Stream, ended: StreamResult['ended']): void {
    if (stream.head && stream.sequence) this.#unsaved.set(stream.sequence, stream.head);
    this.#remove(stream);
    const now = performance.now();
    const startedAt = stream.startedAt || now;
    const firstTokenAt = stream.firstTokenAt || now;
    stream.settle({
      ended,
      reusedTokens: stream.reusedTokens,
      restoredTokens: stream.restoredTokens,
      generatedTokens: stream.generatedTokens,
      draftedTokens: stream.draftedTokens,
      acceptedTokens: stream.acceptedTokens,
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
    stream.drafter?.dispose();
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

function joined(one: Uint32Array, other: readonly number[]): Uint32Array {
  const all = new Uint32Array(one.length + other.length);
  all.set(one);
  all.set(other, one.length);
  return all;
}
