// One model in memory with its context, its vocabulary and its decode loop. It knows who uses it; it must not know requests or how it was loaded.
import type { Llama, LlamaContext, LlamaModel } from 'node-llama-cpp';
import { addonOf } from './addon.ts';
import { ChatHeads, type StreamHead } from './chatHeads.ts';
import { DecodeLoop } from './decodeLoop.ts';
import { Embedder } from './embedder.ts';
import { Grammars } from './grammars.ts';
import { nameOfBackend } from './library.ts';
import type { Configuration, MemoryNeed } from './memoryPlan.ts';
import { type PromptTokens, Vocabulary } from './promptTokens.ts';
import type { EngineStatus, GenerateParams, ModelDescription, ModelProblem } from './protocol/messages.ts';
import type { RenderProcess } from './renderProcess.ts';
import type { SavedStates } from './savedStates.ts';
import type { LoadedDraft } from './speculation/loadDraft.ts';
import type { ModelTurns } from './turns.ts';

export interface LoadOptions {
  /** For single tokens; as many as the machine's cores make them wait for each other. */
  readonly decodeThreads: number;
  /** For long batches. */
  readonly prefillThreads: number;
  readonly turns: ModelTurns;
  readonly renderProcess: RenderProcess;
  readonly states: SavedStates;
  /** Whether so much more than what is loaded may be taken through this back end, after idle models made room for it if need be. */
  readonly hasRoom: (need: MemoryNeed, llama: Llama) => Promise<boolean>;
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
  /** The small model that drafts for this one, where the user chose one. */
  readonly draft?: LoadedDraft | undefined;
}

export class LoadedModel {
  readonly model: LlamaModel;
  readonly context: LlamaContext;
  readonly vocabulary: Vocabulary;
  readonly grammars: Grammars;
  readonly embedder: Embedder;
  readonly description: ModelDescription;
  readonly loop: DecodeLoop;
  readonly configuration: ModelConfiguration;
  readonly draft: LoadedDraft | undefined;
  #heads: ChatHeads | undefined;
  #users = 0;
  readonly #waitingForIdle: (() => void)[] = [];
  #isDisposed = false;

  /** @throws Error when the library is not of the pinned version */
  constructor(
    { model, context, path, configuration, concessions, draft }: Parts,
    { renderProcess, decodeThreads, prefillThreads, turns, hasRoom }: LoadOptions,
  ) {
    const { contextSize, sequences, kvType } = configuration;
    this.model = model;
    this.context = context;
    this.draft = draft;
    this.vocabulary = new Vocabulary(model, renderProcess);
    this.grammars = new Grammars(model, this.vocabulary);
    const embedderHasRoom = (need: MemoryNeed) => hasRoom(need, model.llama);
    this.embedder = new Embedder({ model, path, vocabulary: this.vocabulary, threads: prefillThreads, turns, hasRoom: embedderHasRoom });
    this.loop = new DecodeLoop({ addon: addonOf(model, context), sequences, batchSize: context.batchSize, decodeThreads, prefillThreads, turns });
    this.configuration = {
      path,
      contextSize,
      sequences,
      backend: nameOfBackend(model.llama),
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

  /** From now on heads of chats may come from disk and go there. */
  keepHeads(identity: string, { states, log }: LoadOptions): void {
    const { contextSize, sequences } = this.configuration;
    const { ram, vram } = this.context.memoryUsage;
    // With its buffers, a context takes more than what it holds.
    const tokenBytes = (ram + vram) / (contextSize * sequences);
    this.#heads = new ChatHeads({ context: addonOf(this.model, this.context).context, states, model: identity, contextSize, tokenBytes, log });
  }

  /** @returns undefined where the prompt's head is not worth keeping */
  async headOf(params: GenerateParams, prompt: Extract<PromptTokens, { outcome: 'ok' }>, signal: AbortSignal): Promise<StreamHead | undefined> {
    const headLength = await this.vocabulary.headLength(params.prompt, prompt, signal);
    const tokens = Uint32Array.from(prompt.tokens);
    return this.#heads?.of(tokens, { headLength, heldTokens: this.loop.longestHeld(tokens) });
  }

  /** Keeps the model in memory until the returned function is called. */
  use(): () => void {
    this.#users++;
    return () => {
      this.#users--;
      if (this.#users > 0) return;
      for (const wake of this.#waitingForIdle.splice(0)) wake();
    };
  }

  /** Resolves when nobody uses the model. */
  async whenIdle(): Promise<void> {
    while (this.#users > 0) await new Promise<void>((wake) => this.#waitingForIdle.push(wake));
  }

  /** All that it holds now, in bytes: with the model that drafts for it and the context for vectors. */
  get memory(): { readonly weightsRam: number; readonly weights: number; readonly contexts: number; readonly vram: number } {
    const { model, context, draft, embedder } = this;
    const none = { ram: 0, vram: 0 };
    const weights = sumOf([model.memoryUsage, draft?.weights ?? none]);
    const state = sumOf([context.memoryUsage, draft?.state ?? none, embedder.memory]);
    return { weightsRam: weights.ram, weights: weights.ram + weights.vram, contexts: state.ram + state.vram, vram: weights.vram + state.vram };
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
    await this.#heads?.idle();
    await this.embedder.dispose();
    await this.draft?.dispose();
    await this.context.dispose();
    await this.model.dispose();
  }
}

function sumOf(parts: readonly { readonly ram: number; readonly vram: number }[]): { readonly ram: number; readonly vram: number } {
  return parts.reduce((sum, { ram, vram }) => ({ ram: sum.ram + ram, vram: sum.vram + vram }));
}
