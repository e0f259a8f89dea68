// One workspace folder's index: keeps it in step with the disk and with open documents. It puts the parts of this room together: the list, the queue, the worker,
// the layers; it must not know who asks, nor how any of the parts works.
import { readConfiguration } from './configurationFiles.ts';
import { DiskChanges } from './diskChanges.ts';
import { EarlyImports } from './earlyImports.ts';
import { FolderFiles } from './folderFiles.ts';
import type { FolderIndexOptions, FolderStatus } from './folderIndexOptions.ts';
import { FolderList } from './folderList.ts';
import { FolderStore } from './folderStore.ts';
import { readCoChanges, watchHead } from './history.ts';
import { ImportProbe } from './importProbe.ts';
import { IndexingLoop } from './indexingLoop.ts';
import { OpenDocuments } from './openDocuments.ts';
import { Outcomes } from './outcomes.ts';
import { Problems } from './problems.ts';
import { Progress } from './progress.ts';
import { isSecretPath } from './skipRules.ts';
import { SymbolTable } from './symbolTable.ts';
import { WantedFirst } from './wantedFirst.ts';
import type { StoreState } from './workerMessages.ts';
import { priorities, WorkQueue } from './workQueue.ts';

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
  readonly #list: FolderList;
  readonly #store: FolderStore;
  readonly #progress: Progress;
  readonly #changes: DiskChanges;
  readonly #outcomes: Outcomes;
  readonly #loop: IndexingLoop;
  readonly #problems: Problems;
  #rebuilds = 0;
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
      openText: this.#documents.text,
      memory: this.#files.memory,
      readConfig: (relative) => readConfiguration(root, relative),
      isLeftOut: (relative) => this.#files.isLeftOut(relative),
    });
    this.#wanted = new WantedFirst({ queue: this.#queue, files, symbols: this.symbols });
    this.#problems = new Problems({ warn: (sentence) => log.warn(sentence), onChange });
    this.#list = new FolderList(
      {
        ...options,
        files,
        queue: this.#queue,
        beforeReading: () => this.#early.ahead(),
        onRead: ({ isCut }) => this.#listRead(isCut),
        onListed: (gone) => this.#outcomes.listed(gone),
      },
      options.innerFolders,
    );
    const isElsewhere = (relative: string) => this.#list.isElsewhere(relative);
    const probe = new ImportProbe({ root, isElsewhere, gitTimeoutMs, signal });
    this.#early = new EarlyImports({ probe, files, symbols: this.symbols, queue: this.#queue, clock, signal, onFound: onChange });
    this.#progress = new Progress({ isWaiting: () => !this.#list.isListed || this.#queue.hasWork || this.#changes.isWaiting, onDone: onChange });
    this.#store = new FolderStore({
      place: { folder: root, root, database, maxDatabaseBytes },
      worker,
      signal,
      log,
      onReader: (reader) => this.symbols.useDatabase(reader),
      onDamage: () => void this.rebuild(),
      onAnother: () => this.#outcomes.startOver(),
      onProblem: (problem) => this.#problems.note('memoryOnly', problem),
    });
    this.#changes = new DiskChanges({
      root,
      files,
      progress: this.#progress,
      clock,
      debounceMs,
      isElsewhere,
      onConfiguration: () => this.symbols.forgetAll(),
      onChanged: (paths) => {
        this.#outcomes.heard(paths);
        this.#queue.add(paths, priorities.open);
      },
      list: () => this.#list.list(signal),
    });
    this.#outcomes = new Outcomes({
      files: this.#files,
      documents: this.#documents,
      queue: this.#queue,
      symbols: this.symbols,
      wanted: this.#wanted,
      early: this.#early,
      store: this.#store,
      progress: this.#progress,
      problems: this.#problems,
      onChange,
    });
    this.#loop = new IndexingLoop({
      ...options,
      queue: this.#queue,
      progress: this.#progress,
      onLooked: (looked) => this.#outcomes.note(looked),
      onCulprit: (culprit) => this.#files.leaveOut(culprit, 'tooSlow'),
      onDamage: () => this.rebuild(),
      onProblem: (kind, problem) => {
        if (kind === 'noRoom' && problem === undefined) this.#outcomes.written();
        else this.#problems.note(kind, problem);
      },
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
      problem: this.#problems.first,
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
    if (this.#files.paths.has(relative) && !this.#list.isElsewhere(relative)) this.#queue.add([relative], priorities.open);
  }

  /** Other folders inside this one have an index of their own from now on. */
  useInnerFolders(innerFolders: readonly string[]): void {
    if (this.#list.useInnerFolders(innerFolders)) this.#changes.listAgain();
  }

  /** The database turned out to be damaged: it is set aside and made anew, while memory and open documents answer. */
  async rebuild(): Promise<void> {
    if (this.#ended.signal.aborted || this.#rebuilds++ >= maxRebuilds) return;
    this.#options.log.warn(`The index of ${this.#options.root} was damaged; it is set aside and built anew.`);
    await this.#progress.during(async () => {
      this.#store.close();
      await this.#store.open({ isDamaged: true });
      this.#outcomes.startOver();
    });
  }

  /** The worker was started again and has opened the database by itself. */
  async reopened(state: StoreState): Promise<void> {
    await this.#progress.during(() => this.#store.reopened(state));
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
      this.#progress.during(() => Promise.all([opened, this.#list.list(signal)])).then(() => this.#follow(signal)),
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

  #listRead(isCut: boolean): void {
    this.#early.end();
    const { maxFiles } = this.#options;
    this.#problems.note('tooManyFiles', isCut ? `The folder has more than ${maxFiles} files; the index holds the first ones.` : undefined);
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
    if (this.#list.isListed) this.#wanted.opened(relative);
    else void this.#early.opened(relative);
    this.#options.onChange();
  }
}
