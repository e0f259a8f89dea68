// What follows from having looked at files: what is known of them, which answers are forgotten, which rows go, what is looked at next. It knows the parts of a
// folder's index that hold something; it must not know how files are looked at, nor when.
import { isConfiguration } from './configurationFiles.ts';
import type { EarlyImports } from './earlyImports.ts';
import type { FolderFiles } from './folderFiles.ts';
import type { FolderStore } from './folderStore.ts';
import type { OpenDocuments } from './openDocuments.ts';
import type { Problems } from './problems.ts';
import type { Progress } from './progress.ts';
import type { SymbolTable } from './symbolTable.ts';
import type { WantedFirst } from './wantedFirst.ts';
import type { IndexedFile } from './workerMessages.ts';
import { priorities, type WorkQueue } from './workQueue.ts';

export interface OutcomesOptions {
  readonly files: FolderFiles;
  readonly documents: OpenDocuments;
  readonly queue: WorkQueue;
  readonly symbols: SymbolTable;
  readonly wanted: WantedFirst;
  readonly early: EarlyImports;
  readonly store: FolderStore;
  readonly progress: Progress;
  readonly problems: Problems;
  readonly onChange: () => void;
}

/** So many files that were kept in memory are tried at once when something could be written again. */
const movedAtOnce = 64;

export class Outcomes {
  readonly #options: OutcomesOptions;
  /** Changed on disk and waiting. Another window may look at them first, and then nothing here says that their facts are others. */
  readonly #heard = new Set<string>();
  /** The same for the whole folder, after it was listed. */
  #isAllHeard = false;

  constructor(options: OutcomesOptions) {
    this.#options = options;
  }

  /** These have changed on disk and wait to be looked at. */
  heard(paths: Iterable<string>): void {
    for (const relative of paths) this.#heard.add(relative);
  }

  /** The folder has been listed: of what it has, any file may be another one. */
  async listed(gone: readonly string[]): Promise<void> {
    const { queue, symbols, onChange } = this.#options;
    this.#drop(gone);
    symbols.forgetAll();
    this.#isAllHeard = true;
    this.#openFirst();
    queue.releaseRest();
    onChange();
    if (gone.length > 0) await this.#forgetRows(gone);
  }

  /** Every file is looked at again. */
  startOver(): void {
    const { files, queue, wanted } = this.#options;
    wanted.startOver();
    queue.add(files.paths, priorities.rest);
    this.#openFirst();
  }

  note(looked: readonly IndexedFile[]): void {
    const { files, queue, symbols, wanted, early, store, progress, onChange } = this.#options;
    this.#drop(looked.flatMap(({ path: relative, outcome }) => (outcome === 'gone' ? [relative] : [])));
    const there = looked.filter(({ path: relative, outcome }) => outcome !== 'gone' && files.paths.has(relative));
    for (const file of there) files.note(file, { hasDatabase: store.isOpen });
    const changed = there.filter(({ path: relative, outcome }) => this.#wasHeard(relative) || outcome !== 'fresh').map(({ path: relative }) => relative);
    if (changed.some(isConfiguration)) symbols.forgetAll();
    if (changed.length > 0) symbols.forget(changed);
    if (this.#isAllHeard && queue.size === 0) {
      this.#isAllHeard = false;
      symbols.forgetFacts();
    }
    for (const { path: relative } of there) {
      wanted.lookedAt(relative);
      void early.lookedAt(relative);
    }
    // A list that was read meanwhile may no longer have some, and their rows were written after it.
    const strays = looked.flatMap(({ path: relative, outcome }) => (outcome !== 'gone' && !files.paths.has(relative) ? [relative] : []));
    if (strays.length > 0) void progress.during(() => this.#forgetRows(strays));
    onChange();
  }

  /** Something could be written: what was kept in memory meanwhile moves to the database, and each part that does brings the next. */
  written(): void {
    const { files, queue, problems } = this.#options;
    if (!problems.has('noRoom')) return;
    const moving: string[] = [];
    for (const relative of files.memory.paths()) if (moving.push(relative) === movedAtOnce) break;
    queue.add(moving, priorities.rest);
    if (moving.length > 0) return;
    problems.note('noRoom', undefined);
    // Memory holds a number of files only; whatever it had no place for is looked at now.
    queue.add(files.paths, priorities.rest);
  }

  /** There are no such files any more, or they are another index's. */
  #drop(paths: readonly string[]): void {
    const { files, queue, symbols, wanted } = this.#options;
    for (const relative of paths) {
      files.drop(relative);
      queue.delete(relative);
      wanted.gone(relative);
      this.#heard.delete(relative);
    }
    if (paths.length > 0) symbols.forget(paths);
  }

  #openFirst(): void {
    const { documents, wanted } = this.#options;
    for (const relative of documents.paths()) wanted.opened(relative);
  }

  async #forgetRows(paths: readonly string[]): Promise<void> {
    await this.#options.store.remove(paths);
    // What was asked meanwhile may still name them.
    this.#options.symbols.forget(paths);
  }

  #wasHeard(relative: string): boolean {
    // It may have been heard of again while it was looked at.
    return this.#options.queue.has(relative) ? this.#heard.has(relative) : this.#heard.delete(relative);
  }
}
