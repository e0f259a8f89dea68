// What one folder's index knows of its files: which there are, which are left out and why, and the facts that no database holds. It knows what came of
// looking at a file; it must not know how that is done.
import { FileSet } from './fileSet.ts';
import { MemoryFacts } from './memoryFacts.ts';
import type { SkipReason } from './skipRules.ts';
import type { IndexedFile } from './workerMessages.ts';

const maxMemoryFiles = 20_000;

export class FolderFiles {
  readonly paths = new FileSet();
  readonly memory = new MemoryFacts();
  readonly #leftOut = new Map<string, SkipReason>();
  #parsed = 0;

  /** Files that were parsed since the start. */
  get parsed(): number {
    return this.#parsed;
  }

  get skippedByReason(): Readonly<Partial<Record<SkipReason, number>>> {
    const counts: Partial<Record<SkipReason, number>> = {};
    for (const reason of this.#leftOut.values()) counts[reason] = (counts[reason] ?? 0) + 1;
    return counts;
  }

  isLeftOut(path: string): boolean {
    return this.#leftOut.has(path);
  }

  leaveOut(path: string, reason: SkipReason): void {
    this.#leftOut.set(path, reason);
    this.memory.delete(path);
  }

  /** A file that is there was looked at. */
  note({ path, outcome, reason, facts }: IndexedFile, { hasDatabase }: { readonly hasDatabase: boolean }): void {
    if (outcome === 'parsed') this.#parsed++;
    if (reason === undefined) this.#leftOut.delete(path);
    else this.leaveOut(path, reason);
    if (facts && (this.memory.has(path) || this.memory.size < maxMemoryFiles)) this.memory.set(path, facts);
    else if (!facts && hasDatabase) this.memory.delete(path);
  }

  drop(path: string): void {
    this.paths.delete(path);
    this.#leftOut.delete(path);
    this.memory.delete(path);
  }
}
