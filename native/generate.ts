// One request: its prompt as tokens, its stream in the decode loop, its text as it comes. It knows prompts, stops and text; it must
// not know batches, sockets or model files.
import { randomInt } from 'node:crypto';
import type { Token } from 'node-llama-cpp';
import type { SamplerConfig } from './addon.ts';
import { biasAgainst } from './addon.ts';
import { AnswerEnd } from './answerEnd.ts';
import type { GrammarStart } from './grammars.ts';
import type { LoadedModel } from './loadedModel.ts';
import { promptProblem } from './promptProblems.ts';
import type { GenerateParams, GenerateResult, Timings, Usage } from './protocol/messages.ts';
import type { Drafter } from './speculation/drafter.ts';
import { PromptLookup } from './speculation/promptLookup.ts';
import type { StreamResult } from './stream.ts';
import { TextStream } from './textStream.ts';

export interface GenerateOptions {
  /** Who asked, a number for each connection. */
  readonly client: number;
  readonly signal: AbortSignal;
  readonly onText: (text: string, confidence: readonly number[]) => void;
  /** Told what was done for a request that was given up, or that no answer was found for. */
  readonly onUnanswered?: (evaluated: Evaluated) => void;
}

/** What was done for a request. */
export interface Evaluated {
  readonly usage: Usage;
  readonly timings: Timings;
}

type Finish = 'end' | 'stop' | 'length';

const defaultRoomTokens = 64;
/** Unicode keeps it free for such use. */
const tokenMark = '\ufdd0';
const withoutMark = (text: string) => text.replaceAll(tokenMark, '');
const noTokenCause = 'The grammar for the answer came to a place where the vocabulary of the model has nothing that it allows, or took too long there.';

export async function generate(loaded: LoadedModel, params: GenerateParams, options: GenerateOptions): Promise<GenerateResult> {
  const prompt = await loaded.vocabulary.render(params.prompt, options.signal);
  if (prompt.outcome !== 'ok') return prompt;
  if (prompt.tokens.length === 0) return promptProblem('The prompt is empty.', 'Type some text first.');
  const { contextSize } = loaded.description;
  const room = contextSize - prompt.tokens.length;
  const wantedRoom = params.roomTokens ?? Math.min(params.maxTokens, defaultRoomTokens);
  if (room < wantedRoom) return { outcome: 'contextOverflow', promptTokens: prompt.tokens.length, availableTokens: Math.max(0, contextSize - wantedRoom) };

  const head = params.mayPersist ? await loaded.headOf(params, prompt, options.signal) : undefined;
  const grammar = params.grammar && (await loaded.grammars.start(params.grammar));
  if (grammar && grammar.outcome !== 'ok') return grammar;
  const ends = new AnswerEnd(params);
  const stream = new TextStream(loaded.vocabulary.textOf, prompt.tokens);
  let text = '';
  let confidence: readonly number[] = [];
  // Set inside the callback, which the compiler does not follow.
  let finish = 'length' as Finish;
  let endTokens = 0;
  let endsRightly = true;
  const emit = (piece: string) => {
    if (piece === '') return;
    text += piece;
    options.onText(piece, confidence);
  };
  const pieceOf = (token: Token): string => {
    if (!params.markTokens) return stream.push(token);
    const special = loaded.vocabulary.textOfSpecial(token);
    return special === undefined ? withoutMark(stream.push(token)) : withoutMark(stream.end()) + tokenMark + special;
  };
  const result = await loaded.loop.run({
    prompt: Uint32Array.from(prompt.tokens),
    priority: params.priority,
    isAhead: params.isAhead ?? false,
    client: options.client,
    maxTokens: Math.min(params.maxTokens, room),
    sampling: { ...samplingOf(params), ...(grammar ? followingGrammar(grammar) : {}) },
    confidenceTokens: params.confidenceTokens,
    drafter: drafterFor(loaded, params, prompt.tokens),
    notFirst: params.forbidEndFirst ? loaded.vocabulary.endings : undefined,
    signal: options.signal,
    head,
    onToken: (token, soFar) => {
      confidence = soFar;
      // In a hole, any control token says that the hole is over: the next file, the next part of the prompt.
      const isEnd = params.prompt.kind === 'parts' ? loaded.vocabulary.isControl(token as Token) : loaded.model.isEogToken(token as Token);
      if (isEnd) {
        finish = 'end';
        endsRightly = !grammar || loaded.grammars.mayEnd(grammar.state, token);
        endTokens = 1;
        return true;
      }
      const step = ends.push(pieceOf(token as Token));
      emit(step.text);
      if (step.stopped) finish = 'stop';
      return step.stopped;
    },
  });
  const evaluated = evaluatedFor(result, { endTokens, hasHead: head !== undefined });
  const hasNoAnswer = result.ended === 'noToken' || !endsRightly;
  if (result.ended === 'cancelled' || hasNoAnswer) options.onUnanswered?.(evaluated);
  if (result.ended === 'cancelled') return { outcome: 'cancelled' };
  if (hasNoAnswer) return promptProblem(noTokenCause, 'Allow more in the grammar.');
  if (finish !== 'stop') {
    const rest = ends.end(params.markTokens ? withoutMark(stream.end()) : stream.end());
    emit(rest.text);
    if (rest.stopped) finish = 'stop';
  }
  return { outcome: 'ok', text, finish, ...evaluated, ...(params.confidenceTokens === undefined ? {} : { confidence: [...result.confidence] }) };
}

/** `endTokens`: of the generated ones, those that only ended the answer. */
function evaluatedFor(result: StreamResult, { endTokens, hasHead }: { readonly endTokens: number; readonly hasHead: boolean }): Evaluated {
  const { evaluatedTokens, reusedTokens, restoredTokens, draftedTokens, acceptedTokens, queueMs, prefillMs, decodeMs } = result;
  const drafts = draftedTokens > 0 ? { draftedTokens, acceptedTokens } : {};
  const generatedTokens = result.generatedTokens - endTokens;
  return {
    usage: { evaluatedTokens, reusedTokens, generatedTokens, ...drafts, ...(hasHead ? { restoredTokens } : {}) },
    timings: { queueMs, prefillMs, decodeMs },
  };
}

/** A model that was chosen for drafting drafts for chats; what is asked for goes first. */
function drafterFor({ draft, vocabulary }: LoadedModel, { speculation, expected, priority }: GenerateParams, tokens: readonly Token[]): Drafter | undefined {
  const kind = speculation ?? (draft && priority === 'chat' ? 'draftModel' : 'off');
  if (kind === 'off') return undefined;
  if (kind === 'draftModel') return draft?.drafter.drafterFor(Uint32Array.from(tokens), priority);
  return new PromptLookup(tokens, vocabulary.plain(expected ?? ''), (token) => vocabulary.holdsLineBreak(token as Token));
}

/** The addon takes a key that is there for a number, so what was not asked for must not be. */
function samplingOf({ temperature, topP, minP, seed }: GenerateParams): SamplerConfig {
  if (temperature === 0) return { temperature };
  return { temperature, ...(topP === undefined ? {} : { topP }), ...(minP === undefined ? {} : { minP }), seed: seed ?? randomInt(2 ** 31) };
}

function followingGrammar({ state, forbidden }: Extract<GrammarStart, { outcome: 'ok' }>): Partial<SamplerConfig> {
  return { grammarEvaluationState: state, ...(forbidden.length === 0 ? {} : biasAgainst(forbidden)) };
}
