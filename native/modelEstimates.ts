// What a model file needs in memory, as the library reckons it: it lays the model and the context out without allocating them, which is
// exact and takes some ms. It knows the library's estimates; it must not know what they are used for.
import { GgmlType, GgufInsights, readGgufFileInfo } from 'node-llama-cpp';
import type { GgufFileInfo, Llama, LlamaModel } from 'node-llama-cpp';
import type { Library } from './library.ts';
import { placeOf } from './memoryPlan.ts';
import type { Configuration, MemoryNeed } from './memoryPlan.ts';

/** A prompt is evaluated in batches of at most this many tokens. */
const mostBatchTokens = 512;

export function batchSizeOf({ contextSize }: Configuration): number {
  return Math.min(mostBatchTokens, contextSize);
}

/** What a model of this configuration is loaded with. */
export async function backendOf(library: Pick<Library, 'main' | 'second' | 'cpu'>, configuration: Configuration): Promise<Llama> {
  const place = placeOf(configuration);
  if (place === 'cpu') return library.cpu();
  return (place === 'secondBackend' ? await library.second() : undefined) ?? library.main();
}

export type FlashAttention = boolean | 'auto';

/** Bytes of one number of the KV cache, in blocks of 32 with their scale. */
const kvNumberBytes: Readonly<Record<Configuration['kvType'], number>> = { f16: 2, q8_0: 34 / 32, q4_0: 18 / 32 };
const ggmlKvTypes: Readonly<Record<Configuration['kvType'], GgmlType>> = { f16: GgmlType.F16, q8_0: GgmlType.Q8_0, q4_0: GgmlType.Q4_0 };

export class ModelEstimates {
  readonly #library: Library;
  readonly #file: GgufFileInfo;
  readonly #insights = new Map<Llama, GgufInsights>();
  readonly #main: GgufInsights;

  private constructor(library: Library, file: GgufFileInfo, llama: Llama, main: GgufInsights) {
    this.#library = library;
    this.#file = file;
    this.#main = main;
    this.#insights.set(llama, main);
  }

  /** @throws Error when the library cannot read the file's header */
  static async read(path: string, library: Library): Promise<ModelEstimates> {
    const file = await readGgufFileInfo(path, { sourceType: 'filesystem', logWarnings: false });
    const llama = await library.main();
    return new ModelEstimates(library, file, llama, await GgufInsights.from(file, llama));
  }

  get architecture(): string {
    return String(this.#file.metadata.general.architecture);
  }

  get isSupported(): boolean {
    return this.#main.isSupportedByLlamaCpp;
  }

  get canFlashAttend(): boolean {
    return this.#main.flashAttentionSupported;
  }

  get totalLayers(): number {
    return this.#main.totalLayers;
  }

  /** Tokens that the model was trained for; the library's own default where the file does not say. */
  get trainContextSize(): number {
    return this.#main.trainContextSize ?? 4096;
  }

  /** The KV state of one sequence, from the shape of the model alone. */
  kvBytes(contextSize: number, kvType: Configuration['kvType']): number {
    const of = (sequences: number) => {
      const { cpuRam, gpuVram } = this.#main.estimateContextResourceRequirements({
        contextSize,
        sequences,
        modelGpuLayers: 0,
        batchSize: mostBatchTokens,
        includeGraphOverhead: false,
      });
      return cpuRam + gpuVram;
    };
    return ((of(2) - of(1)) * kvNumberBytes[kvType]) / kvNumberBytes.f16;
  }

  /** Weights, KV state and the buffers for computing. */
  async need(configuration: Configuration, flashAttention: FlashAttention): Promise<MemoryNeed> {
    const { gpuLayers, contextSize, sequences, kvType } = configuration;
    const llama = await backendOf(this.#library, configuration);
    const insights = this.#insights.get(llama) ?? (await GgufInsights.from(this.#file, llama));
    this.#insights.set(llama, insights);
    const model = await insights.estimateModelResourceRequirementsV2({ gpuLayers, useMmap: llama.supportsMmap });
    const context = await insights.estimateContextResourceRequirementsV2({
      contextSize,
      sequences,
      modelGpuLayers: gpuLayers,
      batchSize: batchSizeOf(configuration),
      flashAttention,
      kvCacheKeyType: ggmlKvTypes[kvType],
      kvCacheValueType: ggmlKvTypes[kvType],
      useMmap: llama.supportsMmap,
    });
    return { ramBytes: model.cpuRam + context.cpuRam, vramBytes: model.gpuVram + context.gpuVram };
  }

  async dispose(): Promise<void> {
    for (const insights of this.#insights.values()) await endSimulation(insights);
  }
}

/** What a context for vectors of texts up to `contextSize` tokens takes beside a model that is in memory. */
export async function embeddingNeed({ fileInfo, llama, gpuLayers }: LlamaModel, contextSize: number): Promise<MemoryNeed> {
  const insights = await GgufInsights.from(fileInfo, llama);
  try {
    const { cpuRam, gpuVram } = await insights.estimateContextResourceRequirementsV2({
      contextSize,
      batchSize: contextSize,
      sequences: 1,
      modelGpuLayers: gpuLayers,
      isEmbeddingContext: true,
      useMmap: llama.supportsMmap,
    });
    return { ramBytes: cpuRam, vramBytes: gpuVram };
  } finally {
    await endSimulation(insights);
  }
}

/** Each number of layers that was tried keeps a vocabulary in memory until then. */
async function endSimulation(insights: GgufInsights): Promise<void> {
  await (insights as unknown as { readonly _simulationSession?: { dispose(): Promise<void> } })._simulationSession?.dispose();
}
