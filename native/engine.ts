// The engine itself: the library, the models in memory, the requests under way. It knows what can be asked; it must not know sockets.
import os from 'node:os';
import { getLlama, LlamaLogLevel } from 'node-llama-cpp';
import type { Llama } from 'node-llama-cpp';
import type { EngineWork } from './engineServer.ts';
import { generate } from './generate.ts';
import { loadModel } from './loadedModel.ts';
import type { LoadedModel, LoadResult } from './loadedModel.ts';
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
} from './protocol/messages.ts';
import { RenderProcess } from './renderProcess.ts';
import { Turns } from './turns.ts';

/** More threads than this slow evaluation down on most machines, and the editor needs some too. */
const mostThreads = 8;
/** Two windows may use a model each without loading in turn. */
const mostModels = 2;

export class Engine implements EngineWork {
  readonly #options: EngineOptions;
  readonly #log: (line: string) => void;
  readonly #turns = new Turns();
  /** Templates of unknown models are evaluated there, where a limit can stop them. */
  readonly #renderProcess = new RenderProcess();
  readonly #startedAt = performance.now();
  readonly #models = new Map<string, Promise<LoadResult>>();
  #llama: Promise<Llama> | undefined;
  #backend = 'cpu';
  #activeRequests = 0;
  readonly #totals = { requests: 0, evaluatedTokens: 0, reusedTokens: 0, generatedTokens: 0, prefillMs: 0, decodeMs: 0 };

  constructor(options: EngineOptions, log: (line: string) => void) {
    this.#options = options;
    this.#log = log;
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

  async generate(params: GenerateParams, signal: AbortSignal, onText: (text: string) => void): Promise<GenerateResult> {
    this.#activeRequests++;
    this.#totals.requests++;
    try {
      return await this.#withModel<GenerateResult>(params.model, async (loaded) => {
        if (signal.aborted) return { outcome: 'cancelled' };
        const result = await generate(loaded, params, { signal, onText });
        if (result.outcome === 'ok') this.#count(result);
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
      savedStates: { files: 0, bytes: 0 },
      totals: { ...this.#totals, ...sumOfFills(loaded) },
    };
  }

  async dispose(): Promise<void> {
    for (const loading of this.#models.values()) {
      const loaded = await loading;
      if (loaded.outcome === 'ok') await loaded.model.dispose();
    }
    this.#models.clear();
    this.#renderProcess.dispose();
    if (this.#llama) await (await this.#llama).dispose();
  }

  #count({ usage, timings }: Extract<GenerateResult, { outcome: 'ok' }>): void {
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

  #model(spec: ModelSpec): Promise<LoadResult> {
    const key = JSON.stringify([spec.path, spec.contextSize, spec.loras ?? []]);
    const known = this.#models.get(key);
    if (known) {
      // The map's order is the order of use.
      this.#models.delete(key);
      this.#models.set(key, known);
      return known;
    }
    const loading = Promise.resolve()
      .then(() => this.#unloadIdle(key))
      .then(() => this.#load(spec))
      .then((result) => {
        // A file that could not be used is looked at again next time: the user may have put it right.
        if (result.outcome !== 'ok') this.#models.delete(key);
        return result;
      });
    this.#models.set(key, loading);
    return loading;
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
    const result = await loadModel(await this.#library(), spec, {
      decodeThreads: this.decodeThreads,
      prefillThreads: this.prefillThreads,
      turns: this.#turns,
      renderProcess: this.#renderProcess,
      log: this.#log,
    });
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
