// The interface that every engine serves: the local process, a remote server, a script in a test.
// It knows what can be asked of a model. It must not know LSP, documents or how an engine is reached.
import type { EngineStatus, GenerateParams, ModelDescription, Priority, Prompt, SavedStatesSize, Timings, Usage } from '../../native/protocol/messages.ts';
import type { Explanation, Outcome } from '../core/outcome.ts';

export type { ModelDescription };

export interface GenerateRequest {
  readonly prompt: Prompt;
  readonly priority: Priority;
  readonly maxTokens: number;
  /** Tokens of context that must be left for the answer; the smaller of maxTokens and 64 when absent. */
  readonly roomTokens?: number;
  /** 0 is greedy. */
  readonly temperature: number;
  readonly topP?: number;
  readonly minP?: number;
  readonly seed?: number;
  /** Texts that end the answer; not part of it. */
  readonly stop: readonly string[];
  readonly forbidEndFirst?: boolean;
  // What follows is described at the engine's door; engines that cannot do a thing leave it out.
  readonly lineStops?: NonNullable<GenerateParams['lineStops']>;
  readonly markTokens?: boolean;
  readonly grammar?: NonNullable<GenerateParams['grammar']>;
  readonly confidenceTokens?: number;
  readonly speculation?: NonNullable<GenerateParams['speculation']>;
  readonly expected?: string;
  readonly isAhead?: boolean;
  readonly mayPersist?: boolean;
}

export interface GenerateOptions {
  readonly signal: AbortSignal;
  /** Called with each new piece of text, in order; with the probabilities of the first tokens so far, where they were asked for. */
  readonly onText?: (text: string, confidence?: readonly number[]) => void;
}

export interface Generation {
  readonly text: string;
  readonly finish: 'end' | 'stop' | 'length';
  readonly usage: Usage;
  readonly timings: Timings;
  /** Probabilities of the first tokens, as many as were asked for. */
  readonly confidence?: readonly number[];
}

export type InferenceState =
  | { readonly state: 'stopped' }
  | { readonly state: 'starting' }
  /** `notes`: what the user should know, one sentence each; absent when there is nothing. */
  | { readonly state: 'ready'; readonly model: ModelDescription; readonly notes?: readonly string[] }
  /** The model cannot be used; the engine itself is well. */
  | ({ readonly state: 'noModel' } & Explanation)
  /** The engine is gone and is not started again by itself. */
  | ({ readonly state: 'failed' } & Explanation);

export interface Inference {
  /** Brings the engine up and the model into memory, if they are not; idempotent. */
  describeModel(signal: AbortSignal): Promise<Outcome<ModelDescription>>;
  generate(request: GenerateRequest, options: GenerateOptions): Promise<Outcome<Generation>>;
  /** Tokens of each text, in order, counted with the model's own vocabulary. */
  countTokens(texts: readonly string[], signal: AbortSignal): Promise<Outcome<readonly number[]>>;
  /**
   * A vector of unit length for each text, in order, of its first 512 tokens at most (fewer where the model's context is shorter).
   * Any text model gives vectors; good ones take a model that was made for it. Absent where the engine cannot.
   */
  embed?(texts: readonly string[], signal: AbortSignal): Promise<Outcome<readonly (readonly number[])[]>>;
  engineStatus(signal: AbortSignal): Promise<Outcome<EngineStatus>>;
  /** Deletes the state of chats that is kept on disk; works without an engine too. */
  deleteSavedStates(signal: AbortSignal): Promise<Outcome<SavedStatesSize>>;
  /** Starts again after `failed`, with a fresh restart budget. */
  restart(signal: AbortSignal): Promise<Outcome<ModelDescription>>;
  readonly state: InferenceState;
  /** Returns a function that ends the subscription. */
  onState(listener: (state: InferenceState) => void): () => void;
  dispose(): Promise<void>;
}
