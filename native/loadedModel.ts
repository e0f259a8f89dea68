// One model in memory with its context, its vocabulary and its decode loop. It knows loading and memory; it must not know requests.
import type { Llama, LlamaContext, LlamaModel } from 'node-llama-cpp';
import { getModuleVersion } from 'node-llama-cpp';
import { addonOf } from './addon.ts';
import { ChatHeads, type StreamHead } from './chatHeads.ts';
import { verifyChecksum } from './checksum.ts';
import { DecodeLoop } from './decodeLoop.ts';
import { Embedder } from './embedder.ts';
import { inspectGguf } from './ggufHeader.ts';
import { Grammars } from './grammars.ts';
import { adaptersProblem, layAdapters } from './loraAdapters.ts';
import { modelIdentity } from './modelIdentity.ts';
import { checksumProblem, headerProblem, loadProblem, memoryProblem } from './modelProblems.ts';
import { type PromptTokens, Vocabulary } from './promptTokens.ts';
import type { EngineStatus, GenerateParams, ModelDescription, ModelProblem, ModelSpec } from './protocol/messages.ts';
import type { RenderProcess } from './renderProcess.ts';
import type { SavedStates } from './savedStates.ts';
import type { ModelTurns } from './turns.ts';

/** Without a setting, more context than this is not taken even if the model was trained for it: its KV state costs memory. */
const defaultContextSize = 16_384;
const smallestContextSize = 512;
const batchSize = 512;
/** Two for completions and four for chats and background work, as long as their KV state stays below this; otherwise fewer, at least one of each. */
const mostSequences = 6;
const leastSequences = 2;
const comfortableContextBytes = 1024 * 1024 * 1024;

export interface LoadOptions {
  /** For single tokens; as many as the machine's cores make them wait for each other. */
  readonly decodeThreads: number;
  /** For long batches. */
  readonly prefillThreads: number;
  readonly turns: ModelTurns;
  readonly renderProcess: RenderProcess;
  readonly states: SavedStates;
  readonly log: (line: string) => void;
}

type ModelConfiguration = EngineStatus['models'][number];

export type LoadResult = { readonly outcome: 'ok'; readonly model: LoadedModel } | { readonly outcome: 'modelProblem'; readonly problem: ModelProblem };

interface Parts {
  readonly model: LlamaModel;
  readonly context: LlamaContext;
  readonly path: string;
  readonly contextSize: number;
  readonly sequences: number;
}

export class LoadedModel {
  readonly model: LlamaModel;
  readonly context: LlamaContext;
  readonly vocabulary: Vocabulary;
  readonly grammars: Grammars;
  readonly embedder: Embedder;
  readonly description: ModelDescription;
  readonly loop: DecodeLoop;
  readonly configuration: ModelConfiguration;
  #heads: ChatHeads | undefined;
  #users = 0;
  readonly #waitingForIdle: (() => void)[] = [];
  #isDisposed = false;

  /** @throws Error when the library is not of the pinned version */
  constructor({ model, context, path, contextSize, sequences }: Parts, { renderProcess, decodeThreads, prefillThreads, turns }: LoadOptions) {
    this.model = model;
    this.context = context;
    this.vocabulary = new Vocabulary(model, renderProcess);
    this.grammars = new Grammars(model, this.vocabulary);
    this.embedder = new Embedder({ model, path, vocabulary: this.vocabulary, threads: prefillThreads, turns });
    this.loop = new DecodeLoop({ addon: addonOf(model, context), sequences, batchSize: context.batchSize, decodeThreads, prefillThreads, turns });
    this.configuration = {
      path,
      contextSize,
      sequences,
      gpuLayers: model.gpuLayers,
      totalLayers: model.fileInsights.totalLayers,
      flashAttention: context.flashAttention === true,
      kvType: 'f16',
      concessions: [],
    };
    const name = model.fileInfo.metadata.general.name;
    this.description = {
      path,
      name: name && name.trim() !== '' ? name : (model.filename ?? path),
      architecture: String(model.architecture),
      sizeBytes: model.size,
      contextSize,
      trainContextSize: model.trainContextSize,
      specialTokens: [...this.vocabulary.specialTexts],
      hasChatTemplate: this.vocabulary.hasChatTemplate,
      gpuLayers: model.gpuLayers,
    };
  }

  /** From now on heads of chats may come from disk and go there. */
  keepHeads(identity: string, { states, log }: LoadOptions): void {
    const { contextSize, sequences } = this.configuration;
    const { ram, vram } = this.context.memoryUsage;
    // With its buffers, a context takes more than what it holds.
    const tokenBytes = (ram + vram) / (contextSize * sequences);
    this.#heads = new ChatHeads({ context: addonOf(this.model, this.context).context, states, model: identity, contextSize, tokenBytes, log });
  }

  /** @returns undefined where the prompt's head is not worth keeping */
  async headOf(params: GenerateParams, prompt: Extract<PromptTokens, { outcome: 'ok' }>, signal: AbortSignal): Promise<StreamHead | undefined> {
    const headLength = await this.vocabulary.headLength(params.prompt, prompt, signal);
    const tokens = Uint32Array.from(prompt.tokens);
    return this.#heads?.of(tokens, { headLength, heldTokens: this.loop.longestHeld(tokens) });
  }

  /** Keeps the model in memory until the returned function is called. */
  use(): () => void {
    this.#users++;
    return () => {
      this.#users--;
      if (this.#users > 0) return;
      for (const wake of this.#waitingForIdle.splice(0)) wake();
    };
  }

  /** Resolves when nobody uses the model. */
  async whenIdle(): Promise<void> {
    while (this.#users > 0) await new Promise<void>((wake) => this.#waitingForIdle.push(wake));
  }

  get isBusy(): boolean {
    return this.#users > 0;
  }

  get isDisposed(): boolean {
    return this.#isDisposed;
  }

  async dispose(): Promise<void> {
    this.#isDisposed = true;
    // Freeing a context under a running tick would crash the process.
    await this.loop.idle();
    await this.#heads?.idle();
    await this.embedder.dispose();
    await this.context.dispose();
    await this.model.dispose();
  }
}

/** Loads a model after its file was looked at; every reason for a failure that can be told apart is named. */
export async function loadModel(llama: Llama, spec: ModelSpec, options: LoadOptions): Promise<LoadResult> {
  const header = await inspectGguf(spec.path);
  const problem = headerProblem(spec.path, header);
  if (problem) return { outcome: 'modelProblem', problem };
  const adapterProblem = await adaptersProblem(spec.loras, header.verdict === 'ok' ? header.architecture : '');
  if (adapterProblem) return { outcome: 'modelProblem', problem: adapterProblem };
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
  const sequences = comfortableSequences(model, wanted);
  let lastError = '';
  for (let contextSize = wanted; contextSize >= Math.min(wanted, smallestContextSize); contextSize = Math.floor(contextSize / 2)) {
    try {
      const context = await model.createContext({ contextSize, sequences, batchSize: Math.min(batchSize, contextSize), threads: options.decodeThreads });
      const refusedAdapter = await layAdapters(context, spec.loras);
      if (refusedAdapter) {
        await model.dispose();
        return { outcome: 'modelProblem', problem: refusedAdapter };
      }
      const loaded = new LoadedModel({ model, context, path: spec.path, contextSize, sequences }, options);
      loaded.keepHeads(await identityOf(loaded, { llama, spec, sha256: checksum.verdict === 'matches' ? checksum.sha256 : undefined }), options);
      return { outcome: 'ok', model: loaded };
    } catch (error) {
      lastError = error instanceof Error ? error.message : String(error);
      options.log(`A context of ${contextSize} tokens was refused (${lastError}).`);
    }
  }
  await model.dispose();
  return { outcome: 'modelProblem', problem: memoryProblem(spec.path, lastError) };
}

async function identityOf(
  { configuration: { contextSize, kvType, flashAttention, gpuLayers } }: LoadedModel,
  { llama, spec, sha256 }: { readonly llama: Llama; readonly spec: ModelSpec; readonly sha256: string | undefined },
): Promise<string> {
  const { repo, release } = llama.llamaCppRelease;
  const context = { contextSize, kvType, flashAttention, gpuLayers, backend: String(llama.gpu), library: `${await getModuleVersion()} ${repo} ${release}` };
  return modelIdentity({ spec, sha256, context });
}

function comfortableSequences(model: LlamaModel, contextSize: number): number {
  for (let sequences = mostSequences; sequences > leastSequences; sequences--) {
    const { cpuRam, gpuVram } = model.fileInsights.estimateContextResourceRequirements({ contextSize, sequences, modelGpuLayers: model.gpuLayers });
    if (cpuRam + gpuVram <= comfortableContextBytes) return sequences;
  }
  return leastSequences;
}
