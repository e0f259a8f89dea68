// What goes into the next batch, and what batches were seen to cost. It knows streams, guesses and times; it must not know the native
// context.
import { ChunkSize, chunkTargetMs } from './chunkSize.ts';
import type { Sequence } from './sequencePool.ts';
import { DraftLength } from './speculation/draftLength.ts';
import type { Drafter } from './speculation/drafter.ts';
import { TickCosts } from './speculation/tickCosts.ts';
import type { Stream } from './stream.ts';
import { rankOf } from './turns.ts';

/**
 * After a chunk of less urgent work, tokens of more urgent work are written for so many times as long, at most: as long as it takes until they come faster
 * than anybody reads. 15 tokens a second are some 11 words, and fast readers take in 5 to 8.
 */
const mostPatience = 4;
const readTokensPerMs = 0.015;
const newest = 0.2;
/**
 * llama.cpp computes a batch of several sequences in parts to which each gives as many tokens: one of each stream that writes and one of the
 * prompt's piece, then the rest of the piece alone. With one token more that rest has the size which back ends are fast at: on a processor
 * 63 tokens take longer than 64.
 */
const sharedToken = 1;
/** Guessed tokens a tick for each of several streams that write at once. */
const crowdedDraft = 8;

/** A stream's part of one batch. */
export interface Work {
  readonly stream: Stream;
  readonly sequence: Sequence;
  /** Of `stream.pending`, then what was guessed. */
  readonly tokens: Uint32Array;
  readonly drafted: number;
  /** Whether the batch holds the last pending token, so that there is something to sample. */
  readonly isLast: boolean;
}

export class BatchPlanner {
  readonly #batchSize: number;
  readonly #isTyping: () => boolean;
  readonly #chunk = new ChunkSize();
  /** For each kind of guess, since what guessing takes is part of it. */
  readonly #tickCosts = { promptLookup: new TickCosts(), draftModel: new TickCosts() };
  /** The last tick in which a prompt made more urgent writing wait. */
  #lastIntrusion = { endedAt: 0, elapsedMs: 0 };
  /** Of a tick that only writes; undefined until one was seen. */
  #writingMs: number | undefined;
  /** To be made false once the model has shown that tokens cannot be taken back. */
  canGuess = true;

  /** `isTyping`: whether an inline request may come at any moment, for which other prompts must not stand in the way for long. */
  constructor(batchSize: number, isTyping: () => boolean) {
    this.#batchSize = batchSize;
    this.#isTyping = isTyping;
  }

  draftLength(drafter: Drafter | undefined): DraftLength {
    return new DraftLength(this.#tickCosts[drafter?.kind ?? 'promptLookup']);
  }

  /** What goes into the next batch: a token of each stream that writes, with guesses behind it, and a chunk of one prompt. */
  async plan(streams: readonly Stream[]): Promise<Work[]> {
    const batchSize = this.#batchSize;
    const work: Work[] = [];
    let size = 0;
    const writing = streams.filter((stream) => stream.pending.length === 1).slice(0, batchSize);
    const prefilling = this.#nextPrompt(streams, writing);
    for (const stream of writing) {
      if (!stream.sequence) continue;
      const most = this.#mostGuessed(stream, prefilling !== undefined);
      // One of several streams may not make the others wait for its guesses.
      const room = Math.min(
        Math.min(batchSize, most.tokens) - size - writing.length,
        stream.maxTokens - stream.generatedTokens - 1,
        writing.length > 1 ? crowdedDraft : batchSize,
      );
      const wanted = stream.drafter && this.canGuess && stream.generatedTokens > 0 ? stream.draftLength.next(room, most.ms) : 0;
      const draft = wanted > 0 ? ((await stream.drafter?.draft(wanted, most.ms)) ?? []) : [];
      work.push({ stream, sequence: stream.sequence, tokens: joined(stream.pending, draft), drafted: draft.length, isLast: true });
      size += 1 + draft.length;
    }
    if (prefilling?.sequence) {
      const pending = prefilling.pending.length;
      const shared = work.length > 0 ? sharedToken : 0;
      const mustBeShort = prefilling.rank > rankOf('inline') && this.#isTyping();
      const count = Math.min(pending, this.#chunk.next({ pending: pending - shared, mustBeShort }) + shared, batchSize - size);
      if (count > 0) {
        const isLast = count === pending;
        work.push({ stream: prefilling, sequence: prefilling.sequence, tokens: prefilling.pending.subarray(0, count), drafted: 0, isLast });
      }
    }
    return work;
  }

  /**
   * What a tick with guesses may hold and take: as much as a short chunk of a prompt while somebody types, since a completion waits for it as for that,
   * and no guesses beside such a chunk.
   */
  #mostGuessed({ rank }: Stream, isBesidePrompt: boolean): { readonly tokens: number; readonly ms: number } {
    if (rank === rankOf('inline') || !this.#isTyping()) return { tokens: Number.POSITIVE_INFINITY, ms: Number.POSITIVE_INFINITY };
    const tokens = isBesidePrompt ? 0 : this.#chunk.next({ pending: Number.POSITIVE_INFINITY, mustBeShort: true });
    return { tokens, ms: chunkTargetMs };
  }

  /** The most urgent prompt. Where a chat is being written, each of its tokens waits for a chunk of a prompt that nobody waits for, so these get a share. */
  #nextPrompt(streams: readonly Stream[], writing: readonly Stream[]): Stream | undefined {
    const prompts = streams.filter((stream) => stream.pending.length > 1).sort((one, other) => one.rank - other.rank);
    const mostUrgent = Math.min(...writing.map((stream) => stream.rank));
    const { endedAt, elapsedMs } = this.#lastIntrusion;
    const mayIntrude = performance.now() - endedAt >= elapsedMs * this.#patience;
    return prompts.find((stream) => stream.rank <= mostUrgent || mayIntrude);
  }

  /** On average over the chunk and what is written after it, at least so many tokens come that a reader does not wait. */
  get #patience(): number {
    const taken = (this.#writingMs ?? Infinity) * readTokensPerMs;
    return taken < 1 ? Math.min(mostPatience, taken / (1 - taken)) : mostPatience;
  }

  /** `decodeMs`: of the batch alone; `elapsedMs`: with guessing and sampling. */
  note(work: readonly Work[], { decodeMs, elapsedMs }: { readonly decodeMs: number; readonly elapsedMs: number }): void {
    this.#chunk.note(sizeOf(work), decodeMs);
    if (isIntrusion(work)) this.#lastIntrusion = { endedAt: performance.now(), elapsedMs };
    if (!work.some(isPrompt)) this.#writingMs = (this.#writingMs ?? elapsedMs) * (1 - newest) + elapsedMs * newest;
    const only = work.length === 1 ? work[0] : undefined;
    const isWriting = only?.isLast === true && only.tokens.length === only.drafted + 1;
    for (const [kind, costs] of Object.entries(this.#tickCosts)) {
      if (isWriting && (only.drafted === 0 || only.stream.drafter?.kind === kind)) costs.note(only.tokens.length, elapsedMs);
      else costs.noteOther(sizeOf(work), only?.drafted === 0 ? decodeMs : undefined);
    }
  }
}

export function sizeOf(work: readonly Work[]): number {
  return work.reduce((sum, { tokens }) => sum + tokens.length, 0);
}

function isIntrusion(work: readonly Work[]): boolean {
  const prompt = work.find(isPrompt);
  return prompt !== undefined && work.some(({ stream }) => stream.rank < prompt.stream.rank);
}

function isPrompt({ tokens, drafted }: Work): boolean {
  return tokens.length > drafted + 1;
}

export function joined(one: Uint32Array, other: readonly number[]): Uint32Array {
  const all = new Uint32Array(one.length + other.length);
  all.set(one);
  all.set(other, one.length);
  return all;
}
