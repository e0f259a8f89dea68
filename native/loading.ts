// One load of a model: what was planned is tried, and the next configuration when the back end refuses, until a model is in memory. It knows the library's
// loading; it must not know requests, or what is tried next.
import { getModuleVersion } from 'node-llama-cpp';
import type { LlamaContext, LlamaModel } from 'node-llama-cpp';
import { readLimitMs } from './ggufHeader.ts';
import type { Library } from './library.ts';
import { LoadedModel } from './loadedModel.ts';
import type { LoadOptions, LoadResult } from './loadedModel.ts';
import { describe, LoadPlanning } from './loadPlanning.ts';
import type { PlannedModel, PlanningOptions } from './loadPlanning.ts';
import { layAdapters } from './loraAdapters.ts';
import { concessionsOf } from './memoryPlan.ts';
import type { ConcessionReason, Configuration, MemoryNeed } from './memoryPlan.ts';
import { backendOf, batchSizeOf } from './modelEstimates.ts';
import { modelIdentity } from './modelIdentity.ts';
import { loadProblem, memoryProblem } from './modelProblems.ts';
import type { ModelProblem } from './protocol/messages.ts';
import { loadDraft } from './speculation/loadDraft.ts';
import type { DraftResult, LoadedDraft } from './speculation/loadDraft.ts';
import { messageOf } from './messageOf.ts';
import { withinLimit } from './withinLimit.ts';

/** checkTensors reads every weight once and refuses values that no model has; above this size that takes too long. */
const mostCheckedBytes = 512 * 1024 * 1024;

export interface ModelLoaderOptions extends LoadOptions, PlanningOptions {
  readonly library: Library;
  /** Unloads idle models as long as there are too many for one more; called when it is sure that this one can be tried. */
  readonly limitModels: () => Promise<void>;
  /** ms for each look at a file before the library loads it; absent for what suits users. */
  readonly readLimitMs?: number;
}

export interface ModelFile extends PlannedModel {
  /** Of the whole file, where it was computed. */
  readonly sha256: string | undefined;
}

/** One load, from the first plan to a model in memory or the end of the ladder. */
export class Loading {
  readonly #file: ModelFile;
  readonly #options: ModelLoaderOptions;
  /** Loaded with as many layers on the GPU, and through the back end, as the last configuration tried said. */
  #model: LlamaModel | undefined;

  constructor(file: ModelFile, options: ModelLoaderOptions) {
    this.#file = file;
    this.#options = options;
  }

  async run(): Promise<LoadResult> {
    const { limitModels, log } = this.#options;
    const planning = await LoadPlanning.of(this.#file, this.#options);
    const begin = await planning.begin();
    if (begin.kind === 'problem') return failed(begin.problem);
    await limitModels();
    let { reason } = begin;
    let lastError = '';
    for (let rung: Configuration | undefined = begin.configuration; rung; ) {
      planning.noteTrying(rung);
      const made = await this.#make(rung, planning);
      if (made.outcome === 'ok') return this.#finish(made.context, rung, { planning, reason });
      lastError = made.detail;
      reason = 'refused';
      log(`${describe(rung)} was refused (${made.detail}).`);
      rung = await planning.after(rung, () => this.#release());
    }
    planning.forget();
    const { path } = this.#file.spec;
    const wasLoaded = this.#model !== undefined;
    await this.#release();
    return failed(wasLoaded ? memoryProblem(path, lastError) : loadProblem(path, lastError));
  }

  async #release(): Promise<void> {
    const model = this.#model;
    this.#model = undefined;
    await model?.dispose();
  }

  /** @returns the model's context, or why there is none */
  async #make(
    rung: Configuration,
    { flashAttention }: LoadPlanning,
  ): Promise<{ readonly outcome: 'ok'; readonly context: LlamaContext } | { readonly outcome: 'refused'; readonly detail: string }> {
    const { library, decodeThreads } = this.#options;
    const { spec, file } = this.#file;
    try {
      const llama = await backendOf(library, rung);
      if (this.#model && (this.#model.gpuLayers !== rung.gpuLayers || this.#model.llama !== llama)) await this.#release();
      // The plan was made from what is free, so the library's own checks, with other reserves, are left out.
      const ignoreMemorySafetyChecks = true;
      this.#model ??= await llama.loadModel({
        modelPath: spec.path,
        gpuLayers: rung.gpuLayers,
        useMmap: llama.supportsMmap,
        checkTensors: file.sizeBytes <= mostCheckedBytes,
        ignoreMemorySafetyChecks,
      });
      const kvType = rung.kvType === 'f16' ? 'F16' : rung.kvType === 'q8_0' ? 'Q8_0' : 'Q4_0';
      const context = await this.#model.createContext({
        contextSize: rung.contextSize,
        sequences: rung.sequences,
        batchSize: batchSizeOf(rung),
        threads: decodeThreads,
        flashAttention,
        experimentalKvCacheKeyType: kvType,
        experimentalKvCacheValueType: kvType,
        failedCreationRemedy: false,
        ignoreMemorySafetyChecks,
      });
      return { outcome: 'ok', context };
    } catch (error) {
      return { outcome: 'refused', detail: messageOf(error) };
    }
  }

  async #finish(
    context: LlamaContext,
    rung: Configuration,
    { planning, reason }: { readonly planning: LoadPlanning; readonly reason: ConcessionReason },
  ): Promise<LoadResult> {
    const { log } = this.#options;
    const { path, loras } = this.#file.spec;
    const { model } = context;
    const concessions = concessionsOf(planning.asked, rung, reason);
    for (const concession of concessions) log(concession);
    const need = { ramBytes: model.memoryUsage.ram + context.memoryUsage.ram, vramBytes: model.memoryUsage.vram + context.memoryUsage.vram };
    const noteGood = (all: MemoryNeed) => planning.noteGood({ configuration: rung, isWhole: concessions.length === 0, reason, need: all });
    let draft: LoadedDraft | undefined;
    let isKept = false;
    try {
      noteGood(need);
      const refusedAdapter = await layAdapters(context, loras);
      if (refusedAdapter) return failed(refusedAdapter);
      const drafting = await this.#draftFor(context, rung);
      if (drafting && drafting.outcome !== 'ok') return drafting;
      draft = drafting?.draft;
      if (draft) noteGood(withDraft(need, draft));
      const loaded = new LoadedModel({ model, context, path, configuration: rung, concessions, draft }, this.#options);
      await this.#keepHeads(loaded);
      isKept = true;
      return { outcome: 'ok', model: loaded };
    } finally {
      // What nobody gets, nobody else would ever free.
      if (!isKept) {
        await draft?.dispose();
        await model.dispose();
      }
    }
  }

  /** A file that cannot be read any more, since it has just been replaced or its disk is gone, leaves a model that answers; only no state of its chats is kept. */
  async #keepHeads(loaded: LoadedModel): Promise<void> {
    const { readLimitMs: limitMs = readLimitMs, log } = this.#options;
    try {
      loaded.keepHeads(await withinLimit(this.#stateIdentity(loaded), { limitMs, who: 'the file' }), this.#options);
    } catch (error) {
      log(`No state of chats with ${this.#file.spec.path} is kept: ${messageOf(error)}.`);
    }
  }

  async #draftFor(context: LlamaContext, { contextSize }: Configuration): Promise<DraftResult | undefined> {
    const { draftPath } = this.#file.spec;
    return draftPath === undefined ? undefined : loadDraft(draftPath, context, { threads: this.#options.decodeThreads, contextSize });
  }

  /** Names all that the meaning of a saved state depends on. */
  async #stateIdentity({ model, configuration: { contextSize, kvType, flashAttention, gpuLayers } }: LoadedModel): Promise<string> {
    const { gpu, llamaCppRelease } = model.llama;
    const library = `${await getModuleVersion()} ${llamaCppRelease.repo} ${llamaCppRelease.release}`;
    const context = { contextSize, kvType, flashAttention, gpuLayers, backend: String(gpu), library };
    const { spec, sha256 } = this.#file;
    return modelIdentity({ spec, sha256, context });
  }
}

function failed(problem: ModelProblem): LoadResult {
  return { outcome: 'modelProblem', problem };
}

function withDraft({ ramBytes, vramBytes }: MemoryNeed, { weights, state }: LoadedDraft): MemoryNeed {
  return { ramBytes: ramBytes + weights.ram + state.ram, vramBytes: vramBytes + weights.vram + state.vram };
}
