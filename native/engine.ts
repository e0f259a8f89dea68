// The engine itself: the library, the models in memory, the requests under way. It knows what can be asked; it must not know sockets.
import os from 'node:os';
import type { EngineWork } from './engineServer.ts';
import { generate } from './generate.ts';
import { Library } from './library.ts';
import type { LoadedModel, LoadResult } from './loadedModel.ts';
import { machineMemory } from './machineMemory.ts';
import { loadModel } from './modelLoader.ts';
import type {
  CountTokensParams,
  CountTokensResult,
  DescribeModelResult,
  EngineOptions,
  EngineStatus,
  GenerateParams,
  GenerateResult,
  ModelSpec,
} from './protocol/messages.ts';
import { RememberedPlans } from './rememberedPlans.ts';
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
  readonly #library: Library;
  readonly #plans: RememberedPlans;
  readonly #models = new Map<string, Promise<LoadResult>>();
  /** Those of them that are in memory, the one not used for longest first. */
  readonly #loaded = new Map<string, LoadedModel>();
  /** Ends when no model is being loaded: two that are planned at once would both count on the same memory. */
  #loading: Promise<unknown> = Promise.resolve();
  #activeRequests = 0;
  readonly #totals = { requests: 0, evaluatedTokens: 0, reusedTokens: 0, generatedTokens: 0, prefillMs: 0, decodeMs: 0 };

  /** @param directory where it is remembered how models were loaded; nowhere when absent */
  constructor(options: EngineOptions, log: (line: string) => void, directory?: string) {
    this.#options = options;
    this.#log = log;
    this.#library = new Library({ gpu: options.gpu, devices: options.devices, maxThreads: this.prefillThreads, log });
    this.#plans = new RememberedPlans(directory, Date.now);
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
    this.#library.main().catch((error: unknown) => this.#log(`The library cannot be started: ${error instanceof Error ? error.message : String(error)}`));
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

  async status(clients: number): Promise<EngineStatus> {
    // Not waiting for models that are being loaded.
    const loaded = [...this.#loaded.values()];
    const llama = await this.#library.main();
    const vram = llama.gpu === false ? { used: 0, total: 0 } : await llama.getVramState();
    const sum = (of: (model: LoadedModel) => { ram: number; vram: number }) => loaded.reduce((total, model) => total + of(model).ram + of(model).vram, 0);
    const memory = process.memoryUsage();
    return {
      pid: process.pid,
      backend: llama.gpu === false ? 'cpu' : llama.gpu,
      threads: this.decodeThreads,
      uptimeMs: performance.now() - this.#startedAt,
      clients,
      activeRequests: this.#activeRequests,
      memory: {
        residentBytes: memory.rss,
        heapBytes: memory.heapUsed,
        modelBytes: sum((model) => model.model.memoryUsage),
        contextBytes: sum((model) => model.context.memoryUsage),
        vramUsedBytes: Math.max(vram.used, this.#ownMemory.vramBytes),
        vramTotalBytes: vram.total,
      },
      models: loaded.map((model) => model.configuration),
      devices: llama.gpu === false ? [] : await llama.getGpuDeviceNames(),
      savedStates: { files: 0, bytes: 0 },
      totals: { ...this.#totals, ...sumOfFills(loaded) },
    };
  }

  async dispose(): Promise<void> {
    this.#plans.forgetTrying();
    for (const loading of this.#models.values()) {
      const loaded = await loading;
      if (loaded.outcome === 'ok') await loaded.model.dispose();
    }
    this.#models.clear();
    this.#loaded.clear();
    this.#renderProcess.dispose();
    await this.#library.dispose();
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
    const key = JSON.stringify(spec);
    const known = this.#models.get(key);
    if (known) {
      const loaded = this.#loaded.get(key);
      if (loaded) {
        // The map's order is the order of use.
        this.#loaded.delete(key);
        this.#loaded.set(key, loaded);
      }
      return known;
    }
    const loading = this.#loading.then(() => this.#load(key, spec));
    this.#loading = loading.catch(() => undefined);
    this.#models.set(key, loading);
    // A file that could not be used is looked at again next time: the user may have put it right.
    const forget = () => this.#models.delete(key);
    loading.then((result) => result.outcome !== 'ok' && forget(), forget);
    return loading;
  }

  /** Makes room: of the models in memory the one not used for longest goes, never one that is answering. */
  async #unloadIdle(): Promise<boolean> {
    for (const [key, model] of this.#loaded) {
      if (model.isBusy) continue;
      this.#models.delete(key);
      this.#loaded.delete(key);
      await model.dispose();
      this.#log(`Unloaded ${model.description.path}.`);
      return true;
    }
    return false;
  }

  async #load(key: string, spec: ModelSpec): Promise<LoadResult> {
    const startedAt = performance.now();
    const result = await loadModel(spec, {
      library: this.#library,
      plans: this.#plans,
      machineMemory: async () => machineMemory(await this.#library.main(), this.#ownMemory),
      makeRoom: () => this.#unloadIdle(),
      limitModels: async () => {
        while (this.#loaded.size >= mostModels && (await this.#unloadIdle()));
      },
      decodeThreads: this.decodeThreads,
      prefillThreads: this.prefillThreads,
      turns: this.#turns,
      renderProcess: this.#renderProcess,
      log: this.#log,
    });
    if (result.outcome === 'ok') this.#loaded.set(key, result.model);
    this.#log(result.outcome === 'ok' ? `Loaded in ${Math.round(performance.now() - startedAt)} ms.` : result.problem.cause);
    return result;
  }

  get #ownMemory(): { readonly weightsRamBytes: number; readonly vramBytes: number } {
    const own = { weightsRamBytes: 0, vramBytes: 0 };
    for (const { model, context } of this.#loaded.values()) {
      own.weightsRamBytes += model.memoryUsage.ram;
      own.vramBytes += model.memoryUsage.vram + context.memoryUsage.vram;
    }
    return own;
  }
}

function sumOfFills(loaded: readonly LoadedModel[]): { readonly ticks: number; readonly streamTicks: number } {
  return loaded.reduce((sum, { loop }) => ({ ticks: sum.ticks + loop.fill.ticks, streamTicks: sum.streamTicks + loop.fill.streamTicks }), {
    ticks: 0,
    streamTicks: 0,
  });
}
