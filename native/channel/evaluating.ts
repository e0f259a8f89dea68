// Which model the engine's native code has last been given, kept in a file of its own for each engine process: when the process dies,
// its clients read there which model is to blame. It knows the file; it must not know who is to be restarted.
import { promises as fs, closeSync, ftruncateSync, openSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import type { EngineOptions, ModelSpec } from '../protocol/messages.ts';

const recordSchema = v.object({ loading: v.array(v.string()), evaluating: v.optional(v.string()) });
type EvaluatingRecord = v.InferOutput<typeof recordSchema>;

const prefix = 'evaluating-';
const mostRecordBytes = 65_536;

/** What can make the difference between a model that works and one that kills the engine. */
export function evaluationKey(spec: Pick<ModelSpec, 'path' | 'gpuLayers'>, gpu: EngineOptions['gpu']): string {
  return JSON.stringify([spec.path, gpu, spec.gpuLayers ?? 'auto']);
}

/** Written synchronously, since the very next thing may be the end of the process, but only when something changes: some microseconds. */
export class EvaluatingFile {
  readonly #path: string;
  readonly #file: number;
  #record: EvaluatingRecord = { loading: [] };

  constructor(directory: string) {
    this.#path = pathFor(directory, process.pid);
    this.#file = openSync(this.#path, 'w', 0o600);
  }

  /** Returns a function that ends the loading. */
  loading(key: string): () => void {
    this.#write({ ...this.#record, loading: [...this.#record.loading, key] });
    return () => {
      const at = this.#record.loading.indexOf(key);
      this.#write({ ...this.#record, loading: this.#record.loading.filter((_, index) => index !== at) });
    };
  }

  evaluating(key: string): void {
    if (this.#record.evaluating !== key) this.#write({ ...this.#record, evaluating: key });
  }

  remove(): void {
    closeSync(this.#file);
    rmSync(this.#path, { force: true });
  }

  #write(record: EvaluatingRecord): void {
    this.#record = record;
    try {
      ftruncateSync(this.#file);
      writeSync(this.#file, JSON.stringify(record), 0);
    } catch {
      // On a full disk nobody can be blamed by name; answering goes on.
    }
  }
}

/**
 * After an engine's death.
 * @returns keys of the models that may be to blame: those that were being loaded, else the one that was last evaluated; empty when none is known
 */
export async function blamedFor(directory: string, pid: number): Promise<readonly string[]> {
  try {
    const text = await fs.readFile(pathFor(directory, pid), 'utf8');
    if (text.length > mostRecordBytes) return [];
    const parsed = v.safeParse(recordSchema, JSON.parse(text));
    if (!parsed.success) return [];
    const { loading, evaluating } = parsed.output;
    return loading.length > 0 || evaluating === undefined ? loading : [evaluating];
  } catch {
    // It ended in an orderly way, or before any model was touched.
    return [];
  }
}

/** Removes what killed engines left behind. The latest are kept: their clients may not have looked yet. */
export async function removeOldRecords(directory: string, olderThanMs: number): Promise<void> {
  for (const name of await fs.readdir(directory)) {
    if (!name.startsWith(prefix) || Number(name.slice(prefix.length)) === process.pid) continue;
    const file = path.join(directory, name);
    const stat = await fs.lstat(file).catch(() => undefined);
    if (stat && Date.now() - stat.mtimeMs > olderThanMs && !isAlive(Number(name.slice(prefix.length)))) await fs.rm(file, { force: true });
  }
}

function pathFor(directory: string, pid: number): string {
  return path.join(directory, `${prefix}${pid}`);
}

/** Whether a process of this number exists, whoever it belongs to. */
export function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
