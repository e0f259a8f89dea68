// An `Inference` whose answers are written down by a test. It streams, cancels, overflows and fails like a real one, without a model.
// It knows the interface only; it must not know what is asked or what an answer means.
import { RecentFigures } from '../native/figures.ts';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { cancelled, type Failure, type Outcome, ok } from '../server/core/outcome.ts';
import type { GenerateOptions, GenerateRequest, Generation, Inference, InferenceState, ModelDescription } from '../server/inference/inference.ts';

export type Operation = 'describeModel' | 'generate' | 'countTokens' | 'embed' | 'engineStatus' | 'deleteSavedStates' | 'restart';

export interface ScriptedAnswer {
  readonly text: string;
  /** `end` unless maxTokens or a stop text came first. */
  readonly finish?: Generation['finish'];
}

export type Answers =
  | readonly (string | ScriptedAnswer)[]
  | ((request: GenerateRequest, index: number) => string | ScriptedAnswer | Promise<string | ScriptedAnswer>);

export interface Script {
  /** One for each request in turn; the last one is given again to all further requests. */
  readonly answers?: Answers;
  /** Overrides parts of the model's description. */
  readonly model?: Partial<ModelDescription>;
  /** Tokens of a text; four characters each when absent. */
  readonly countTokens?: (text: string) => number;
  /** A text's vector; without it the engine gives none. */
  readonly vectorOf?: (text: string) => readonly number[];
  /** UTF-16 units in each streamed piece. */
  readonly pieceLength?: number;
  /** Awaited before each piece: where a test holds an answer back. */
  readonly beforePiece?: (request: GenerateRequest, piece: number) => Promise<void> | void;
  /** A failure on demand: `call` counts the calls of that operation from 0. */
  readonly failure?: (operation: Operation, call: number) => Failure | undefined;
}

export interface ScriptedInference extends Inference {
  /** All requests so far, oldest first. */
  readonly requests: readonly GenerateRequest[];
  /** The texts of each request for vectors so far. */
  readonly embedded: readonly (readonly string[])[];
  /** How many answers were cut short by their signal. */
  readonly cancelledCount: number;
  readonly setState: (state: InferenceState) => void;
}

const scriptedModel: ModelDescription = {
  path: '/models/scripted.gguf',
  name: 'Scripted',
  architecture: 'llama',
  sizeBytes: 1_000_000,
  contextSize: 8192,
  trainContextSize: 8192,
  specialTokens: [],
  hasChatTemplate: true,
  gpuLayers: 0,
};

const noTimings = { queueMs: 0, prefillMs: 0, decodeMs: 0 };

export function scriptedInference(script: Script = {}): ScriptedInference {
  const model: ModelDescription = { ...scriptedModel, ...script.model };
  const count = script.countTokens ?? ((text: string) => Math.ceil(text.length / 4));
  const requests: GenerateRequest[] = [];
  const embedded: (readonly string[])[] = [];
  const { vectorOf } = script;
  const listeners = new Set<(state: InferenceState) => void>();
  const calls = new Map<Operation, number>();
  let cancelledCount = 0;
  let state: InferenceState = { state: 'ready', model };

  /** The failure that the script wants, or that the signal asks for; every operation takes at least one turn, as a real one does. */
  const refused = async (operation: Operation, signal: AbortSignal): Promise<Failure | undefined> => {
    const call = calls.get(operation) ?? 0;
    calls.set(operation, call + 1);
    await nextTurn();
    return signal.aborted ? cancelled : script.failure?.(operation, call);
  };

  const generate = async (request: GenerateRequest, { signal, onText }: GenerateOptions): Promise<Outcome<Generation>> => {
    const index = requests.push(request) - 1;
    const failure = await refused('generate', signal);
    if (failure) return failure;
    const promptTokens = count(promptText(request));
    const availableTokens = Math.max(0, model.contextSize - (request.roomTokens ?? Math.min(request.maxTokens, 64)));
    if (promptTokens > availableTokens) return { outcome: 'contextOverflow', promptTokens, availableTokens, cause: 'Too long.', action: 'Shorten it.' };
    const given = await answerOf(script.answers ?? [''], request, index);
    const { text, finish } = ended(given, { request, count, room: Math.min(request.maxTokens, model.contextSize - promptTokens) });
    const pieceLength = script.pieceLength ?? 7;
    for (let at = 0, piece = 0; at < text.length; at += pieceLength, piece++) {
      await script.beforePiece?.(request, piece);
      await nextTurn();
      if (signal.aborted) {
        cancelledCount++;
        return cancelled;
      }
      onText?.(text.slice(at, at + pieceLength));
    }
    return ok({ text, finish, usage: { evaluatedTokens: promptTokens, reusedTokens: 0, generatedTokens: count(text) }, timings: noTimings });
  };

  return {
    requests,
    embedded,
    ...(vectorOf && {
      embed: async (texts: readonly string[], signal: AbortSignal) => {
        embedded.push(texts);
        return (await refused('embed', signal)) ?? ok(texts.map(vectorOf));
      },
    }),
    get cancelledCount() {
      return cancelledCount;
    },
    get state() {
      return state;
    },
    setState: (next) => {
      state = next;
      for (const listener of listeners) listener(next);
    },
    describeModel: async (signal) => (await refused('describeModel', signal)) ?? ok(model),
    generate,
    countTokens: async (texts, signal) => (await refused('countTokens', signal)) ?? ok(texts.map(count)),
    engineStatus: async (signal) =>
      (await refused('engineStatus', signal)) ??
      ok({
        pid: 1,
        backend: 'cpu',
        threads: 1,
        uptimeMs: 0,
        clients: 1,
        activeRequests: 0,
        memory: { residentBytes: 0, heapBytes: 0, modelBytes: 0, contextBytes: 0, vramUsedBytes: 0, vramTotalBytes: 0 },
        models: [],
        devices: [],
        savedStates: { files: 0, bytes: 0 },
        figures: new RecentFigures().all,
        totals: {
          requests: requests.length,
          evaluatedTokens: 0,
          reusedTokens: 0,
          generatedTokens: 0,
          prefillMs: 0,
          decodeMs: 0,
          ticks: 0,
          streamTicks: 0,
          batchTokens: 0,
        },
      }),
    deleteSavedStates: async (signal) => (await refused('deleteSavedStates', signal)) ?? ok({ files: 2, bytes: 3_400_000 }),
    restart: async (signal) => (await refused('restart', signal)) ?? ok(model),
    onState: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    dispose: async () => {
      listeners.clear();
    },
  };
}

/** All text of a prompt, special tokens included: what a test searches. */
export function promptText({ prompt }: GenerateRequest): string {
  if (prompt.kind === 'chat')
    return prompt.messages
      .map(({ content }) => (typeof content === 'string' ? content : content.map((part) => (part.kind === 'text' ? part.text : '')).join('')))
      .join('\n');
  return prompt.parts.map((part) => (part.kind === 'text' ? part.text : part.token)).join('');
}

async function answerOf(answers: Answers, request: GenerateRequest, index: number): Promise<ScriptedAnswer> {
  const answer = typeof answers === 'function' ? await answers(request, index) : (answers[index] ?? answers.at(-1) ?? '');
  return typeof answer === 'string' ? { text: answer } : answer;
}

/** The answer as far as the request's limits let it come. */
function ended(
  { text, finish }: ScriptedAnswer,
  { request, count, room }: { readonly request: GenerateRequest; readonly count: (text: string) => number; readonly room: number },
): Required<ScriptedAnswer> {
  const stops = request.stop.map((stop) => text.indexOf(stop)).filter((at) => at >= 0);
  const stopped = stops.length === 0 ? text : text.slice(0, Math.min(...stops));
  if (count(stopped) <= room) return { text: stopped, finish: finish ?? (stops.length > 0 ? 'stop' : 'end') };
  let length = stopped.length;
  while (length > 0 && count(stopped.slice(0, length)) > room) length--;
  return { text: stopped.slice(0, length), finish: 'length' };
}
