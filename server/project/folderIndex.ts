// One workspace folder's index: keeps it in step with the disk and with open documents. It puts the parts of this room together: the list, the queue, the worker,
// the layers; it must not know who asks, nor how any of the parts works.
import type { Log } from '../core/log.ts';
import type { ProjectClock } from './clock.ts';
import { isConfiguration, readConfiguration } from './configurationFiles.ts';
import { DiskChanges } from './diskChanges.ts';
import { EarlyImports } from './earlyImports.ts';
import { FolderFiles } from './folderFiles.ts';
import { FolderStore } from './folderStore.ts';
import { readCoChanges, watchHead } from './history.ts';
import { ImportProbe } from './importProbe.ts';
import { IndexingLoop } from './indexingLoop.ts';
import { inSlices, listFiles } from './listing.ts';
import { OpenDocuments } from './openDocuments.ts';
import type { ParseWorkerThread } from './parseWorkerThread.ts';
import { Progress } from './progress.ts';
import { isSecretPath, type SkipReason } from './skipRules.ts';
import { SymbolTable } from './symbolTable.ts';
import { WantedFirst } from './wantedFirst.ts';
import type { IndexedFile } from './workerMessages.ts';
import { priorities, WorkQueue } from './workQueue.ts';

export interface FolderIndexOptions {
  /** The absolute path of the folder, which also names it. */
  readonly root: string;
  /** Undefined: in memory only. */
  readonly databaseFile: string | undefined;
  readonly maxDatabaseBytes: number;
  readonly maxFiles: number;
  /** The part of one core's time that files nobody looks at may take, above 0 and at most 1. */
  readonly cpuShare: () => number;
  readonly gitTimeoutMs: number;
  /** How long a burst of changes is collected. */
  readonly debounceMs: number;
  /** Folders inside this one that have an index of their own, relative to it. */
  readonly innerFolders: readonly string[];
  readonly worker: ParseWorkerThread;
  readonly clock: ProjectClock;
  readonly log: Log;
  readonly onChange: () => void;
}

export interface FolderStatus {
  readonly root: string;
  readonly files: number;
  /** Files that were parsed since the start; 0 where nothing had changed. */
  readonly parsed: number;
  readonly waiting: number;
  readonly skippedByReason: Readonly<Partial<Record<SkipReason, number>>>;
  /** Whether every listed file has been looked at. */
  readonly isComplete: boolean;
  readonly store: 'sqlite' | 'memory';
  /** What a person should know: the disk is full, files were left out. */
  readonly problem: string | undefined;
}

const maxRebuilds = 3;

export class FolderIndex {
  readonly symbols: SymbolTable;
  readonly #options: FolderIndexOptions;
  readonly #files = new FolderFiles();
  readonly #queue = new WorkQueue();
  readonly #ended = new AbortController();
  readonly #documents: OpenDocuments;
  readonly #wanted: WantedFirst;
  readonly #early: EarlyImports;
  readonly #store: FolderStore;
  readonly #progress: Progress;
  readonly #changes: DiskChanges;
  readonly #loop: IndexingLoop;
  #rebuilds = 0;
  #isListed = false;
  #problem: string | undefined;
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: FolderIndexOptions) {
    this.#options = options;
    const { root, databaseFile: database, maxDatabaseBytes, worker, clock, log, debounceMs, gitTimeoutMs, onChange } = options;
    const { signal } = this.#ended;
    const files = this.#files.paths;
    this.#documents = new OpenDocuments({ folder: root, worker, clock, debounceMs, signal, onFacts: (relative) => this.#documentParsed(relative) });
    this.symbols = new SymbolTable({
      files,
      open: this.#documents.facts,
      memory: this.#files.memory,
      readConfig: (relative) => readConfiguration(root, relative),
      isLeftOut: (relative) => this.#files.isLeftOut(relative),
    });
    this.#wanted = new WantedFirst({ queue: this.#queue, files, symbols: this.symbols });
    const isElsewhere = (relative: string) => this.#isElsewhere(relative);
    const probe = new ImportProbe({ root, isElsewhere, gitTimeoutMs, signal });
    this.#early = new EarlyImports({ probe, files, symbols: this.symbols, queue: this.#queue, clock, signal, onFound: onChange });
    this.#progress = new Progress({ isWaiting: () => !this.#isListed || this.#queue.hasWork || this.#changes.isWaiting, onDone: onChange });
    const onProblem = (problem: string) => this.#noteProblem(problem);
    this.#store = new FolderStore({
      place: { folder: root, root, database, maxDatabaseBytes },
      worker,
      signal,
      log,
      onReader: (reader) => this.symbols.useDatabase(reader),
      onDamage: () => void this.rebuild(),
      onProblem,
    });
    this.#changes = new DiskChanges({
      root,
      files,
      progress: this.#progress,
      clock,
      debounceMs,
      isElsewhere,
      onConfiguration: () => this.symbols.forgetAll(),
      onChanged: (paths) => this.#queue.add(paths, priorities.open),
      list: () => this.#list(signal),
    });
    this.#loop = new IndexingLoop({
      ...options,
      queue: this.#queue,
      progress: this.#progress,
      onLooked: (looked) => this.#note(looked),
      onCulprit: (culprit) => this.#files.leaveOut(culprit, 'tooSlow'),
      onDamage: () => this.rebuild(),
      onProblem,
    });
  }

  get status(): FolderStatus {
    const { paths, parsed, skippedByReason } = this.#files;
    return {
      root: this.#options.root,
      files: paths.size,
      parsed,
      waiting: this.#queue.size,
      skippedByReason,
      isComplete: this.#progress.isComplete,
      store: this.#store.isOpen ? 'sqlite' : 'memory',
      problem: this.#problem,
    };
  }

  /** Begins; nothing needs to be waited for, since every question has an answer from now on. */
  start(): void {
    const { signal } = this.#ended;
    const { log } = this.#options;
    this.#running = Promise.all([this.#begin(signal), this.#changes.follow(signal)]).catch((error: unknown) => {
      log.error(`The index of ${this.#options.root} stopped: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    });
  }

  /** Resolves when all that is known to wait now has been looked at, and what was left over has been tidied. For tests and benches. */
  whenIdle(): Promise<void> {
    return this.#progress.whenIdle();
  }

  /** Files were made, changed, deleted or renamed on disk: paths relative to the folder, files or folders. */
  noteChanged(paths: Iterable<string>): void {
    this.#changes.note(paths);
  }

  openDocument(relative: string, languageId: string, text: string): void {
    if (isSecretPath(relative)) return;
    this.#early.expect(relative);
    this.#documents.update(relative, languageId, text);
  }

  /** From here on, what is on disk counts again. */
  closeDocument(relative: string): void {
    if (!this.#documents.close(relative)) return;
    this.#early.closed(relative);
    this.symbols.forget([relative]);
    if (this.#files.paths.has(relative)) this.#queue.add([relative], priorities.open);
  }

  /** The database turned out to be damaged: it is set aside and made anew, while memory and open documents answer. */
  async rebuild(): Promise<void> {
    if (this.#ended.signal.aborted || this.#rebuilds++ >= maxRebuilds) return;
    this.#options.log.warn(`The index of ${this.#options.root} was damaged; it is set aside and built anew.`);
    await this.#progress.during(async () => {
      this.#store.close();
      await this.#store.open({ isDamaged: true });
      this.#wanted.startOver();
      this.#queue.add(this.#files.paths, priorities.rest);
      for (const relative of this.#documents.paths()) this.#wanted.opened(relative);
    });
  }

  async dispose(): Promise<void> {
    this.#ended.abort();
    this.#progress.end();
    this.#store.close();
    await this.#running;
    await this.#options.worker.closeFolder(this.#options.root);
  }

  async #begin(signal: AbortSignal): Promise<void> {
    const opened = this.#store.open({ isDamaged: false });
    await Promise.all([
      // What open documents import is looked at while the folder is listed; the rest waits for the list.
      opened.then(() => this.#loop.run(signal)),
      this.#progress.during(() => Promise.all([opened, this.#list(signal)])).then(() => this.#follow(signal)),
    ]);
  }

  /** What there is to do besides looking at files, once they are listed. */
  async #follow(signal: AbortSignal): Promise<void> {
    const { root, gitTimeoutMs } = this.#options;
    await Promise.all([
      this.#progress.during(() =>
        this.#store.forgetGone(
          (relative) => this.#files.paths.has(relative),
          (gone) => this.symbols.forget(gone),
        ),
      ),
      this.#readHistory(signal),
      watchHead(root, () => this.#changes.listAgain(), { timeoutMs: gitTimeoutMs, signal }),
    ]);
  }

  /** Lists the folder; what is new or may have changed waits afterwards. Returns how long it took, ms. */
  async #list(signal: AbortSignal): Promise<number> {
    const { root, maxFiles, gitTimeoutMs, clock, worker, onChange } = this.#options;
    const known = this.#files.paths;
    const began = clock.now();
    const { paths, isCut } = await listFiles(root, { signal, maxFiles, gitTimeoutMs, beforeReading: () => this.#early.ahead() });
    if (signal.aborted) return 0;
    this.#early.end();
    if (isCut) this.#noteProblem(`The folder has more than ${maxFiles} files; the index holds the first ones.`);
    // Whatever is asked meanwhile is answered from a list that is partly old, partly new.
    const listed = new Set<string>();
    await inSlices(paths, (relative) => {
      if (this.#isElsewhere(relative)) return false;
      listed.add(relative);
      known.add(relative);
      this.#queue.add([relative], priorities.rest);
      return false;
    });
    if (signal.aborted) return 0;
    const gone = await inSlices([...known], (relative) => !listed.has(relative));
    this.#drop(gone);
    this.symbols.forgetAll();
    this.#isListed = true;
    for (const relative of this.#documents.paths()) this.#wanted.opened(relative);
    this.#queue.releaseRest();
    onChange();
    if (gone.length > 0) {
      await worker.request({ kind: 'remove', folder: root, paths: gone });
      // What was asked meanwhile may still name them.
      this.symbols.forget(gone);
    }
    return clock.now() - began;
  }

  async #readHistory(signal: AbortSignal): Promise<void> {
    const { root, gitTimeoutMs, clock, onChange } = this.#options;
    // What is open comes first; git would take the time from it.
    await clock.wait(1000, signal);
    const coChanges = await readCoChanges(root, (relative) => this.#files.paths.has(relative), { timeoutMs: gitTimeoutMs, signal });
    if (!coChanges) return;
    this.symbols.useCoChanges(coChanges);
    for (const relative of this.#documents.paths()) this.#wanted.opened(relative);
    onChange();
  }

  #documentParsed(relative: string): void {
    this.symbols.forget([relative]);
    if (this.#isListed) this.#wanted.opened(relative);
    else void this.#early.opened(relative);
    this.#options.onChange();
  }

  #note(looked: readonly IndexedFile[]): void {
    this.#drop(looked.flatMap(({ path: relative, outcome }) => (outcome === 'gone' ? [relative] : [])));
    // A list that was read meanwhile may no longer have some.
    const there = looked.filter(({ path: relative, outcome }) => outcome !== 'gone' && this.#files.paths.has(relative));
    for (const file of there) this.#files.note(file, { hasDatabase: this.#store.isOpen });
    const changed = there.flatMap(({ path: relative, outcome }) => (outcome === 'fresh' ? [] : [relative]));
    if (changed.some(isConfiguration)) this.symbols.forgetAll();
    if (changed.length > 0) this.symbols.forget(changed);
    for (const { path: relative } of there) {
      this.#wanted.lookedAt(relative);
      void this.#early.lookedAt(relative);
    }
    this.#options.onChange();
  }

  #drop(paths: readonly string[]): void {
    for (const relative of paths) {
      this.#files.drop(relative);
      this.#queue.delete(relative);
      this.#wanted.gone(relative);
    }
    if (paths.length > 0) this.symbols.forget(paths);
  }

  /** The first is kept: what follows mostly follows from it. */
  #noteProblem(problem: string): void {
    if (this.#problem !== undefined) return;
    this.#problem = problem;
    this.#options.log.warn(problem);
  }

  #isElsewhere(relative: string): boolean {
    return this.#options.innerFolders.some((inner) => relative === inner || relative.startsWith(`${inner}/`));
  }
}
