// One load of a model: its memory is planned, and the ladder gone down when the back end refuses. It knows the library's loading; it must
// not know requests, or how the plan is made.
import { createHash } from 'node:crypto';
import { getModuleVersion } from 'node-llama-cpp';
import type { LlamaContext, LlamaModel } from 'node-llama-cpp';
import { readLimitMs } from './ggufHeader.ts';
import type { Library } from './library.ts';
import { LoadedModel } from './loadedModel.ts';
import type { LoadOptions, LoadResult } from './loadedModel.ts';
import { layAdapters } from './loraAdapters.ts';
import { concessionsOf, fits, planMemory, rungAfterCrash, rungAfterRefusal } from './memoryPlan.ts';
import type { ConcessionReason, Configuration, MachineMemory, MemoryNeed, MemoryPlan, Wish } from './memoryPlan.ts';
import { batchSizeOf } from './modelEstimates.ts';
import type { FlashAttention, ModelEstimates } from './modelEstimates.ts';
import { modelIdentity } from './modelIdentity.ts';
import { crashProblem, loadProblem, memoryProblem, tooLargeProblem } from './modelProblems.ts';
import { isUseful, wishOf } from './modelWish.ts';
import type { ModelProblem, ModelSpec } from './protocol/messages.ts';
import type { RememberedPlans } from './rememberedPlans.ts';
import { draftConfiguration, loadDraft } from './speculation/loadDraft.ts';
import type { DraftResult, LoadedDraft } from './speculation/loadDraft.ts';
import { messageOf } from './messageOf.ts';
import { withinLimit } from './withinLimit.ts';

/** checkTensors reads every weight once and refuses values that no model has; above this size that takes too long. */
const mostCheckedBytes = 512 * 1024 * 1024;
const mebibyte = 1024 * 1024;

export interface ModelLoaderOptions extends LoadOptions {
  readonly library: Library;
  readonly plans: RememberedPlans;
  /** What is free now, with what this engine holds taken off. */
  readonly machineMemory: () => Promise<MachineMemory>;
  /** Unloads the idle model that was not used for longest; false when there is none. Some go only where the load would be of no use without (`isDesperate`). */
  readonly makeRoom: (isDesperate?: boolean) => Promise<boolean>;
  /** Unloads idle models as long as there are too many for one more; called when it is sure that this one can be tried. */
  readonly limitModels: () => Promise<void>;
  /** ms for each look at a file before the library loads it; absent for what suits users. */
  readonly readLimitMs?: number;
}

export interface FileIdentity {
  readonly sizeBytes: number;
  readonly mtimeMs: number;
}

interface ModelFile {
  readonly spec: ModelSpec;
  readonly file: FileIdentity;
  readonly estimates: ModelEstimates;
  /** Of the model that drafts; none where its file cannot be read, which is told when it is loaded. */
  readonly draftEstimates: ModelEstimates | undefined;
  /** Of the whole file, where it was computed. */
  readonly sha256: string | undefined;
}

/** One load, from the first plan to a model in memory or the end of the ladder. */
export class Loading {
  readonly #spec: ModelSpec;
  readonly #estimates: ModelEstimates;
  readonly #draftEstimates: ModelEstimates | undefined;
  readonly #file: FileIdentity;
  readonly #sha256: string | undefined;
  readonly #options: ModelLoaderOptions;
  #wish: Wish = { configuration: { contextSize: 0, sequences: 0, gpuLayers: 0, kvType: 'f16' }, isContextSet: false, areLayersSet: false };
  #flashAttention: FlashAttention = 'auto';
  #key = '';
  /** What was free before this model took any. */
  #free: MachineMemory = { ram: { freeBytes: 0, totalBytes: 0 }, vram: { freeBytes: 0, totalBytes: 0 }, isUnified: false };
  /** Loaded with as many layers on the GPU as the last configuration tried said. */
  #model: LlamaModel | undefined;

  constructor({ spec, file, estimates, draftEstimates, sha256 }: ModelFile, options: ModelLoaderOptions) {
    this.#spec = spec;
    this.#file = file;
    this.#sha256 = sha256;
    this.#estimates = estimates;
    this.#draftEstimates = draftEstimates;
    this.#options = options;
  }

  async run(): Promise<LoadResult> {
    const { plans, log } = this.#options;
    const { asked, wish, flashAttention } = wishOf(this.#spec, this.#estimates, await this.#options.library.main());
    this.#wish = wish;
    this.#flashAttention = flashAttention;
    this.#free = await this.#options.machineMemory();
    this.#key = await this.#keyOf();
    const begin = await this.#begin();
    if (begin.kind === 'problem') return failed(begin.problem);
    await this.#options.limitModels();
    let { reason } = begin;
    let lastError = '';
    for (let rung: Configuration | undefined = begin.configuration; rung; ) {
      plans.noteTrying(this.#key, rung);
      const made = await this.#make(rung);
      if (made.outcome === 'ok') return this.#finish(made.context, rung, { asked, reason });
      lastError = made.detail;
      reason = 'refused';
      log(`${describe(rung)} was refused (${made.detail}).`);
      // A type of KV cache that the back end cannot do is refused at every size.
      if (rung.kvType !== 'f16') {
        this.#wish = { ...this.#wish, configuration: { ...this.#wish.configuration, kvType: 'f16' } };
        rung = { ...rung, kvType: 'f16' };
      } else rung = rungAfterRefusal(this.#wish, rung);
    }
    plans.forget(this.#key);
    const wasLoaded = this.#model !== undefined;
    await this.#model?.dispose();
    return failed(wasLoaded ? memoryProblem(this.#spec.path, lastError) : loadProblem(this.#spec.path, lastError));
  }

  /** What worked last, what is left after a crash, or a new plan. */
  async #begin(): Promise<
    | { readonly kind: 'rung'; readonly configuration: Configuration; readonly reason: ConcessionReason }
    | { readonly kind: 'problem'; readonly problem: ModelProblem }
  > {
    const remembered = this.#options.plans.find(this.#key, this.#free);
    if (remembered?.kind === 'crashed') {
      const configuration = rungAfterCrash(this.#wish, remembered.configuration);
      this.#options.log(`The engine ended while loading ${describe(remembered.configuration)}.`);
      return configuration ? { kind: 'rung', configuration, reason: 'crashed' } : { kind: 'problem', problem: crashProblem(this.#spec.path) };
    }
    if (remembered?.kind === 'good' && fits(remembered.plan.need, this.#free)) return { kind: 'rung', ...remembered.plan };
    const plan = await this.#plan();
    if (plan.outcome === 'fits') return { kind: 'rung', configuration: plan.configuration, reason: 'memory' };
    const neededBytes = plan.smallest.ramBytes + plan.smallest.vramBytes;
    this.#options.plans.forget(this.#key);
    return { kind: 'problem', problem: tooLargeProblem(this.#spec.path, { neededBytes, freeBytes: this.#free.ram.freeBytes }) };
  }

  /** Models that nobody uses make room before this one gives up context or layers. */
  async #plan(): Promise<MemoryPlan> {
    const { plans, machineMemory, makeRoom, log } = this.#options;
    const estimate = (configuration: Configuration) => {
      // The library ends the process where a back end cannot hold a tensor of that size, also while it only estimates.
      plans.noteTrying(this.#key, configuration);
      return this.#need(configuration);
    };
    for (;;) {
      const plan = await planMemory(this.#wish, this.#free, estimate);
      if (plan.outcome === 'fits')
        log(`Planned ${describe(plan.configuration)}: ${inMebibytes(plan.need.ramBytes)} RAM, ${inMebibytes(plan.need.vramBytes)} VRAM.`);
      const { contextSize, gpuLayers } = this.#wish.configuration;
      const isEnough = plan.outcome === 'fits' && plan.configuration.contextSize === contextSize && plan.configuration.gpuLayers === gpuLayers;
      const isHopeless = plan.outcome === 'tooLarge' && plan.smallest.ramBytes > this.#free.ram.totalBytes;
      if (isEnough || isHopeless || !(await makeRoom(!isUseful(plan, this.#wish.configuration)))) return plan;
      this.#free = await machineMemory();
    }
  }

  /** Of the model, and of the one that drafts for it. */
  async #need(configuration: Configuration): Promise<MemoryNeed> {
    const need = await this.#estimates.need(configuration, this.#flashAttention);
    const draftEstimates = this.#draftEstimates;
    if (!draftEstimates) return need;
    const draft = await draftEstimates.need(draftConfiguration(configuration, draftEstimates), 'auto');
    return { ramBytes: need.ramBytes + draft.ramBytes, vramBytes: need.vramBytes + draft.vramBytes };
  }

  /** @returns the model's context, or why there is none */
  async #make(
    rung: Configuration,
  ): Promise<{ readonly outcome: 'ok'; readonly context: LlamaContext } | { readonly outcome: 'refused'; readonly detail: string }> {
    const { library, decodeThreads } = this.#options;
    try {
      if (this.#model && this.#model.gpuLayers !== rung.gpuLayers) {
        await this.#model.dispose();
        this.#model = undefined;
      }
      const llama = rung.gpuLayers > 0 ? await library.main() : await library.cpu();
      // The plan was made from what is free, so the library's own checks, with other reserves, are left out.
      const ignoreMemorySafetyChecks = true;
      this.#model ??= await llama.loadModel({
        modelPath: this.#spec.path,
        gpuLayers: rung.gpuLayers,
        useMmap: llama.supportsMmap,
        checkTensors: this.#file.sizeBytes <= mostCheckedBytes,
        ignoreMemorySafetyChecks,
      });
      const kvType = rung.kvType === 'f16' ? 'F16' : rung.kvType === 'q8_0' ? 'Q8_0' : 'Q4_0';
      const context = await this.#model.createContext({
        contextSize: rung.contextSize,
        sequences: rung.sequences,
        batchSize: batchSizeOf(rung),
        threads: decodeThreads,
        flashAttention: this.#flashAttention,
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
    { asked, reason }: { readonly asked: Configuration; readonly reason: ConcessionReason },
  ): Promise<LoadResult> {
    const { plans, log } = this.#options;
    const { model } = context;
    const concessions = concessionsOf(asked, rung, reason);
    for (const concession of concessions) log(concession);
    const need = { ramBytes: model.memoryUsage.ram + context.memoryUsage.ram, vramBytes: model.memoryUsage.vram + context.memoryUsage.vram };
    const noteGood = (all: MemoryNeed) => plans.noteGood(this.#key, { configuration: rung, isWhole: concessions.length === 0, reason, need: all }, this.#free);
    let draft: LoadedDraft | undefined;
    let isKept = false;
    try {
      noteGood(need);
      const refusedAdapter = await layAdapters(context, this.#spec.loras);
      if (refusedAdapter) return failed(refusedAdapter);
      const drafting = await this.#draftFor(context, rung);
      if (drafting && drafting.outcome !== 'ok') return drafting;
      draft = drafting?.draft;
      if (draft) noteGood(withDraft(need, draft));
      const loaded = new LoadedModel({ model, context, path: this.#spec.path, configuration: rung, concessions, draft }, this.#options);
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
      log(`No state of chats with ${this.#spec.path} is kept: ${messageOf(error)}.`);
    }
  }

  async #draftFor(context: LlamaContext, { contextSize }: Configuration): Promise<DraftResult | undefined> {
    const { library, decodeThreads } = this.#options;
    const { draftPath } = this.#spec;
    return draftPath === undefined ? undefined : loadDraft(draftPath, context, { library, threads: decodeThreads, contextSize });
  }

  /** Names all that the meaning of a saved state depends on. */
  async #stateIdentity({ configuration: { contextSize, kvType, flashAttention, gpuLayers } }: LoadedModel): Promise<string> {
    const { gpu, llamaCppRelease } = await this.#options.library.main();
    const library = `${await getModuleVersion()} ${llamaCppRelease.repo} ${llamaCppRelease.release}`;
    const context = { contextSize, kvType, flashAttention, gpuLayers, backend: String(gpu), library };
    return modelIdentity({ spec: this.#spec, sha256: this.#sha256, context });
  }

  /** The same file, machine and wishes; anything else is planned anew. */
  async #keyOf(): Promise<string> {
    const main = await this.#options.library.main();
    const devices = main.gpu === false ? [] : await main.getGpuDeviceNames();
    const { ram, vram } = this.#free;
    const identity = [this.#file, main.gpu, devices, vram.totalBytes, ram.totalBytes, this.#spec];
    return createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 32);
  }
}

function failed(problem: ModelProblem): LoadResult {
  return { outcome: 'modelProblem', problem };
}

function withDraft({ ramBytes, vramBytes }: MemoryNeed, { weights, state }: LoadedDraft): MemoryNeed {
  return { ramBytes: ramBytes + weights.ram + state.ram, vramBytes: vramBytes + weights.vram + state.vram };
}

function describe({ contextSize, sequences, gpuLayers, kvType }: Configuration): string {
  return `${sequences} x ${contextSize} tokens of context (${kvType}) with ${gpuLayers} layers on the GPU`;
}

function inMebibytes(bytes: number): string {
  return `${(bytes / mebibyte).toFixed(0)} MiB`;
}
