// Our side's engine, where the model is behind an HTTP endpoint: the product's own requests, sent as token ids, and its own ends of an answer. It
// knows the interface of an engine and the endpoint; it must not know documents or what is measured.
//
// What an endpoint cannot do is left out: an end that is forbidden as the first token, drafts, saved state. Where it works on one request at a time,
// what is prepared ahead gives way to what somebody waits for, as in the local engine; here it is given up for it.
import { cancelled, type Failure, type Outcome, ok } from '../../../server/core/outcome.ts';
import type { GenerateOptions, GenerateRequest, Generation, Inference, InferenceState, ModelDescription } from '../../../server/inference/inference.ts';
import { BenchProblem } from '../benchProblem.ts';
import { AnswerReader } from './endpointAnswer.ts';
import { chatTokens } from './endpointChat.ts';
import type { EndpointModel } from './endpointModel.ts';

const defaultRoomTokens = 64;

export class EndpointInference implements Inference {
  readonly state: InferenceState;
  readonly #model: EndpointModel;
  readonly #disposed = new AbortController();
  readonly #ahead = new Set<AbortController>();
  readonly #special: ReadonlySet<number>;
  #waitedFor = 0;
  #atIdle: (() => void)[] = [];
  #workedTokens = 0;
  /** Of the last request: what the next one has in common with it need not be read again. */
  #lastPrompt: readonly number[] = [];

  constructor(model: EndpointModel) {
    this.#model = model;
    this.#special = new Set(model.tokens.special.values());
    this.state = { state: 'ready', model: model.description };
  }

  /** Tokens that the endpoint has worked on for this engine so far, those of requests that were given up included. */
  workedTokens(): Promise<number> {
    return Promise.resolve(this.#workedTokens);
  }

  describeModel(): Promise<Outcome<ModelDescription>> {
    return Promise.resolve(ok(this.#model.description));
  }

  async generate(request: GenerateRequest, { signal, onText }: GenerateOptions): Promise<Outcome<Generation>> {
    const given = AbortSignal.any([signal, this.#disposed.signal]);
    try {
      return await (request.isAhead ? this.#whenIdle(request, given, onText) : this.#atOnce(request, given, onText));
    } catch (error) {
      if (given.aborted) return cancelled;
      if (error instanceof BenchProblem) return { outcome: 'engineUnavailable', ...error.explanation };
      throw error;
    }
  }

  async countTokens(texts: readonly string[]): Promise<Outcome<readonly number[]>> {
    return ok(await Promise.all(texts.map(async (text) => (await this.#model.tokens.pieces(text)).length)));
  }

  engineStatus(): Promise<Outcome<never>> {
    return Promise.resolve(unsupported('An endpoint has no status of an engine.', 'Ask the server itself for its metrics.'));
  }

  deleteSavedStates(): Promise<Outcome<{ readonly files: number; readonly bytes: number }>> {
    return Promise.resolve(ok({ files: 0, bytes: 0 }));
  }

  restart(): Promise<Outcome<ModelDescription>> {
    return this.describeModel();
  }

  onState(): () => void {
    return () => {};
  }

  dispose(): Promise<void> {
    this.#disposed.abort();
    return Promise.resolve();
  }

  async #atOnce(request: GenerateRequest, signal: AbortSignal, onText: GenerateOptions['onText']): Promise<Outcome<Generation>> {
    this.#waitedFor++;
    if (this.#model.slots === 1) for (const one of this.#ahead) one.abort();
    try {
      return await this.#answer(request, signal, onText);
    } finally {
      if (--this.#waitedFor === 0) for (const go of this.#atIdle.splice(0)) go();
    }
  }

  async #whenIdle(request: GenerateRequest, signal: AbortSignal, onText: GenerateOptions['onText']): Promise<Outcome<Generation>> {
    while (this.#waitedFor > 0 && !signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#atIdle.push(resolve);
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
    const givenWay = new AbortController();
    this.#ahead.add(givenWay);
    try {
      return await this.#answer(request, AbortSignal.any([signal, givenWay.signal]), onText);
    } catch (error) {
      if (givenWay.signal.aborted) return cancelled;
      throw error;
    } finally {
      this.#ahead.delete(givenWay);
    }
  }

  async #answer(request: GenerateRequest, signal: AbortSignal, onText: GenerateOptions['onText']): Promise<Outcome<Generation>> {
    if (request.grammar || request.markTokens) return unsupported('The bench asks an endpoint for text alone.', 'Ask for it without a grammar.');
    const { prompt, maxTokens } = request;
    const tokens = prompt.kind === 'parts' ? await this.#model.tokens.ofParts(prompt.parts) : await chatTokens(this.#model, prompt);
    if (typeof tokens === 'string') return unsupported(tokens, 'Choose another model.');
    if (signal.aborted) return cancelled;
    const { contextSize } = this.#model.description;
    const wantedRoom = request.roomTokens ?? Math.min(maxTokens, defaultRoomTokens);
    if (contextSize - tokens.length < wantedRoom) return overflow(tokens.length, Math.max(0, contextSize - wantedRoom));
    const common = commonPrefix(this.#lastPrompt, tokens);
    this.#lastPrompt = tokens;
    const body = bodyOf(request, tokens, Math.min(maxTokens, contextSize - tokens.length));
    const reader = new AnswerReader(request, { special: this.#special, onText });
    try {
      for await (const event of this.#model.endpoint.stream(body, signal)) if (reader.read(event)) break;
    } finally {
      // Given up before the first token: the prompt was read, or would have been.
      this.#workedTokens += reader.workedTokens ?? tokens.length - common;
    }
    return signal.aborted ? cancelled : reader.result(tokens.length);
  }
}

function bodyOf({ temperature, topP, minP, seed, stop, confidenceTokens }: GenerateRequest, prompt: readonly number[], mostTokens: number): object {
  return {
    prompt,
    n_predict: mostTokens,
    temperature,
    ...(temperature > 0 ? { top_p: topP ?? 1, min_p: minP ?? 0, top_k: 0 } : {}),
    ...(seed === undefined ? {} : { seed }),
    stop,
    cache_prompt: true,
    timings_per_token: true,
    return_tokens: true,
    // Of the token that was taken, before anything was done to the chances.
    ...(confidenceTokens ? { n_probs: 1 } : {}),
  };
}

function commonPrefix(one: readonly number[], other: readonly number[]): number {
  let length = 0;
  while (length < one.length && length < other.length && one[length] === other[length]) length++;
  return length;
}

const unsupported = (cause: string, action: string): Failure => ({ outcome: 'unsupported', cause, action });

function overflow(promptTokens: number, availableTokens: number): Failure {
  const cause = `The text needs ${promptTokens} tokens; the endpoint's context has room for ${availableTokens}.`;
  return { outcome: 'contextOverflow', promptTokens, availableTokens, cause, action: 'Start the server with a longer context.' };
}
