// One request on one sequence: reuse the evaluated prefix, prefill in chunks, decode token by token.
// It knows the order of steps and where it may be interrupted; it must not know sockets or model files.
import type { LlamaContextSequence, Token } from 'node-llama-cpp';
import type { LoadedModel, Slot } from './loadedModel.ts';
import type { GenerateParams, GenerateResult } from './protocol/messages.ts';
import { StopMatcher } from './stopMatcher.ts';
import { TextStream } from './textStream.ts';
import type { Turns } from './turns.ts';

export interface GenerateOptions {
  readonly signal: AbortSignal;
  readonly turns: Turns;
  readonly onText: (text: string) => void;
}

type Finish = 'end' | 'stop' | 'length';

/** How many of the likeliest tokens are looked at when the end token is forbidden as the first one. */
const firstTokenCandidates = 8;
const defaultRoomTokens = 64;

export async function generate(loaded: LoadedModel, params: GenerateParams, options: GenerateOptions): Promise<GenerateResult> {
  const arrivedAt = performance.now();
  const prompt = await loaded.vocabulary.render(params.prompt, options.signal);
  if (prompt.outcome !== 'ok') return prompt;
  const slot = params.priority === 'inline' ? loaded.inlineSlot : loaded.chatSlot;
  const contextSize = slot.sequence.contextSize;
  // The library shifts old tokens out when the context is full, which would silently cut the prompt.
  const room = contextSize - prompt.tokens.length;
  const wantedRoom = params.roomTokens ?? Math.min(params.maxTokens, defaultRoomTokens);
  if (room < wantedRoom) return { outcome: 'contextOverflow', promptTokens: prompt.tokens.length, availableTokens: Math.max(0, contextSize - wantedRoom) };
  if (prompt.tokens.length === 0) return { outcome: 'promptProblem', cause: 'The prompt is empty.' };

  const release = await slot.queue.enter(options.signal);
  if (!release) return { outcome: 'cancelled' };
  const leave = options.turns.enter(params.priority);
  try {
    return await run(loaded, slot, { params, tokens: prompt.tokens, maxTokens: Math.min(params.maxTokens, room), arrivedAt }, options);
  } finally {
    leave();
    release();
  }
}

interface Job {
  readonly params: GenerateParams;
  readonly tokens: readonly Token[];
  readonly maxTokens: number;
  readonly arrivedAt: number;
}

async function run(loaded: LoadedModel, slot: Slot, job: Job, options: GenerateOptions): Promise<GenerateResult> {
  const { sequence } = slot;
  const { params, tokens } = job;
  const startedAt = performance.now();
  const reusedTokens = await keepCommonPrefix(sequence, tokens);
  const evaluated = await prefill(loaded, sequence, { tokens: tokens.slice(reusedTokens, -1), priority: params.priority }, options);
  if (!evaluated) return { outcome: 'cancelled' };
  const prefilledAt = performance.now();

  const stops = new StopMatcher(params.stop);
  const stream = new TextStream(loaded.model, tokens);
  let text = '';
  let generatedTokens = 0;
  const emit = (piece: string) => {
    if (piece === '') return;
    text += piece;
    options.onText(piece);
  };
  const decoded = await decode(loaded, sequence, job, options, (token) => {
    generatedTokens++;
    const step = stops.push(stream.push(token));
    emit(step.text);
    return step.stopped;
  });
  if (decoded === 'cancelled') return { outcome: 'cancelled' };
  let finish: Finish = decoded;
  if (finish !== 'stop') {
    const step = stops.push(stream.end());
    emit(step.text);
    if (step.stopped) finish = 'stop';
    else emit(stops.end());
  }
  return {
    outcome: 'ok',
    text,
    finish,
    usage: { evaluatedTokens: tokens.length - reusedTokens, reusedTokens, generatedTokens },
    timings: { queueMs: startedAt - job.arrivedAt, prefillMs: prefilledAt - startedAt, decodeMs: performance.now() - prefilledAt },
  };
}

/**
 * Erases what the sequence holds beyond the longest common prefix. The library's own adaptation may stitch state together from
 * unrelated places, so only a true prefix is kept.
 * @returns tokens kept; always fewer than the prompt has, since the last one must be evaluated for its successor
 */
async function keepCommonPrefix(sequence: LlamaContextSequence, tokens: readonly Token[]): Promise<number> {
  const held = sequence.contextTokens;
  const limit = Math.min(held.length, tokens.length - 1);
  let common = 0;
  while (common < limit && held[common] === tokens[common]) common++;
  if (common < sequence.nextTokenIndex) await sequence.eraseContextTokenRanges([{ start: common, end: sequence.nextTokenIndex }]);
  // Models with a sliding window may have lost more than was asked for.
  return Math.min(common, sequence.nextTokenIndex);
}

/** @returns false when the signal aborted; what was evaluated until then stays for the next request */
async function prefill(
  loaded: LoadedModel,
  sequence: LlamaContextSequence,
  work: { readonly tokens: readonly Token[]; readonly priority: GenerateParams['priority'] },
  options: GenerateOptions,
): Promise<boolean> {
  for (let from = 0; from < work.tokens.length; ) {
    await options.turns.mayStep(work.priority, options.signal);
    if (options.signal.aborted) return false;
    const chunk = work.tokens.slice(from, from + loaded.chunkTokens);
    const startedAt = performance.now();
    await sequence.evaluateWithoutGeneratingNewTokens([...chunk]);
    loaded.notePrefill(chunk.length, performance.now() - startedAt);
    from += chunk.length;
  }
  return !options.signal.aborted;
}

/** Calls `onToken` with each token until it returns true, the model ends, the limit is reached or the signal aborts. */
async function decode(
  loaded: LoadedModel,
  sequence: LlamaContextSequence,
  job: Job,
  options: GenerateOptions,
  onToken: (token: Token) => boolean,
): Promise<Finish | 'cancelled'> {
  const { params, maxTokens } = job;
  let next = job.tokens.at(-1) as Token;
  let count = 0;
  await options.turns.mayStep(params.priority, options.signal);
  if (options.signal.aborted) return 'cancelled';
  if (params.forbidEndFirst) {
    const first = await likeliestThatGoesOn(loaded, sequence, next);
    if (first === undefined) return 'end';
    count++;
    if (onToken(first)) return 'stop';
    if (count >= maxTokens) return 'length';
    next = first;
    await options.turns.mayStep(params.priority, options.signal);
    if (options.signal.aborted) return 'cancelled';
  }
  const sampling = { temperature: params.temperature, topP: params.topP, minP: params.minP, seed: params.seed, yieldEogToken: true };
  for await (const token of sequence.evaluate([next], sampling)) {
    if (options.signal.aborted) return 'cancelled';
    if (loaded.model.isEogToken(token)) return 'end';
    count++;
    if (onToken(token)) return 'stop';
    if (count >= maxTokens) return 'length';
    await options.turns.mayStep(params.priority, options.signal);
    if (options.signal.aborted) return 'cancelled';
  }
  return 'end';
}

/** The library ignores a bias against end tokens, so the likeliest token that is none is picked from the first few. */
async function likeliestThatGoesOn(loaded: LoadedModel, sequence: LlamaContextSequence, last: Token): Promise<Token | undefined> {
  const [output] = await sequence.controlledEvaluate([
    [last, { generateNext: { token: true, logits: { filter: { tokens: [], includeTop: firstTokenCandidates } } } }],
  ]);
  const candidates = [...(output?.next.logits ?? [])].sort((a, b) => b[1] - a[1]);
  return candidates.map(([token]) => token).find((token) => !loaded.model.isEogToken(token) && !loaded.model.isSpecialToken(token));
}
