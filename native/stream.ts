// One request in the decode loop: what was asked, how far it is, what came of it. It knows counts and times; it must not know batches.
import type { AddonSampler, SamplerConfig } from './addon.ts';
import type { StreamHead } from './chatHeads.ts';
import type { Priority } from './protocol/messages.ts';
import type { Sequence } from './sequencePool.ts';
import type { DraftLength } from './speculation/draftLength.ts';
import type { Drafter } from './speculation/drafter.ts';
import { rankOf } from './turns.ts';

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
  /** Of the prompt; what was reused is not among them. */
  readonly evaluatedTokens: number;
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

export interface Stream extends StreamRequest {
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

export const noTokens = new Uint32Array(0);

export function streamOf(request: StreamRequest, parts: Pick<Stream, 'leave' | 'settle' | 'fail' | 'draftLength'>): Stream {
  return {
    ...request,
    ...parts,
    rank: rankOf(request.priority),
    arrivedAt: performance.now(),
    sequence: undefined,
    sampler: undefined,
    pending: request.prompt,
    reusedTokens: 0,
    restoredTokens: 0,
    generatedTokens: 0,
    draftedTokens: 0,
    acceptedTokens: 0,
    unread: noTokens,
    startedAt: 0,
    firstTokenAt: 0,
    confidence: [],
  };
}

export function resultOf(stream: Stream, ended: StreamResult['ended']): StreamResult {
  const now = performance.now();
  const startedAt = stream.startedAt || now;
  const firstTokenAt = stream.firstTokenAt || now;
  const { reusedTokens, restoredTokens, generatedTokens, draftedTokens, acceptedTokens, confidence } = stream;
  // Until the first token what is pending is the rest of the prompt; before it had its sequence nothing was done for it.
  const left = generatedTokens > 0 ? 0 : stream.pending.length;
  return {
    ended,
    evaluatedTokens: stream.sampler ? stream.prompt.length - reusedTokens - left : 0,
    reusedTokens,
    restoredTokens,
    generatedTokens,
    draftedTokens,
    acceptedTokens,
    queueMs: startedAt - stream.arrivedAt,
    prefillMs: firstTokenAt - startedAt,
    decodeMs: now - firstTokenAt,
    confidence,
  };
}
