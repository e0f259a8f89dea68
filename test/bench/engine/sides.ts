// The two sides of the engine's bench: our engine and llama-server with the same model, threads and context. It knows how to bring both up and
// how to ask both the same; it must not know what is measured.
import path from 'node:path';
import { LocalEngine, root, starterModel } from '../localEngine.ts';
import { ensureModel, model100M, modelTekken } from '../models/makeModel.ts';
import { LlamaServer } from '../peers/llamaServer.ts';
import { type FimText, type FimTokens, promptForEngine, promptForPeer, tekkenTokens } from '../prompts.ts';

export interface BenchModel {
  readonly name: string;
  readonly file: string;
  /** The starter model's when absent. */
  readonly fimTokens?: FimTokens;
}

export const starter: BenchModel = { name: 'starter', file: starterModel };

/** Random weights: what it writes means nothing, but a token of it costs what a token of a model of its size costs. */
export async function randomModel(): Promise<BenchModel> {
  return { name: 'random weights, 107 M', file: await ensureModel(model100M) };
}

/** The same with the vocabulary of today's Mistral models: where tokenizing and a large output cost more than the layers. */
export async function tekkenModel(): Promise<BenchModel> {
  return { name: 'random weights, Tekken, 176 M', file: await ensureModel(modelTekken), fimTokens: tekkenTokens };
}

export interface Answer {
  /** To the first text, or to the end where the only token shows none. */
  readonly firstTokenMs: number;
  readonly promptTokens: number;
  readonly evaluatedTokens: number;
  readonly generatedTokens: number;
}

export interface Side {
  readonly pid: number;
  /** `isCold`: nothing may be reused of the request before; the caller sees to it that the prompts have no prefix in common. */
  readonly ask: (text: FimText, options: { readonly maxTokens: number; readonly isCold: boolean }) => Promise<Answer>;
}

export interface Sides {
  readonly model: BenchModel;
  readonly engine: LocalEngine;
  readonly server: LlamaServer;
  readonly ours: Side;
  readonly peer: Side;
}

export interface SidesOptions {
  readonly model: BenchModel;
  readonly threads: number;
  /** Tokens for each sequence. */
  readonly contextSize: number;
  /** Sequences of the peer; ours are the engine's own choice. */
  readonly slots?: number;
}

/** Both stay up while `act` runs, and wait while the other works. */
export async function withSides<Result>({ model, threads, contextSize, slots = 1 }: SidesOptions, act: (sides: Sides) => Promise<Result>): Promise<Result> {
  process.stderr.write(`${path.relative(root, model.file)}, ${contextSize} tokens of context\n`);
  const engine = await LocalEngine.start({ threads, model: model.file, contextSize });
  try {
    const server = await LlamaServer.start({ model: model.file, threads, contextSize, parallel: slots });
    try {
      return await act({ model, engine, server, ours: sideOfEngine(engine, model), peer: sideOfPeer(server, model) });
    } finally {
      await server.stop();
    }
  } finally {
    await engine.stop();
  }
}

function sideOfEngine(engine: LocalEngine, { fimTokens }: BenchModel): Side {
  return {
    pid: engine.pid,
    ask: async (text, { maxTokens }) => {
      const { usage, firstTextMs } = await engine.generate(promptForEngine(text, fimTokens), maxTokens);
      return { ...usage, firstTokenMs: firstTextMs, promptTokens: usage.evaluatedTokens + usage.reusedTokens };
    },
  };
}

function sideOfPeer(server: LlamaServer, { fimTokens }: BenchModel): Side {
  return {
    pid: server.pid,
    ask: async (text, { maxTokens, isCold }) => {
      // Tokenized before the clock starts: over HTTP that costs more than the evaluation. Ours tokenizes while its clock runs.
      const prompt = await promptForPeer(server, text, fimTokens);
      const { firstTextMs, evaluatedTokens, reusedTokens, generatedTokens } = await server.complete({ prompt, maxTokens, reusePrefix: !isCold });
      return { firstTokenMs: firstTextMs, promptTokens: evaluatedTokens + reusedTokens, evaluatedTokens, generatedTokens };
    },
  };
}
