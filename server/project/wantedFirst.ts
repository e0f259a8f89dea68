// The order in which files are looked at around an open document: what it imports, what that imports, its folder, and what changes with it.
// It knows facts and the queue; it must not know the worker.
import { type FileSet, folderOf } from './fileSet.ts';
import type { SymbolTable } from './symbolTable.ts';
import { priorities, type WorkQueue } from './workQueue.ts';

export interface WantedFirstOptions {
  readonly queue: WorkQueue;
  readonly files: FileSet;
  readonly symbols: SymbolTable;
}

export class WantedFirst {
  readonly #options: WantedFirstOptions;
  readonly #looked = new Set<string>();
  /** Files whose imports are wanted as soon as they are known. */
  readonly #awaited = new Set<string>();

  constructor(options: WantedFirstOptions) {
    this.#options = options;
  }

  /** Only what waits anyway moves: everything else has been looked at. */
  opened(path: string): void {
    const { queue, files, symbols } = this.#options;
    if (queue.size === 0) return;
    queue.add(this.#waiting([path]), priorities.open);
    this.#imports(path, priorities.imported);
    queue.add(this.#waiting(files.in(folderOf(path))), priorities.sameFolder);
    queue.add(this.#waiting(symbols.coChangedWith(path).map((item) => item.path)), priorities.coChanged);
  }

  lookedAt(path: string): void {
    this.#looked.add(path);
    if (this.#awaited.delete(path)) this.#imports(path, priorities.importedByImported);
  }

  gone(path: string): void {
    this.#looked.delete(path);
    this.#awaited.delete(path);
  }

  startOver(): void {
    this.#looked.clear();
    this.#awaited.clear();
  }

  #imports(path: string, priority: typeof priorities.imported | typeof priorities.importedByImported): void {
    const facts = this.#options.symbols.file(path);
    const targets = [...(facts?.imports ?? []), ...(facts?.exports ?? [])].flatMap((item) => item.resolvedPaths);
    if (priority === priorities.imported) {
      for (const target of targets) {
        if (this.#looked.has(target)) this.#imports(target, priorities.importedByImported);
        else this.#awaited.add(target);
      }
    }
    this.#options.queue.add(this.#waiting(targets), priority);
  }

  *#waiting(paths: Iterable<string>): Iterable<string> {
    for (const path of paths) if (this.#options.queue.has(path)) yield path;
  }
}
