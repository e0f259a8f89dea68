// The local engine as the server uses it, with a runtime directory of its own. It knows how to start and end it; it must not know what is
// measured.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { EngineStatus, Priority, Prompt } from '../../native/protocol/messages.ts';
import type { Generation } from '../../server/inference/inference.ts';
import { LocalInference } from '../../server/inference/localInference.ts';
import { BenchProblem } from './benchProblem.ts';

export const root = path.resolve(import.meta.dirname, '../..');
export const starterModel = path.join(root, 'native/starter-model/starter-fim.gguf');

/** Short, since a socket's path may have no more than 104 bytes. */
export function makeRuntimeDirectory(): string {
  return mkdtempSync(path.join(process.env['TRAMONTANE_RUNTIME_DIR'] ?? os.tmpdir(), 'b-'));
}

export interface TimedGeneration extends Generation {
  readonly firstTextMs: number;
  readonly totalMs: number;
}

export interface LocalEngineOptions {
  readonly threads: number;
  /** The starter model when absent. */
  readonly model?: string;
  /** Tokens for each sequence; the model's own when absent. */
  readonly contextSize?: number;
  /** Where the state of chats is kept; gone with the engine when absent. */
  readonly stateDirectory?: string;
}

export class LocalEngine {
  readonly pid: number;
  /** For what is not asked for here: a priority, an end before the answer's, the status. */
  readonly inference: LocalInference;
  readonly #runtimeDirectory: string;

  private constructor(inference: LocalInference, runtimeDirectory: string, pid: number) {
    this.inference = inference;
    this.#runtimeDirectory = runtimeDirectory;
    this.pid = pid;
  }

  /** With the model in memory. */
  static async start({ threads, model: modelFile = starterModel, contextSize = 0, stateDirectory }: LocalEngineOptions): Promise<LocalEngine> {
    const runtimeDirectory = makeRuntimeDirectory();
    const note = (message: string) => void process.stderr.write(`${message}\n`);
    const inference = new LocalInference({
      engineModule: path.join(root, 'dist/engine.mjs'),
      runtimeDirectory,
      stateDirectory: stateDirectory ?? path.join(runtimeDirectory, 'kv'),
      engine: { gpu: 'off', threads, keepAliveMs: 10_000 },
      model: { path: modelFile, contextSize },
      log: { error: note, warn: note, info: () => {}, debug: () => {} },
      now: () => performance.now(),
    });
    const { signal } = new AbortController();
    const model = await inference.describeModel(signal);
    if (model.outcome !== 'ok') {
      await inference.dispose();
      rmSync(runtimeDirectory, { recursive: true, force: true, maxRetries: 5 });
      throw new BenchProblem('cause' in model ? model : { cause: 'The engine ended while it was started.', action: 'Run this again.' });
    }
    return new LocalEngine(inference, runtimeDirectory, (await statusOf(inference)).pid);
  }

  /** Greedy, streamed; with the priority of a suggestion where none is given. */
  async generate(prompt: Prompt, maxTokens: number, { priority = 'inline' }: { readonly priority?: Priority } = {}): Promise<TimedGeneration> {
    const startedAt = performance.now();
    let firstTextMs: number | undefined;
    const onText = () => {
      firstTextMs ??= performance.now() - startedAt;
    };
    const request = { prompt, priority, maxTokens, temperature: 0, stop: [] } as const;
    const result = await this.inference.generate(request, { signal: new AbortController().signal, onText });
    const totalMs = performance.now() - startedAt;
    if (result.outcome !== 'ok') throw new Error(`The engine did not answer: ${JSON.stringify(result)}`);
    return { ...result.value, firstTextMs: firstTextMs ?? totalMs, totalMs };
  }

  status(): Promise<EngineStatus> {
    return statusOf(this.inference);
  }

  /** Tokens that went into batches so far, those of guesses and of requests that were given up included. */
  async workedTokens(): Promise<number> {
    return (await this.status()).totals.batchTokens;
  }

  async stop(): Promise<void> {
    await this.inference.dispose();
    endProcess(this.pid);
    rmSync(this.#runtimeDirectory, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function statusOf(inference: LocalInference): Promise<EngineStatus> {
  const status = await inference.engineStatus(new AbortController().signal);
  if (status.outcome !== 'ok') throw new Error(`The engine has no status: ${JSON.stringify(status)}`);
  return status.value;
}

/** Ends a process that may have ended already. */
export function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
