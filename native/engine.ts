// The engine itself: the library, the models in memory, the requests under way. It knows what can be asked; it must not know sockets.
import os from 'node:os';
import { getLlama, LlamaLogLevel } from 'node-llama-cpp';
import type { Llama } from 'node-llama-cpp';
import { evaluationKey } from './channel/evaluating.ts';
import type { EvaluatingFile } from './channel/evaluating.ts';
import type { EngineWork } from './engineServer.ts';
import { RecentFigures } from './figures.ts';
import { generate } from './generate.ts';
import type { GenerateOptions } from './generate.ts';
import { loadModel } from './loadedModel.ts';
import type { LoadedModel, LoadResult } from './loadedModel.ts';
import { ModelFiles } from './modelFiles.ts';
import type {
  CountTokensParams,
  CountTokensResult,
  DescribeModelResult,
  EmbedParams,
  EmbedResult,
  EngineOptions,
  EngineStatus,
  GenerateParams,
  GenerateResult,
  ModelSpec,
  Priority,
  SavedStatesSize,
} from './protocol/messages.ts';
import { RenderProcess } from './renderProcess.ts';
import { SavedStates } from './savedStates.ts';
import { Turns } from './turns.ts';

/** More threads than this slow evaluation down on most machines, and the editor needs some too. */
const mostThreads = 8;
/** Two windows may use a model each without loading in turn. */
const mostModels = 2;

export interface EngineSurroundings {
  /** Told the path of a model whose file is another one than when it was loaded. */
  readonly onModelReplaced: (path: string) => void;
  /** Where it is written down which model native code is given. */
  readonly evaluating: Pick<EvaluatingFile, 'loading' | 'evaluating'>;
}

export class Engine implements EngineWork {
  readonly #options: EngineOptions;
  readonly #log: (line: string) => void;
  readonly #surroundings: EngineSurroundings;
  readonly #files = new ModelFiles();
  readonly #turns = new Turns();
  /** Templates of unknown models are evaluated there, where a limit can stop them. */
  readonly #renderProcess = new RenderProcess();
  readonly #states: SavedStates;
  readonly #startedAt = performance.now();
  readonly #models = new Map<string, Promise<LoadResult>>();
  /** Models whose file was replaced, until they are gone. */
  readonly #retired = new Map<string, Promise<void>>();
  #llama: Promise<Llama> | undefined;
  #backend = 'cpu';
  #activeRequests = 0;
  readonly #figures = new RecentFigures();
  readonly #totals = { requests: 0, evaluatedTokens: 0, reusedTokens: 0, generatedTokens: 0, prefillMs: 0, decodeMs: 0 };

  /** @param stateDirectory where the state of chats is kept on disk */
  constructor(options: EngineOptions, stateDirectory: string, log: (line: string) => void, surroundings: EngineSurroundings) {
    this.#options = options;
    this.#log = log;
    this.#surroundings = surroundings;
    this.#states = new SavedStates({ directory: stateDirectory, log, now: Date.now });
  }

  /** Half of the cores: the library starts its threads anew for each token, and with one for each core they wait for each other (README-loops.md). */
  get decodeThreads(): number {
    return this.#options.threads > 0 ? this.#options.threads : Math.max(1, Math.min(mostThreads, Math.floor(os.availableParallelism() / 2)));
  }

  /** Long batches hardly mind waiting threads. */
  get prefillThreads(): number {
    return this.#options.threads > 0 ? this.#options.threads : Math.max(1, Math.min(2 * mostThreads, os.availableParallelism()));
  }

  /** Brings the library up ahead of the first request; what goes wrong is told to that request. */
  prepare(): void {
    this.#library().catch((error: unknown) => this.#log(`The library cannot be started: ${error instanceof Error ? error.message : String(error)}`));
  }

  async generate(params: GenerateParams, options: GenerateOptions): Promise<GenerateResult> {
    this.#activeRequests++;
    this.#totals.requests++;
    try {
      return await this.#withModel<GenerateResult>(params.model, async (loaded) => {
        if (options.signal.aborted) return { outcome: 'cancelled' };
        const result = await generate(loaded, params, options);
        if (result.outcome === 'ok') this.#count(params.priority, result);
        return result;
      });
    } finally {
      this.#activeRequests--;
    }
  }

  describeModel(spec: ModelSpec): Promise<DescribeModelResult> {
    return this.#withModel<DescribeModelResult>(spec, (loaded) => ({ outcome: 'ok', model: loaded.description }));
  }

  countTokens(params: CountTokensParams): Promise<CountTokensResult> {
    return this.#withModel<CountTokensResult>(params.model, ({ vocabulary }) => ({
      outcome: 'ok',
      counts: params.texts.map((text) => vocabulary.plain(text).length),
    }));
  }

  deleteSavedStates(): Promise<SavedStatesSize> {
    return this.#states.deleteAll();
  }

  async embed(params: EmbedParams, signal: AbortSignal): Promise<EmbedResult> {
    this.#activeRequests++;
    try {
      return await this.#withModel<EmbedResult>(params.model, ({ embedder }) => embedder.embed(params.texts, signal));
    } finally {
      this.#activeRequests--;
    }
  }

  async status(clients: number): Promise<EngineStatus> {
    const loaded = (await Promise.all(this.#models.values())).flatMap((result) => (result.outcome === 'ok' ? [result.model] : []));
    const vram = this.#llama && this.#backend !== 'cpu' ? await (await this.#llama).getVramState() : { used: 0, total: 0 };
    const sum = (of: (model: LoadedModel) => { ram: number; vram: number }) => loaded.reduce((total, model) => total + of(model).ram + of(model).vram, 0);
    const memory = process.memoryUsage();
    return {
      pid: process.pid,
      backend: this.#backend,
      threads: this.decodeThreads,
      uptimeMs: performance.now() - this.#startedAt,
      clients,
      activeRequests: this.#activeRequests,
      memory: {
        residentBytes: memory.rss,
        heapBytes: memory.heapUsed,
        modelBytes: sum((model) => model.model.memoryUsage),
        contextBytes: sum((model) => model.context.memoryUsage),
        vramUsedBytes: vram.used,
        vramTotalBytes: vram.total,
      },
      models: loaded.map((model) => model.configuration),
      devices: this.#llama && this.#backend !== 'cpu' ? await (await this.#llama).getGpuDeviceNames() : [],
      savedStates: await this.#states.size(),
      figures: this.#figures.all,
      totals: { ...this.#totals, ...sumOfFills(loaded) },
    };
  }

  async dispose(): Promise<void> {
    // First: what follows may be cut short, and a child must not outlive this process.
    this.#renderProcess.dispose();
    for (const loading of this.#models.values()) {
      const loaded = await loading;
      if (loaded.outcome === 'ok') await loaded.model.dispose();
    }
    this.#models.clear();
    if (this.#llama) await (await this.#llama).dispose();
  }

  #count(priority: Priority, result: Extract<GenerateResult, { outcome: 'ok' }>): void {
    const { usage, timings } = result;
    this.#figures.note(priority, result);
    this.#totals.evaluatedTokens += usage.evaluatedTokens;
    this.#totals.reusedTokens += usage.reusedTokens;
    this.#totals.generatedTokens += usage.generatedTokens;
    this.#totals.prefillMs += timings.prefillMs;
    this.#totals.decodeMs += timings.decodeMs;
  }

  /** Loads the model if need be, and keeps it in memory while `act` runs. */
  async #withModel<Result>(spec: ModelSpec, act: (loaded: LoadedModel) => Promise<Result> | Result): Promise<Result | Exclude<LoadResult, { outcome: 'ok' }>> {
    for (;;) {
      const result = await this.#model(spec);
      if (result.outcome !== 'ok') return result;
      // It may have been unloaded while this request waited for its turn to go on.
      if (result.model.isDisposed) continue;
      const release = result.model.use();
      try {
        return await act(result.model);
      } finally {
        release();
      }
    }
  }

  async #model(spec: ModelSpec): Promise<LoadResult> {
    const key = JSON.stringify([spec.path, spec.contextSize, spec.loras ?? []]);
    const wasReplaced = await this.#files.isReplaced(key);
    const known = this.#models.get(key);
    if (known && wasReplaced) this.#retire(key, known, spec.path);
    else if (known) {
      // The map's order is the order of use.
      this.#models.delete(key);
      this.#models.set(key, known);
      return known;
    }
    const retired = this.#retired.get(key);
    this.#files.forget(key);
    const loading = Promise.resolve(retired)
      .then(() => this.#unloadIdle(key))
      .then(() => this.#files.note(key, spec.path))
      .then(() => this.#load(spec))
      .then((result) => {
        // A file that could not be used is looked at again next time: the user may have put it right.
        if (result.outcome !== 'ok' && this.#models.get(key) === loading) this.#models.delete(key);
        return result;
      });
    this.#models.set(key, loading);
    return loading;
  }

  /** The model's file is another one now: nothing new is asked of the old one, which goes before the new one is loaded. */
  #retire(key: string, known: Promise<LoadResult>, path: string): void {
    this.#log(`${path} was replaced; it is loaded again when the requests under way are done.`);
    this.#models.delete(key);
    this.#surroundings.onModelReplaced(path);
    const retired = known.then(async (result) => {
      if (result.outcome !== 'ok') return;
      await result.model.whenIdle();
      await result.model.dispose();
    });
    this.#retired.set(key, retired);
    void retired.finally(() => {
      if (this.#retired.get(key) === retired) this.#retired.delete(key);
    });
  }

  /** Makes room before a model is loaded: the ones not used for longest go, never one that is answering. */
  async #unloadIdle(coming: string): Promise<void> {
    for (const [key, loading] of [...this.#models]) {
      if (this.#models.size <= mostModels) return;
      if (key === coming) continue;
      const result = await loading;
      if (result.outcome !== 'ok' || result.model.isBusy) continue;
      this.#models.delete(key);
      await result.model.dispose();
      this.#log(`Unloaded ${result.model.description.path}.`);
    }
  }

  async #load(spec: ModelSpec): Promise<LoadResult> {
    const startedAt = performance.now();
    const { evaluating } = this.#surroundings;
    const key = evaluationKey(spec, this.#options.gpu);
    const library = await this.#library();
    const loaded = evaluating.loading(key);
    const result = await loadModel(library, spec, {
      decodeThreads: this.decodeThreads,
      prefillThreads: this.prefillThreads,
      turns: this.#turns.forModel(() => evaluating.evaluating(key)),
      renderProcess: this.#renderProcess,
      states: this.#states,
      log: this.#log,
    }).finally(loaded);
    this.#log(result.outcome === 'ok' ? `Loaded in ${Math.round(performance.now() - startedAt)} ms.` : result.problem.cause);
    return result;
  }

  #library(): Promise<Llama> {
    this.#llama ??= this.#startLibrary();
    return this.#llama;
  }

  async #startLibrary(): Promise<Llama> {
    const { gpu } = this.#options;
    const common = {
      build: 'never' as const,
      skipDownload: true,
      progressLogs: false,
      // The library overcounts small machines, so the number is always ours.
      maxThreads: this.prefillThreads,
      logLevel: LlamaLogLevel.warn,
      logger: (level: LlamaLogLevel, message: string) => this.#log(`[llama.cpp ${level}] ${message.trim()}`),
    };
    let llama: Llama;
    try {
      llama = await getLlama({ ...common, gpu: gpu === 'off' ? false : gpu });
    } catch (error) {
      if (gpu === 'off') throw error;
      this.#log(`No ${gpu} back end (${error instanceof Error ? error.message : String(error)}); the CPU is used.`);
      llama = await getLlama({ ...common, gpu: false });
    }
    this.#backend = llama.gpu === false ? 'cpu' : llama.gpu;
    return llama;
  }
}

function sumOfFills(loaded: readonly LoadedModel[]): { readonly ticks: number; readonly streamTicks: number } {
  return loaded.reduce((sum, { loop }) => ({ ticks: sum.ticks + loop.fill.ticks, streamTicks: sum.streamTicks + loop.fill.streamTicks }), {
    ticks: 0,
    streamTicks: 0,
  });
}
