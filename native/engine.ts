// The engine itself: the library, the models in memory, the requests under way. It knows what can be asked; it must not know sockets.
import os from 'node:os';
import type { Llama } from 'node-llama-cpp';
import { evaluationKey } from './channel/evaluating.ts';
import type { EvaluatingFile } from './channel/evaluating.ts';
import type { EngineWork } from './engineServer.ts';
import { RecentFigures } from './figures.ts';
import { generate } from './generate.ts';
import type { Evaluated, GenerateOptions } from './generate.ts';
import { Library, nameOfBackend } from './library.ts';
import type { LoadedModel, LoadResult } from './loadedModel.ts';
import { machineMemory } from './machineMemory.ts';
import { fits } from './memoryPlan.ts';
import { ModelCache } from './modelCache.ts';
import type { Room } from './modelCache.ts';
import { loadModel } from './modelLoader.ts';
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
  SavedStatesSize,
} from './protocol/messages.ts';
import { RememberedPlans } from './rememberedPlans.ts';
import { RenderProcess } from './renderProcess.ts';
import { SavedStates } from './savedStates.ts';
import { Turns } from './turns.ts';
import { messageOf } from './messageOf.ts';

/** More threads than this slow evaluation down on most machines, and the editor needs some too. */
const mostThreads = 8;

export interface EngineSurroundings {
  /** Where it is remembered how models were loaded. */
  readonly runtimeDirectory: string;
  /** Where the state of chats is kept on disk. */
  readonly stateDirectory: string;
  /** Told the path of a model whose file is another one than when it was loaded. */
  readonly onModelReplaced: (path: string) => void;
  /** Where it is written down which model native code is given. */
  readonly evaluating: Pick<EvaluatingFile, 'loading' | 'evaluating'>;
}

export class Engine implements EngineWork {
  readonly #options: EngineOptions;
  readonly #log: (line: string) => void;
  readonly #surroundings: EngineSurroundings;
  readonly #turns = new Turns();
  /** Templates of unknown models are evaluated there, where a limit can stop them. */
  readonly #renderProcess = new RenderProcess();
  readonly #states: SavedStates;
  readonly #library: Library;
  readonly #plans: RememberedPlans;
  readonly #models: ModelCache;
  readonly #figures = new RecentFigures();
  readonly #startedAt = performance.now();
  #activeRequests = 0;
  readonly #totals = { requests: 0, evaluatedTokens: 0, reusedTokens: 0, generatedTokens: 0, prefillMs: 0, decodeMs: 0 };

  constructor(options: EngineOptions, log: (line: string) => void, surroundings: EngineSurroundings) {
    this.#options = options;
    this.#log = log;
    this.#surroundings = surroundings;
    this.#states = new SavedStates({ directory: surroundings.stateDirectory, log, now: Date.now });
    this.#library = new Library({ gpu: options.gpu, devices: options.devices, maxThreads: this.prefillThreads, log });
    this.#plans = new RememberedPlans(surroundings.runtimeDirectory, Date.now);
    const now = () => performance.now();
    this.#models = new ModelCache({ load: (spec, room) => this.#load(spec, room), onReplaced: surroundings.onModelReplaced, log, now });
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
    this.#library.main().catch((error: unknown) => this.#log(`The library cannot be started: ${messageOf(error)}`));
  }

  async generate(params: GenerateParams, options: GenerateOptions): Promise<GenerateResult> {
    const { model, priority } = params;
    const { signal } = options;
    this.#totals.requests++;
    const onUnanswered = (result: Evaluated) => this.#count(result, () => this.#figures.noteUnanswered(priority, result));
    return this.#active(() =>
      this.#models.use<GenerateResult>(
        model,
        async (loaded) => {
          if (signal.aborted) return { outcome: 'cancelled' };
          const result = await generate(loaded, params, { ...options, onUnanswered });
          if (result.outcome === 'ok') this.#count(result, () => this.#figures.note(priority, result));
          return result;
        },
        { signal, priority },
      ),
    );
  }

  /** `signal`: a request that is given up must not wait for the model. */
  describeModel(spec: ModelSpec, signal?: AbortSignal): Promise<DescribeModelResult> {
    return this.#models.use<DescribeModelResult>(spec, (loaded) => ({ outcome: 'ok', model: loaded.description }), { signal });
  }

  countTokens(params: CountTokensParams, signal?: AbortSignal): Promise<CountTokensResult> {
    const count = ({ vocabulary }: LoadedModel) => ({ outcome: 'ok' as const, counts: params.texts.map((text) => vocabulary.plain(text).length) });
    return this.#models.use<CountTokensResult>(params.model, count, { signal });
  }

  embed(params: EmbedParams, signal: AbortSignal): Promise<EmbedResult> {
    return this.#active(() => this.#models.use<EmbedResult>(params.model, ({ embedder }) => embedder.embed(params.texts, signal), { signal }));
  }

  deleteSavedStates(): Promise<SavedStatesSize> {
    return this.#states.deleteAll();
  }

  async status(clients: number): Promise<EngineStatus> {
    const { loaded } = this.#models;
    const llama = await this.#library.main();
    const vram = llama.gpu === false ? { used: 0, total: 0 } : await llama.getVramState();
    const ofGpus = [...new Set([llama, ...loaded.map(({ model }) => model.llama)])].filter(({ gpu }) => gpu !== false);
    const devices = await Promise.all(ofGpus.map((one) => one.getGpuDeviceNames()));
    const sum = (of: (model: LoadedModel) => number) => loaded.reduce((total, model) => total + of(model), 0);
    const memory = process.memoryUsage();
    return {
      pid: process.pid,
      backend: nameOfBackend(llama),
      threads: this.decodeThreads,
      uptimeMs: performance.now() - this.#startedAt,
      clients,
      activeRequests: this.#activeRequests,
      memory: {
        residentBytes: memory.rss,
        heapBytes: memory.heapUsed,
        modelBytes: sum((model) => model.memory.weights),
        contextBytes: sum((model) => model.memory.contexts),
        vramUsedBytes: Math.max(vram.used, this.#ownMemory(llama).vramBytes),
        vramTotalBytes: vram.total,
      },
      models: loaded.map((model) => model.configuration),
      devices: [...new Set(devices.flat())],
      savedStates: await this.#states.size(),
      figures: this.#figures.all,
      totals: { ...this.#totals, ...sumOfFills(loaded) },
    };
  }

  async dispose(): Promise<void> {
    // First: what follows may be cut short, and a child must not outlive this process.
    this.#renderProcess.dispose();
    this.#plans.forgetTrying();
    await this.#models.dispose();
    await this.#library.dispose();
  }

  async #active<Result>(act: () => Promise<Result>): Promise<Result> {
    this.#activeRequests++;
    try {
      return await act();
    } finally {
      this.#activeRequests--;
    }
  }

  /** Answered or given up: the tokens were evaluated, and their state may be reused, either way. */
  #count({ usage, timings }: Evaluated, note: () => void): void {
    note();
    this.#totals.evaluatedTokens += usage.evaluatedTokens;
    this.#totals.reusedTokens += usage.reusedTokens;
    this.#totals.generatedTokens += usage.generatedTokens;
    this.#totals.prefillMs += timings.prefillMs;
    this.#totals.decodeMs += timings.decodeMs;
  }

  async #load(spec: ModelSpec, room: Room): Promise<LoadResult> {
    const startedAt = performance.now();
    const { evaluating } = this.#surroundings;
    const key = evaluationKey(spec, this.#options.gpu);
    // Before anybody is blamed for what the library itself does while it starts.
    await this.#library.main();
    const loaded = evaluating.loading(key);
    const machine = (llama: Llama) => machineMemory(llama, this.#ownMemory(llama));
    const result = await loadModel(spec, {
      ...room,
      library: this.#library,
      plans: this.#plans,
      machineMemory: machine,
      hasRoom: async (need, llama) => {
        while (!fits(need, await machine(llama))) if (!(await room.makeRoom())) return false;
        return true;
      },
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

  /** VRAM is what is held through this back end: another one's devices may be others, and where they are the same, the driver counts it. */
  #ownMemory(llama: Llama): { readonly weightsRamBytes: number; readonly vramBytes: number } {
    const own = { weightsRamBytes: 0, vramBytes: 0 };
    for (const { memory, model } of this.#models.loaded) {
      own.weightsRamBytes += memory.weightsRam;
      if (model.llama === llama) own.vramBytes += memory.vram;
    }
    return own;
  }
}

function sumOfFills(loaded: readonly LoadedModel[]): { readonly ticks: number; readonly streamTicks: number; readonly batchTokens: number } {
  const sum = { ticks: 0, streamTicks: 0, batchTokens: 0 };
  for (const { fill } of loaded.map(({ loop }) => loop)) {
    sum.ticks += fill.ticks;
    sum.streamTicks += fill.streamTicks;
    sum.batchTokens += fill.batchTokens;
  }
  return sum;
}
