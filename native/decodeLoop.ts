// The decode loop of one context. One tick advances every stream that may go on by one token (or by the guesses that came true), all in
// one batch, plus at most one chunk of a prompt. Between two ticks streams come, go and are aborted, so nothing waits for more than one tick.
// It knows tokens, batches and priorities; it must not know text, prompts or clients.
import type { Addon, AddonSampler } from './addon.ts';
import { Admission } from './admission.ts';
import type { Work } from './batchPlan.ts';
import { BatchPlanner, joined, sizeOf } from './batchPlan.ts';
import type { Sampled } from './sampling.ts';
import { sampleToken } from './sampling.ts';
import { SequencePool } from './sequencePool.ts';
import { SequenceState } from './sequenceState.ts';
import type { Stream, StreamRequest, StreamResult } from './stream.ts';
import { noTokens, resultOf, streamOf } from './stream.ts';
import type { ModelTurns } from './turns.ts';
import { rankOf } from './turns.ts';
import { idleRank, UnsavedHeads } from './unsavedHeads.ts';

/** From this many tokens on a batch is worth all threads; below it they mostly wait for each other. */
const longBatch = 32;
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
  readonly #state: SequenceState;
  readonly #planner: BatchPlanner;
  readonly #admission = new Admission();
  #streams: Stream[] = [];
  readonly #unsaved: UnsavedHeads;
  #running: Promise<void> | undefined;
  #wake: () => void = () => {};
  #ticks = 0;
  #streamTicks = 0;
  #batchTokens = 0;

  constructor(options: DecodeLoopOptions) {
    this.#options = options;
    this.#pool = new SequencePool(options.sequences);
    this.#state = new SequenceState(options.addon, this.#pool);
    this.#planner = new BatchPlanner(options.batchSize, () => options.turns.isTyping());
    this.#unsaved = new UnsavedHeads({ state: this.#state, turns: options.turns, isIdle: () => this.#streams.length === 0 });
  }

  /** Ticks so far, and the streams that took part in them: their quotient is how full batches were. Tokens as they went into batches. */
  get fill(): { readonly ticks: number; readonly streamTicks: number; readonly batchTokens: number } {
    return { ticks: this.#ticks, streamTicks: this.#streamTicks, batchTokens: this.#batchTokens };
  }

  /** Rejects only when the library fails; being aborted is a result. */
  run(request: StreamRequest): Promise<StreamResult> {
    return new Promise((settle, fail) => {
      const leave = this.#options.turns.enter(request.priority);
      const stream = streamOf(request, { leave, settle, fail, draftLength: this.#planner.draftLength(request.drafter) });
      this.#streams.push(stream);
      request.signal.addEventListener('abort', this.#poke, { once: true });
      this.#poke();
      this.#running ??= this.#loop();
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
    // So that `#running` is set before the end can be reached. There it is taken back in the same turn in which the last stream was seen to be
    // gone: whoever asks from then on starts the loop anew.
    await Promise.resolve();
    const { turns } = this.#options;
    try {
      for (;;) {
        this.#dropAborted();
        if (this.#streams.length === 0) {
          if (this.#unsaved.isEmpty) return;
          if (turns.mustWait(idleRank)) await this.#turn(idleRank);
          else await this.#unsaved.saveOne();
          continue;
        }
        const rank = this.#mostUrgent;
        if (turns.mustWait(rank)) await this.#turn(rank);
        else await turns.exclusive.run(() => this.#step());
      }
    } catch (error) {
      // After a failed decode nobody knows what the sequences hold, so all of it is forgotten.
      const cause = error instanceof Error ? error : new Error(String(error));
      for (const stream of [...this.#streams]) {
        if (stream.sequence) this.#state.forget(stream.sequence);
        this.#remove(stream);
        stream.fail(cause);
      }
    } finally {
      this.#running = undefined;
    }
  }

  get #mostUrgent(): number {
    return Math.min(...this.#streams.map((stream) => stream.rank));
  }

  /** Who takes part is chosen when the turn has come: while another model had it, streams may have come, gone or been aborted, here and there. */
  async #step(): Promise<void> {
    this.#dropAborted();
    const rank = this.#mostUrgent;
    if (this.#streams.length === 0 || this.#options.turns.mustWait(rank)) return;
    for (const stream of this.#waiting(rank)) {
      this.#admit(stream);
      if (stream.sequence) this.#admission.admitted(stream.client);
    }
    // In the order of admission, not of arrival, so that a prompt is not held up by every earlier request of another client.
    const holding = this.#streams.filter((stream) => stream.sequence !== undefined).sort((one, other) => one.startedAt - other.startedAt);
    const urgent = holding.filter((stream) => stream.rank === rank);
    // Nothing runs beside an inline request. Chats and background work share their batches: one more token in a batch costs little.
    // When less urgent work holds every sequence that the urgent could use, it is finished first: nothing else can free one.
    await this.#tick(rank === rankOf('inline') && urgent.length > 0 ? urgent : holding);
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

  async #tick(streams: readonly Stream[]): Promise<void> {
    const { addon, decodeThreads, prefillThreads } = this.#options;
    for (const stream of streams) if (stream.sequence && !stream.sampler) await this.#state.prepare(stream, stream.sequence);
    const startedAt = performance.now();
    const work = await this.#planner.plan(streams);
    const size = sizeOf(work);
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
    this.#state.noteDecoded();
    const decodeMs = performance.now() - decodedAt;
    this.#ticks++;
    this.#streamTicks += work.length;
    this.#batchTokens += size;
    for (const { stream, sequence, tokens, drafted } of work) {
      const pending = tokens.length - drafted;
      for (const token of tokens.subarray(0, pending)) sequence.tokens.push(token);
      stream.pending = stream.pending.subarray(pending);
    }
    const sampled = await Promise.all(samples.map(async ({ work: part, indexes }) => ({ part, tokens: await this.#sample(part, indexes) })));
    this.#planner.note(work, { decodeMs, elapsedMs: performance.now() - startedAt });
    for (const { part, tokens } of sampled) this.#confirm(part, tokens);
    for (const { part, tokens } of sampled) {
      for (const one of tokens) if (!this.#takeSampled(part.stream, one)) break;
      part.stream.unread = noTokens;
    }
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
      const [first] = sampled;
      stream.draftLength.notePlain(first && stream.drafter?.expects?.(first.token));
      return;
    }
    const accepted = sampled.length - 1;
    const draft = tokens.subarray(tokens.length - drafted);
    for (const token of draft.subarray(0, accepted)) sequence.tokens.push(token);
    stream.draftedTokens += drafted;
    stream.acceptedTokens += accepted;
    stream.draftLength.noteDrafted(drafted, accepted);
    if (accepted === drafted || this.#state.removeFrom(sequence, sequence.tokens.length)) return;
    // A model whose state cannot be taken back reads everything again, once, and guesses no more.
    this.#planner.canGuess = false;
    const known = Uint32Array.from(sequence.tokens);
    this.#state.forget(sequence);
    stream.unread = known;
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
    if (stream.head && stream.sequence) this.#unsaved.add(stream.sequence, stream.head);
    this.#remove(stream);
    stream.settle(resultOf(stream, ended));
  }

  #remove(stream: Stream): void {
    this.#streams = this.#streams.filter((other) => other !== stream);
    stream.signal.removeEventListener('abort', this.#poke);
    stream.sampler?.dispose();
    stream.drafter?.dispose();
    if (stream.sequence) this.#pool.give(stream.sequence);
    stream.leave();
  }
}
