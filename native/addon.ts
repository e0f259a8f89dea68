// The native objects under node-llama-cpp's own context and model, which the decode loop drives directly: the library's public
// evaluation makes several promises and a sampler a token and cannot put two sequences into one batch at will.
// It knows their shape, which is that of exactly the pinned version; it must not know what is decoded. A test holds the shape.
import type { LlamaContext, LlamaEmbeddingContext, LlamaGrammarEvaluationState, LlamaModel, Token } from 'node-llama-cpp';

const wrongVersion = 'This version of node-llama-cpp is not the one the engine was made for. Install the version that package.json names.';

export interface SamplerConfig {
  readonly temperature: number;
  readonly topP?: number;
  readonly minP?: number;
  readonly topK?: number;
  readonly seed?: number;
  readonly tokenBiasKeys?: Uint32Array;
  readonly tokenBiasValues?: Float32Array;
  readonly grammarEvaluationState?: AddonGrammarState;
}

/** Tokens that are never taken. */
export function biasAgainst(tokens: Uint32Array): Pick<Required<SamplerConfig>, 'tokenBiasKeys' | 'tokenBiasValues'> {
  return { tokenBiasKeys: tokens, tokenBiasValues: new Float32Array(tokens.length).fill(Number.NEGATIVE_INFINITY) };
}

/** Where in a grammar one answer is; a sampler moves it on with each token that it takes. */
export type AddonGrammarState = { readonly brand: 'AddonGrammarState' };

export interface AddonSampler {
  applyConfig(config: SamplerConfig): void;
  dispose(): void;
}

/** Not one of these calls may overlap another one on the same context, but for `sampleToken` with samplers that differ. */
export interface AddonContext {
  setThreads(threads: number): void;
  /** Throws a RangeError unless 1 <= size <= the context's batch size. */
  initBatch(size: number): void;
  /** `position`: must follow the sequence's last one. Returns the batch index of each asked logit. */
  addToBatch(sequence: number, position: number, tokens: Uint32Array, logitOffsets: Uint32Array): Uint32Array;
  decodeBatch(): Promise<void>;
  /** Resolves with -1 when sampling failed; rejects when a grammar leaves no token. */
  sampleToken(batchIndex: number, sampler: AddonSampler): Promise<number>;
  /** The token, nothing, and its probability in the distribution that the sampler took it from. */
  sampleToken(batchIndex: number, sampler: AddonSampler, probabilities: false, confidence: true): Promise<readonly [number, undefined, number?]>;
  /** Removes [from, to) of a sequence; to -1 means the end. False when the model's state cannot be cut there. */
  removeTokenCellsFromSequence(sequence: number, from: number, to: number): boolean;
  disposeSequence(sequence: number): void;
  /** What the target holds is replaced, but only together with the next decode. */
  copySequenceStateFromOtherSequence(target: number, source: number): Promise<number>;
  /** 0 as long as nothing has slid out of a model's window; -1 when the sequence is empty. */
  getSequenceKvCacheMinPosition(sequence: number): number;
  /** The whole sequence. Resolves with the bytes written, which are more than the file's when the disk was full at the very end. */
  saveSequenceStateToFile(file: string, sequence: number, tokens: Uint32Array): Promise<number>;
  /** Replaces what the sequence holds; a file that does not fit is an error, but one whose numbers are damaged is not noticed. Resolves with its tokens. */
  loadSequenceStateFromFile(file: string, sequence: number, contextSize: number): Promise<Uint32Array>;
}

/** A context that gives vectors instead of text. */
export interface AddonEmbeddingContext extends AddonContext {
  /** Of the text that the last batch held, which had this many tokens; not of unit length. Throws where the model gives none. */
  getEmbedding(tokens: number): Float64Array;
}

export interface Addon {
  readonly context: AddonContext;
  readonly makeSampler: () => AddonSampler;
}

interface SamplerClass {
  new (model: unknown): AddonSampler;
  canBeNextTokenForGrammarEvaluationState(state: AddonGrammarState, token: number): boolean;
}

interface ModelParts {
  readonly _llama?: { readonly _bindings?: { readonly AddonSampler?: SamplerClass } };
  readonly _model?: unknown;
}

/** How the vocabulary spells a token: of byte-pair vocabularies a character for each byte. */
export function spellingOf(model: LlamaModel, token: Token): string {
  return (model as unknown as { readonly _model: { getTokenString(token: number): string } })._model.getTokenString(token);
}

/** What a sampler's configuration takes of the library's own object. */
export function grammarStateOf(state: LlamaGrammarEvaluationState): AddonGrammarState {
  return (state as unknown as { readonly _state: AddonGrammarState })._state;
}

/** Whether the grammar allows this token next. */
export function grammarAllows(model: LlamaModel, state: AddonGrammarState, token: number): boolean {
  const Sampler = (model as unknown as ModelParts)._llama?._bindings?.AddonSampler;
  return Sampler?.canBeNextTokenForGrammarEvaluationState(state, token) ?? false;
}

/** @throws Error when the library's objects are not those of the pinned version */
export function addonOfEmbedding(context: LlamaEmbeddingContext): AddonEmbeddingContext {
  const inner = (context as unknown as { readonly _llamaContext?: { readonly _ctx?: AddonEmbeddingContext } })._llamaContext?._ctx;
  if (typeof inner?.getEmbedding !== 'function') throw new Error(wrongVersion);
  return inner;
}

/** What a context for vectors holds in memory, in bytes. */
export function memoryOfEmbedding(context: LlamaEmbeddingContext): { readonly ram: number; readonly vram: number } {
  return (context as unknown as { readonly _llamaContext: LlamaContext })._llamaContext.memoryUsage;
}

/** Lays adapters over the weights that this context uses; they go with it. Rejects when the library refuses one of them. */
export async function setLoras(context: LlamaContext, loras: readonly { readonly filePath: string; readonly scale: number }[]): Promise<void> {
  await (context as unknown as { readonly _setLoras: (loras: readonly { filePath: string; scale: number }[]) => Promise<void> })._setLoras(loras);
}

/** @throws Error when the library's objects are not those of the pinned version */
export function addonOf(model: LlamaModel, context: LlamaContext): Addon {
  const inner = (context as unknown as { readonly _ctx?: AddonContext })._ctx;
  const { _llama: llama, _model: addonModel } = model as unknown as ModelParts;
  const Sampler = llama?._bindings?.AddonSampler;
  const needed: readonly (keyof AddonContext)[] = [
    'setThreads',
    'initBatch',
    'addToBatch',
    'decodeBatch',
    'sampleToken',
    'removeTokenCellsFromSequence',
    'disposeSequence',
    'copySequenceStateFromOtherSequence',
    'getSequenceKvCacheMinPosition',
    'saveSequenceStateToFile',
    'loadSequenceStateFromFile',
  ];
  if (!inner || !Sampler?.canBeNextTokenForGrammarEvaluationState || !addonModel || needed.some((name) => typeof inner[name] !== 'function')) {
    throw new Error(wrongVersion);
  }
  return { context: inner, makeSampler: () => new Sampler(addonModel) };
}

/** @throws Error, with a sentence, when the tokens of one mean something else to the other */
export function ensureSameVocabulary(large: LlamaContext, draft: LlamaContext): void {
  interface Inner {
    readonly ensureDraftContextIsCompatibleForSpeculative: (draft: unknown) => void;
  }
  const innerOf = (context: LlamaContext) => (context as unknown as { readonly _ctx: Inner })._ctx;
  innerOf(large).ensureDraftContextIsCompatibleForSpeculative(innerOf(draft));
}
