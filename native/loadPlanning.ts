// Where one load of a model begins and what comes after a refusal: what worked last, what is left after a crash, a plan from what is free, and the ladder
// down, on one of the GPU's back ends after the other before the CPU. It knows plans and memory; it must not know how a model is loaded.
import { createHash } from 'node:crypto';
import type { Llama } from 'node-llama-cpp';
import type { Library } from './library.ts';
import { fits, placeOf, planMemory, rungAfterCrash, rungAfterRefusal } from './memoryPlan.ts';
import type { ConcessionReason, Configuration, MachineMemory, MemoryNeed, MemoryPlan, Wish } from './memoryPlan.ts';
import type { FlashAttention, ModelEstimates } from './modelEstimates.ts';
import { crashProblem, tooLargeProblem } from './modelProblems.ts';
import { isUseful, wishOf } from './modelWish.ts';
import type { ModelProblem, ModelSpec } from './protocol/messages.ts';
import type { GoodPlan, RememberedPlans } from './rememberedPlans.ts';
import { draftConfiguration } from './speculation/loadDraft.ts';

const mebibyte = 1024 * 1024;

export interface PlanningOptions {
  readonly library: Pick<Library, 'main' | 'second' | 'cpu'>;
  readonly plans: RememberedPlans;
  /** What is free now for a back end, with what this engine holds there taken off. */
  readonly machineMemory: (llama: Llama) => Promise<MachineMemory>;
  /** Unloads the idle model that was not used for longest; false when there is none. Some go only where the load would be of no use otherwise (`isDesperate`). */
  readonly makeRoom: (isDesperate?: boolean) => Promise<boolean>;
  readonly log: (line: string) => void;
}

export interface FileIdentity {
  readonly sizeBytes: number;
  readonly mtimeMs: number;
}

/** What is to be loaded, as far as a plan depends on it. */
export interface PlannedModel {
  readonly spec: ModelSpec;
  readonly file: FileIdentity;
  readonly estimates: Pick<ModelEstimates, 'trainContextSize' | 'canFlashAttend' | 'totalLayers' | 'kvBytes' | 'need'>;
  /** Of the model that drafts; none where its file cannot be read, which is told when it is loaded. */
  readonly draftEstimates: Pick<ModelEstimates, 'trainContextSize' | 'totalLayers' | 'need'> | undefined;
}

export type Begin =
  | { readonly kind: 'rung'; readonly configuration: Configuration; readonly reason: ConcessionReason }
  | { readonly kind: 'problem'; readonly problem: ModelProblem };

export class LoadPlanning {
  /** What was asked for, before what the model cannot do was taken off. */
  readonly asked: Configuration;
  readonly flashAttention: FlashAttention;
  readonly #model: PlannedModel;
  readonly #options: PlanningOptions;
  readonly #wishAtFirst: Wish;
  readonly #key: string;
  #wish: Wish;
  /** The back end whose memory counts: the one in force, later perhaps the second. */
  #llama: Llama;
  /** What was free for it before this model took any. */
  #free: MachineMemory;
  /** The same of the back end in force: only more of that is a reason to plan anew. */
  #freeInForce: MachineMemory;
  #isSecondBarred = false;

  private constructor(model: PlannedModel, options: PlanningOptions, { main, devices, free }: InForce) {
    const { asked, wish, flashAttention } = wishOf(model.spec, model.estimates, main);
    this.asked = asked;
    this.flashAttention = flashAttention;
    this.#model = model;
    this.#options = options;
    this.#wishAtFirst = wish;
    this.#wish = wish;
    this.#llama = main;
    this.#free = free;
    this.#freeInForce = free;
    // The same file, machine and wishes; anything else is planned anew.
    const identity = [model.file, main.gpu, devices, free.vram.totalBytes, free.ram.totalBytes, model.spec];
    this.#key = createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 32);
  }

  static async of(model: PlannedModel, options: PlanningOptions): Promise<LoadPlanning> {
    const main = await options.library.main();
    const devices = main.gpu === false ? [] : await main.getGpuDeviceNames();
    return new LoadPlanning(model, options, { main, devices, free: await options.machineMemory(main) });
  }

  /** What worked last, what is left after a crash, or a new plan. */
  async begin(): Promise<Begin> {
    const remembered = this.#options.plans.find(this.#key, this.#freeInForce);
    if (remembered?.kind === 'crashed') return this.#afterCrashes(remembered.configurations);
    if (remembered?.kind === 'good' && (await this.#holds(remembered.plan))) return { kind: 'rung', ...remembered.plan };
    return this.#planned('memory');
  }

  /**
   * The next configuration to try, or undefined when the smallest was refused.
   * @param release frees what was loaded already for the refused one, whose memory is counted anew
   */
  async after(refused: Configuration, release: () => Promise<void>): Promise<Configuration | undefined> {
    // A type of KV cache that the back end cannot do is refused at every size.
    if (refused.kvType !== 'f16') {
      this.#wish = { ...this.#wish, configuration: { ...this.#wish.configuration, kvType: 'f16' } };
      return { ...refused, kvType: 'f16' };
    }
    const next = rungAfterRefusal(this.#wish, refused);
    if (placeOf(refused) !== 'gpu' || next === undefined || placeOf(next) !== 'cpu') return next;
    await release();
    if (!(await this.#moveToSecond())) return next;
    const plan = await this.#plan();
    return plan.outcome === 'fits' ? plan.configuration : next;
  }

  /** To be called before each native call that could end the process. */
  noteTrying(configuration: Configuration): void {
    this.#options.plans.noteTrying(this.#key, configuration);
  }

  noteGood(plan: GoodPlan): void {
    this.#options.plans.noteGood(this.#key, plan, this.#freeInForce);
  }

  forget(): void {
    this.#options.plans.forget(this.#key);
  }

  async #afterCrashes(fatal: readonly Configuration[]): Promise<Begin> {
    for (const configuration of fatal) this.#options.log(`The engine ended while loading ${describe(configuration)}.`);
    const at = (place: ReturnType<typeof placeOf>) => fatal.find((configuration) => placeOf(configuration) === place);
    const [onCpu, onGpu] = [at('cpu'), at('gpu')];
    this.#isSecondBarred = at('secondBackend') !== undefined;
    if (onCpu) return { kind: 'problem', problem: crashProblem(this.#model.spec.path) };
    // The back end in force had only refused.
    if (!onGpu) return this.#planned('memory');
    if (await this.#moveToSecond()) return this.#planned('crashed');
    const configuration = rungAfterCrash(this.#wish, onGpu);
    return configuration ? { kind: 'rung', configuration, reason: 'crashed' } : { kind: 'problem', problem: crashProblem(this.#model.spec.path) };
  }

  /** Whether a remembered plan still fits, on the back end that it is for. */
  async #holds({ configuration, need }: GoodPlan): Promise<boolean> {
    if (placeOf(configuration) !== 'secondBackend') return fits(need, this.#free);
    const { library, machineMemory } = this.#options;
    const second = await library.second(() => this.noteTrying(configuration));
    if (!second || !fits(need, await machineMemory(second))) return false;
    return this.#moveToSecond();
  }

  async #planned(reason: ConcessionReason): Promise<Begin> {
    let plan = await this.#plan();
    const isWithoutGpu = plan.outcome === 'tooLarge' || placeOf(plan.configuration) === 'cpu';
    if (isWithoutGpu && (await this.#moveToSecond())) plan = await this.#plan();
    if (plan.outcome === 'fits') return { kind: 'rung', configuration: plan.configuration, reason };
    const neededBytes = plan.smallest.ramBytes + plan.smallest.vramBytes;
    this.forget();
    return { kind: 'problem', problem: tooLargeProblem(this.#model.spec.path, { neededBytes, freeBytes: this.#free.ram.freeBytes }) };
  }

  /**
   * From here on the GPU is used through its second back end: the ladder is the same, and begins with the wish again.
   * @returns false where there is none, where it is in use already, or where no layer is wished on a GPU
   */
  async #moveToSecond(): Promise<boolean> {
    const { library, machineMemory, log } = this.#options;
    const configuration: Configuration = { ...this.#wishAtFirst.configuration, backend: 'vulkan' };
    if (this.#isSecondBarred || configuration.gpuLayers === 0 || this.#wish.configuration.backend !== undefined) return false;
    const second = await library.second(() => this.noteTrying(configuration));
    if (!second) return false;
    log('The GPU is tried through Vulkan.');
    this.#wish = { ...this.#wishAtFirst, configuration };
    this.#llama = second;
    this.#free = await machineMemory(second);
    return true;
  }

  /** Models that nobody uses make room before this one gives up context or layers. */
  async #plan(): Promise<MemoryPlan> {
    const { machineMemory, makeRoom, log } = this.#options;
    const estimate = (configuration: Configuration) => {
      // The library ends the process where a back end cannot hold a tensor of that size, also while it only estimates.
      this.noteTrying(configuration);
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
      this.#free = await machineMemory(this.#llama);
      if (this.#wish.configuration.backend === undefined) this.#freeInForce = this.#free;
    }
  }

  /** Of the model, and of the one that drafts for it. */
  async #need(configuration: Configuration): Promise<MemoryNeed> {
    const { estimates, draftEstimates } = this.#model;
    const need = await estimates.need(configuration, this.flashAttention);
    if (!draftEstimates) return need;
    const draft = await draftEstimates.need(draftConfiguration(configuration, draftEstimates), 'auto');
    return { ramBytes: need.ramBytes + draft.ramBytes, vramBytes: need.vramBytes + draft.vramBytes };
  }
}

interface InForce {
  readonly main: Llama;
  readonly devices: readonly string[];
  readonly free: MachineMemory;
}

/** For the log. */
export function describe({ contextSize, sequences, gpuLayers, kvType, backend }: Configuration): string {
  return `${sequences} x ${contextSize} tokens of context (${kvType}) with ${gpuLayers} layers on the GPU${backend === undefined ? '' : ' through Vulkan'}`;
}

function inMebibytes(bytes: number): string {
  return `${(bytes / mebibyte).toFixed(0)} MiB`;
}
