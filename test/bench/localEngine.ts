// The local engine as the server uses it, with a runtime directory of its own. It knows how to start and end it; it must not know what is
// measured.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Prompt } from '../../native/protocol/messages.ts';
import type { Generation } from '../../server/inference/inference.ts';
import { LocalInference } from '../../server/inference/localInference.ts';

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

export class LocalEngine {
  readonly pid: number;
  readonly #inference: LocalInference;
  readonly #runtimeDirectory: string;

  private constructor(inference: LocalInference, runtimeDirectory: string, pid: number) {
    this.#inference = inference;
    this.#runtimeDirectory = runtimeDirectory;
    this.pid = pid;
  }

  /** With the model in memory. */
  static async start({ threads }: { readonly threads: number }): Promise<LocalEngine> {
    const runtimeDirectory = makeRuntimeDirectory();
    const note = (message: string) => void process.stderr.write(`${message}\n`);
    const inference = new LocalInference({
      engineModule: path.join(root, 'dist/engine.mjs'),
      runtimeDirectory,
      engine: { gpu: 'off', threads, keepAliveMs: 10_000 },
      model: { path: starterModel, contextSize: 0 },
      log: { error: note, warn: note, info: () => {}, debug: () => {} },
      now: () => performance.now(),
    });
    const { signal } = new AbortController();
    const model = await inference.describeModel(signal);
    if (model.outcome !== 'ok') throw new Error(`The engine did not start: ${JSON.stringify(model)}`);
    const status = await inference.engineStatus(signal);
    if (status.outcome !== 'ok') throw new Error(`The engine has no status: ${JSON.stringify(status)}`);
    return new LocalEngine(inference, runtimeDirectory, status.value.pid);
  }

  /** Greedy, streamed, with the priority of a suggestion. */
  async generate(prompt: Prompt, maxTokens: number): Promise<TimedGeneration> {
    const startedAt = performance.now();
    let firstTextMs: number | undefined;
    const onText = () => {
      firstTextMs ??= performance.now() - startedAt;
    };
    const request = { prompt, priority: 'inline', maxTokens, temperature: 0, stop: [] } as const;
    const result = await this.#inference.generate(request, { signal: new AbortController().signal, onText });
    const totalMs = performance.now() - startedAt;
    if (result.outcome !== 'ok') throw new Error(`The engine did not answer: ${JSON.stringify(result)}`);
    return { ...result.value, firstTextMs: firstTextMs ?? totalMs, totalMs };
  }

  async stop(): Promise<void> {
    await this.#inference.dispose();
    endProcess(this.pid);
    rmSync(this.#runtimeDirectory, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Ends a process that may have ended already. */
export function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
