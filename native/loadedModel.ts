// One model in memory with its context and its two sequences: one for completions, one for chat, so that neither evicts the other's
// KV state. It knows loading and memory; it must not know requests.
import type { Llama, LlamaContext, LlamaContextSequence, LlamaModel } from 'node-llama-cpp';
import { verifyChecksum } from './checksum.ts';
import { inspectGguf } from './ggufHeader.ts';
import { checksumProblem, headerProblem, loadProblem, memoryProblem } from './modelProblems.ts';
import { Vocabulary } from './promptTokens.ts';
import type { ModelDescription, ModelProblem, ModelSpec } from './protocol/messages.ts';
import { Queue } from './queue.ts';
import type { RenderProcess } from './renderProcess.ts';

/** Without a setting, more context than this is not taken even if the model was trained for it: its KV state costs memory. */
const defaultContextSize = 16_384;
const smallestContextSize = 512;
const batchSize = 512;
/** Prefill chunks aim at this long, since a request of higher priority and an abort wait for one chunk. */
const chunkTargetMs = 60;
const smallestChunk = 32;

export interface Slot {
  readonly sequence: LlamaContextSequence;
  readonly queue: Queue;
}

export interface LoadOptions {
  readonly threads: number;
  readonly renderProcess: RenderProcess;
  readonly log: (line: string) => void;
}

export type LoadResult = { readonly outcome: 'ok'; readonly model: LoadedModel } | { readonly outcome: 'modelProblem'; readonly problem: ModelProblem };

export class LoadedModel {
  readonly model: LlamaModel;
  readonly context: LlamaContext;
  readonly vocabulary: Vocabulary;
  readonly description: ModelDescription;
  readonly inlineSlot: Slot;
  readonly chatSlot: Slot;
  #tokensPerMs = 0;
  #users = 0;
  #isDisposed = false;

  constructor(model: LlamaModel, context: LlamaContext, { path, renderProcess }: { readonly path: string; readonly renderProcess: RenderProcess }) {
    this.model = model;
    this.context = context;
    this.vocabulary = new Vocabulary(model, renderProcess);
    this.inlineSlot = { sequence: context.getSequence(), queue: new Queue() };
    this.chatSlot = { sequence: context.getSequence(), queue: new Queue() };
    const name = model.fileInfo.metadata.general.name;
    this.description = {
      path,
      name: name && name.trim() !== '' ? name : (model.filename ?? path),
      architecture: String(model.architecture),
      sizeBytes: model.size,
      contextSize: this.inlineSlot.sequence.contextSize,
      trainContextSize: model.trainContextSize,
      specialTokens: [...this.vocabulary.specialTexts],
      hasChatTemplate: this.vocabulary.hasChatTemplate,
      gpuLayers: model.gpuLayers,
    };
  }

  /** Tokens of the next prefill chunk, from the measured speed. */
  get chunkTokens(): number {
    if (this.#tokensPerMs === 0) return batchSize / 4;
    return Math.min(batchSize, Math.max(smallestChunk, Math.round(this.#tokensPerMs * chunkTargetMs)));
  }

  notePrefill(tokens: number, elapsedMs: number): void {
    if (tokens < smallestChunk || elapsedMs <= 0) return;
    const rate = tokens / elapsedMs;
    this.#tokensPerMs = this.#tokensPerMs === 0 ? rate : this.#tokensPerMs * 0.7 + rate * 0.3;
  }

  /** Keeps the model in memory until the returned function is called. */
  use(): () => void {
    this.#users++;
    return () => {
      this.#users--;
    };
  }

  get isBusy(): boolean {
    return this.#users > 0;
  }

  get isDisposed(): boolean {
    return this.#isDisposed;
  }

  async dispose(): Promise<void> {
    this.#isDisposed = true;
    await this.context.dispose();
    await this.model.dispose();
  }
}

/** Loads a model after its file was looked at; every reason for a failure that can be told apart is named. */
export async function loadModel(llama: Llama, spec: ModelSpec, options: LoadOptions): Promise<LoadResult> {
  const header = await inspectGguf(spec.path);
  const problem = headerProblem(spec.path, header);
  if (problem) return { outcome: 'modelProblem', problem };
  const checksum = await verifyChecksum(spec.path, header.verdict === 'ok' ? header.sizeBytes : 0);
  if (checksum.verdict === 'differs') return { outcome: 'modelProblem', problem: checksumProblem(spec.path, checksum.listedIn) };
  options.log(`Loading ${spec.path} (checksum: ${checksum.verdict}).`);
  let model: LlamaModel;
  try {
    // checkTensors reads every weight once and refuses values that no model has.
    model = await llama.loadModel({ modelPath: spec.path, checkTensors: header.verdict === 'ok' && header.sizeBytes < 512 * 1024 * 1024 });
  } catch (error) {
    return { outcome: 'modelProblem', problem: loadProblem(spec.path, error instanceof Error ? error.message : String(error)) };
  }
  const wanted = spec.contextSize > 0 ? spec.contextSize : Math.min(model.trainContextSize, defaultContextSize);
  let lastError = '';
  for (let contextSize = wanted; contextSize >= Math.min(wanted, smallestContextSize); contextSize = Math.floor(contextSize / 2)) {
    try {
      const context = await model.createContext({
        contextSize,
        sequences: 2,
        batchSize: Math.min(batchSize, contextSize),
        threads: options.threads,
        // The library's default strategy starves short requests behind long ones.
        batching: { itemPrioritizationStrategy: 'firstInFirstOut' },
      });
      return { outcome: 'ok', model: new LoadedModel(model, context, { path: spec.path, renderProcess: options.renderProcess }) };
    } catch (error) {
      lastError = error instanceof Error ? error.message : String(error);
      options.log(`A context of ${contextSize} tokens was refused (${lastError}).`);
    }
  }
  await model.dispose();
  return { outcome: 'modelProblem', problem: memoryProblem(spec.path, lastError) };
}
