// The native library: one back end for this process, from what the user wants, what is installed and what the devices can do, and beside it, for
// models that it cannot take, the GPU's second one and the CPU's. It knows back ends and devices; it must not know models.
import { getLlama, LlamaLogLevel } from 'node-llama-cpp';
import type { Llama } from 'node-llama-cpp';
import type { EngineOptions } from './protocol/messages.ts';
import { messageOf } from './messageOf.ts';
import { withinLimit } from './withinLimit.ts';

type GpuBackend = Exclude<EngineOptions['gpu'], 'auto' | 'off'>;

export interface LibraryOptions {
  readonly gpu: EngineOptions['gpu'];
  /** Indexes of the GPUs to use; all when absent or empty. */
  readonly devices: EngineOptions['devices'];
  /** The library overcounts small machines, so the number is always given. */
  readonly maxThreads: number;
  readonly log: (line: string) => void;
  /** ms after which a GPU's back end that does not come up is given up; absent for what suits users. */
  readonly openLimitMs?: number;
  /** What loads a back end; absent for the library's own. */
  readonly load?: typeof getLlama;
}

/** A driver that compiles its first shaders on a busy machine takes some seconds. */
const openLimitMs = 60_000;

export class Library {
  readonly #options: LibraryOptions;
  #main: Promise<Llama> | undefined;
  #second: Promise<Llama | undefined> | undefined;
  #cpu: Promise<Llama> | undefined;

  constructor(options: LibraryOptions) {
    this.#options = options;
  }

  /** The back end in force. Rejects when not even the CPU's can be started. */
  main(): Promise<Llama> {
    this.#main ??= this.#start().catch((error: unknown) => {
      // What kept it from starting may be over at the next request: files of the library that were being replaced, too little memory.
      this.#main = undefined;
      throw error;
    });
    return this.#main;
  }

  /** The CPU's back end; the one in force where a platform's package has no other (Metal's does both). */
  async cpu(): Promise<Llama> {
    const main = await this.main();
    if (main.gpu === false) return main;
    this.#cpu ??= this.#open(false).catch((error: unknown) => {
      this.#options.log(`No back end of the CPU's own (${messageOf(error)}).`);
      return main;
    });
    return this.#cpu;
  }

  /**
   * The next best back end of a GPU, for what the one in force cannot take: Vulkan beside CUDA, and also GPUs that CUDA does not know. Only where the user
   * left the choice to the machine: who names a back end may have a reason against the others.
   * @param onOpening called right before a driver is touched that may end the process
   * @returns undefined when there is none
   */
  async second(onOpening: () => void = () => {}): Promise<Llama | undefined> {
    const main = await this.main();
    if (main.gpu === false) return undefined;
    const possible = backendsFor(this.#options.gpu, process.platform);
    const behind = possible.slice(possible.indexOf(main.gpu) + 1);
    if (!this.#second && behind.length > 0) onOpening();
    this.#second ??= this.#firstOf(behind);
    return this.#second;
  }

  get isStarted(): boolean {
    return this.#main !== undefined;
  }

  async dispose(): Promise<void> {
    const started = await Promise.allSettled([this.#main, this.#second, this.#cpu]);
    const opened = new Set(started.flatMap((result) => (result.status === 'fulfilled' && result.value ? [result.value] : [])));
    for (const llama of opened) await llama.dispose();
  }

  async #start(): Promise<Llama> {
    const { gpu, devices, log } = this.#options;
    chooseDevices(devices ?? [], process.env);
    const found = await this.#firstOf(backendsFor(gpu, process.platform));
    if (found) return found;
    if (gpu !== 'off') log('The CPU is used.');
    return this.#open(false);
  }

  /** The first of these that comes up and has a device. */
  async #firstOf(backends: readonly GpuBackend[]): Promise<Llama | undefined> {
    const { log } = this.#options;
    for (const backend of backends) {
      try {
        const llama = await this.#open(backend);
        // Without a device the back end of a GPU loads all the same, and computes on the CPU.
        if (llama.gpu === backend && (await llama.getVramState()).total > 0) return llama;
        await llama.dispose();
        log(`No ${backend} back end: there is no device for it.`);
      } catch (error) {
        log(`No ${backend} back end (${messageOf(error)}).`);
      }
    }
    return undefined;
  }

  /** @throws Error also when a driver does not answer: the library itself would wait five minutes for it, and every request with it */
  #open(gpu: GpuBackend | false): Promise<Llama> {
    const opening = this.#load(gpu);
    // Behind the CPU's there is no other one to go on with.
    if (gpu === false) return opening;
    return withinLimit(opening, {
      limitMs: this.#options.openLimitMs ?? openLimitMs,
      who: 'its driver',
      onLate: () => void opening.then((llama) => llama.dispose()).catch(() => undefined),
    });
  }

  #load(gpu: GpuBackend | false): Promise<Llama> {
    const { load = getLlama } = this.#options;
    return load({
      gpu,
      build: 'never',
      skipDownload: true,
      progressLogs: false,
      maxThreads: this.#options.maxThreads,
      logLevel: LlamaLogLevel.warn,
      logger: (level: LlamaLogLevel, message: string) => this.#options.log(`[llama.cpp ${level}] ${message.trim()}`),
    });
  }
}

/** As the status says it. */
export function nameOfBackend({ gpu }: Pick<Llama, 'gpu'>): string {
  return gpu === false ? 'cpu' : gpu;
}

/** What is tried before the CPU, best first. */
export function backendsFor(gpu: EngineOptions['gpu'], platform: NodeJS.Platform): readonly GpuBackend[] {
  const possible: readonly GpuBackend[] = platform === 'darwin' ? ['metal'] : ['cuda', 'vulkan'];
  return possible.filter((backend) => gpu === 'auto' || gpu === backend);
}

/** The back ends read these variables when they start, so this must come before them. What the user's own environment says stays without a choice. */
export function chooseDevices(devices: readonly number[], env: NodeJS.ProcessEnv): void {
  if (devices.length === 0) return;
  const list = devices.join(',');
  // CUDA counts the fastest first by default; nvidia-smi and this setting count by slot.
  env['CUDA_DEVICE_ORDER'] = 'PCI_BUS_ID';
  env['CUDA_VISIBLE_DEVICES'] = list;
  env['GGML_VK_VISIBLE_DEVICES'] = list;
}
