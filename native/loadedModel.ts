// One model in memory with its context, its vocabulary and its decode loop. It knows who uses it; it must not know requests or how it was loaded.
import type { LlamaContext, LlamaModel } from 'node-llama-cpp';
import { addonOf } from './addon.ts';
import { DecodeLoop } from './decodeLoop.ts';
import type { Configuration } from './memoryPlan.ts';
import { Vocabulary } from './promptTokens.ts';
import type { EngineStatus, ModelDescription, ModelProblem } from './protocol/messages.ts';
import type { RenderProcess } from './renderProcess.ts';
import type { Turns } from './turns.ts';

export interface LoadOptions {
  /** For single tokens; as many as the machine's cores make them wait for each other. */
  readonly decodeThreads: number;
  /** For long batches. */
  readonly prefillThreads: number;
  readonly turns: Turns;
  readonly renderProcess: RenderProcess;
  readonly log: (line: string) => void;
}

type ModelConfiguration = EngineStatus['models'][number];

export type LoadResult = { readonly outcome: 'ok'; readonly model: LoadedModel } | { readonly outcome: 'modelProblem'; readonly problem: ModelProblem };

interface Parts {
  readonly model: LlamaModel;
  readonly context: LlamaContext;
  readonly path: string;
  readonly configuration: Configuration;
  /** One sentence for each thing that was given up to make it fit. */
  readonly concessions: readonly string[];
}

export class LoadedModel {
  readonly model: LlamaModel;
  readonly context: LlamaContext;
  readonly vocabulary: Vocabulary;
  readonly description: ModelDescription;
  readonly loop: DecodeLoop;
  readonly configuration: ModelConfiguration;
  #users = 0;
  #isDisposed = false;

  /** @throws Error when the library is not of the pinned version */
  constructor({ model, context, path, configuration, concessions }: Parts, { renderProcess, decodeThreads, prefillThreads, turns }: LoadOptions) {
    const { contextSize, sequences, kvType } = configuration;
    this.model = model;
    this.context = context;
    this.vocabulary = new Vocabulary(model, renderProcess);
    this.loop = new DecodeLoop({ addon: addonOf(model, context), sequences, batchSize: context.batchSize, decodeThreads, prefillThreads, turns });
    this.configuration = {
      path,
      contextSize,
      sequences,
      gpuLayers: model.gpuLayers,
      totalLayers: model.fileInsights.totalLayers,
      flashAttention: context.flashAttention === true,
      kvType,
      concessions: [...concessions],
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
      ...(concessions.length > 0 ? { concessions: [...concessions] } : {}),
    };
  }

  /** Keeps the model in memory until the returned function is called. */
  use(): () => void {
    this.#users++;
    return () => {
      this.#users--;
    };
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
    await this.context.dispose();
    await this.model.dispose();
  }
}
