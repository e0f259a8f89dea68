// One workspace folder's index: keeps it in step with the disk and with open documents, in the order in which it is wanted and with the
// share of time it may have. It knows queue, worker and layers; it must not know who asks, nor how parsing works.
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Log } from '../core/log.ts';
import type { ProjectClock } from './clock.ts';
import { FileSet, nameOf } from './fileSet.ts';
import { readCoChanges, watchHead } from './history.ts';
import { IndexReader } from './indexReader.ts';
import { loadSqlite, openForReading } from './indexSchema.ts';
import { isIgnoredFolder } from './ignoreRules.ts';
import { Latch } from './latch.ts';
import { inSlices, listFiles } from './listing.ts';
import { MemoryFacts } from './memoryFacts.ts';
import { OpenDocuments } from './openDocuments.ts';
import type { ParseWorkerThread } from './parseWorkerThread.ts';
import { isSecretPath, type SkipReason } from './skipRules.ts';
import { SymbolTable } from './symbolTable.ts';
import { WantedFirst } from './wantedFirst.ts';
import type { IndexedFile } from './workerMessages.ts';
import { type Batch, priorities, WorkQueue } from './workQueue.ts';

export interface FolderIndexOptions {
  /** The absolute path of the folder, which also names it. */
  readonly root: string;
  /** Undefined: in memory only. */
  readonly databaseFile: string | undefined;
  readonly maxDatabaseBytes: number;
  readonly maxFiles: number;
  /** The part of one core's time that files nobody looks at may take, above 0 and at most 1. */
  readonly cpuShare: number;
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

const sliceMs = 40;
/** What is wanted comes in small batches; of the rest as much as was done in one slice before, twice. */
const batchSizes = { wanted: 16, least: 16, most: 1000 };
/** So many changed paths are no longer single changes: the folder is listed again. */
const maxSingleChanges = 500;
const maxMemoryFiles = 20_000;
const maxRebuilds = 3;
const maxConfigBytes = 256 * 1024;
const ignoreNames = /(?:^|\/)\.(?:gitignore|ignore|tramontaneignore)$/;
const configNames = /(?:^|\/)(?:package\.json|[jt]sconfig[^/]*\.json|go\.mod|Cargo\.toml)$/;

export class FolderIndex {
  readonly symbols: SymbolTable;
  readonly #options: FolderIndexOptions;
  readonly #files = new FileSet();
  readonly #queue = new WorkQueue();
  readonly #memory = new MemoryFacts();
  readonly #documents: OpenDocuments;
  readonly #leftOut = new Map<string, SkipReason>();
  readonly #wanted: WantedFirst;
  readonly #changed = new Set<string>();
  readonly #changes = new Latch();
  readonly #rescans = new Latch();
  readonly #ended = new AbortController();
  #reader: IndexReader | undefined;
  #parsed = 0;
  #batchSize = batchSizes.least;
  #rebuilds = 0;
  #isListed = false;
  #problem: string | undefined;
  /** Pieces of work under way that will change the facts. */
  #underWay = 0;
  #onSettled: (() => void)[] = [];
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: FolderIndexOptions) {
    this.#options = options;
    const { root, worker, clock, debounceMs } = options;
    this.#documents = new OpenDocuments({
      folder: root,
      worker,
      clock,
      debounceMs,
      signal: this.#ended.signal,
      onFacts: (relative) => {
        this.symbols.forget([relative]);
        if (this.#isListed) this.#wanted.opened(relative);
        options.onChange();
      },
    });
    this.symbols = new SymbolTable({
      files: this.#files,
      open: this.#documents.facts,
      memory: this.#memory,
      readConfig: (relative) => this.#readConfig(relative),
      isLeftOut: (relative) => this.#leftOut.has(relative),
    });
    this.#wanted = new WantedFirst({ queue: this.#queue, files: this.#files, symbols: this.symbols });
  }

  get status(): FolderStatus {
    const skippedByReason: Partial<Record<SkipReason, number>> = {};
    for (const reason of this.#leftOut.values()) skippedByReason[reason] = (skippedByReason[reason] ?? 0) + 1;
    return {
      root: this.#options.root,
      files: this.#files.size,
      parsed: this.#parsed,
      waiting: this.#queue.size,
      skippedByReason,
      isComplete: this.#isSettled(),
      store: this.#reader ? 'sqlite' : 'memory',
      problem: this.#problem,
    };
  }

  /** Begins; nothing needs to be waited for, since every question has an answer from now on. */
  start(): void {
    const { signal } = this.#ended;
    const { log } = this.#options;
    const running = [this.#begin(signal), this.#takeChanges(signal), this.#takeRescans(signal)];
    this.#running = Promise.all(running).catch((error: unknown) => {
      log.error(`The index of ${this.#options.root} stopped: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    });
  }

  /** Resolves when all that is known to wait now has been looked at. For tests and benches. */
  async whenIdle(): Promise<void> {
    while (!this.#isSettled() && !this.#ended.signal.aborted) await new Promise<void>((resolve) => this.#onSettled.push(resolve));
  }

  /** Files were made, changed, deleted or renamed on disk: paths relative to the folder, files or folders. */
  noteChanged(paths: Iterable<string>): void {
    for (const changed of paths) {
      if (/(?:^|\/)\.git\/HEAD$/.test(changed)) this.#rescans.set();
      else if (!changed.split('/').some(isIgnoredFolder) && !this.#isElsewhere(changed)) this.#changed.add(changed);
    }
    if (this.#changed.size > 0) this.#changes.set();
  }

  openDocument(relative: string, languageId: string, text: string): void {
    if (!isSecretPath(relative)) this.#documents.update(relative, languageId, text);
  }

  /** From here on, what is on disk counts again. */
  closeDocument(relative: string): void {
    if (!this.#documents.close(relative)) return;
    this.symbols.forget([relative]);
    if (this.#files.has(relative)) this.#queue.add([relative], priorities.open);
  }

  /** The database turned out to be damaged: it is set aside and made anew, while memory and open documents answer. */
  async rebuild(): Promise<void> {
    if (this.#ended.signal.aborted || this.#rebuilds++ >= maxRebuilds) return;
    this.#options.log.warn(`The index of ${this.#options.root} was damaged; it is set aside and built anew.`);
    this.#closeReader();
    await this.#openStore({ isDamaged: true });
    this.#wanted.startOver();
    this.#queue.add(this.#files, priorities.rest);
    for (const relative of this.#documents.paths()) this.#wanted.opened(relative);
  }

  async dispose(): Promise<void> {
    this.#ended.abort();
    for (const resolve of this.#onSettled.splice(0)) resolve();
    this.#closeReader();
    await this.#running;
    await this.#options.worker.closeFolder(this.#options.root);
  }

  async #begin(signal: AbortSignal): Promise<void> {
    const { root, gitTimeoutMs } = this.#options;
    await this.#during(() => Promise.all([this.#openStore({ isDamaged: false }), this.#list(signal)]));
    await Promise.all([
      this.#work(signal),
      this.#during(() => this.#forgetGone(signal)),
      this.#readHistory(signal),
      watchHead(root, () => this.#rescans.set(), { timeoutMs: gitTimeoutMs, signal }),
    ]);
  }

  async #openStore({ isDamaged }: { readonly isDamaged: boolean }): Promise<void> {
    const { root, databaseFile: database, maxDatabaseBytes, worker, log } = this.#options;
    const opened = await worker.openFolder({ folder: root, root, database, maxDatabaseBytes }, { isDamaged });
    if (opened.outcome === 'failed') log.warn(`The index of ${root} cannot be opened: ${opened.message}`);
    if (opened.outcome !== 'ok' || this.#ended.signal.aborted) return;
    if (opened.value.store === 'memory') {
      if (opened.value.why !== undefined) {
        this.#problem = `The index is kept in memory only: ${opened.value.why}.`;
        log.warn(this.#problem);
      }
      return;
    }
    const sqlite = loadSqlite();
    const connection = sqlite && database !== undefined ? openForReading(sqlite, database) : undefined;
    if (!connection) return;
    this.#reader = new IndexReader(connection, () => void this.rebuild());
    this.symbols.useDatabase(this.#reader);
  }

  #closeReader(): void {
    this.symbols.useDatabase(undefined);
    this.#reader?.close();
    this.#reader = undefined;
  }

  /** Lists the folder; what is new or may have changed waits afterwards. Returns how long it took. */
  async #list(signal: AbortSignal): Promise<number> {
    const { root, maxFiles, gitTimeoutMs, clock, log, onChange } = this.#options;
    const began = clock.now();
    const { paths, isCut } = await listFiles(root, { signal, maxFiles, gitTimeoutMs });
    if (signal.aborted) return 0;
    if (isCut) {
      this.#problem = `The folder has more than ${maxFiles} files; the index holds the first ones.`;
      log.warn(this.#problem);
    }
    // Whatever is asked meanwhile is answered from a list that is partly old, partly new.
    const listed = new Set<string>();
    await inSlices(paths, (relative) => {
      if (this.#isElsewhere(relative)) return false;
      listed.add(relative);
      this.#files.add(relative);
      this.#queue.add([relative], priorities.rest);
      return false;
    });
    if (signal.aborted) return 0;
    const gone = await inSlices([...this.#files], (relative) => !listed.has(relative));
    this.#drop(gone);
    this.symbols.forgetAll();
    this.#isListed = true;
    for (const relative of this.#documents.paths()) this.#wanted.opened(relative);
    onChange();
    if (gone.length > 0) await this.#options.worker.request({ kind: 'remove', folder: root, paths: gone });
    return clock.now() - began;
  }

  /** Rows of files that went while nobody looked. In slices, so that no question waits for it. */
  async #forgetGone(signal: AbortSignal): Promise<void> {
    const { root, worker } = this.#options;
    for (let after = ''; !signal.aborted; ) {
      const rows = this.#reader?.pathsAfter(after, 2000) ?? [];
      const last = rows.at(-1);
      if (!last) return;
      after = last.path;
      const gone = rows.filter((row) => !this.#files.has(row.path)).map((row) => row.path);
      if (gone.length > 0) await worker.request({ kind: 'remove', folder: root, paths: gone });
      this.symbols.forget(gone);
      await new Promise(setImmediate);
    }
  }

  async #readHistory(signal: AbortSignal): Promise<void> {
    const { root, gitTimeoutMs, clock } = this.#options;
    // What is open comes first; git would take the time from it.
    await clock.wait(1000, signal);
    const coChanges = await readCoChanges(root, (relative) => this.#files.has(relative), { timeoutMs: gitTimeoutMs, signal });
    if (!coChanges) return;
    this.symbols.useCoChanges(coChanges);
    for (const relative of this.#documents.paths()) this.#wanted.opened(relative);
    this.#options.onChange();
  }

  /** The loop that does the work: a slice, then a pause by the share of time that it may have. */
  async #work(signal: AbortSignal): Promise<void> {
    for (;;) {
      const taken = await this.#queue.take({ wanted: batchSizes.wanted, rest: this.#batchSize }, signal);
      if (!taken) return;
      const busyMs = await this.#during(() => this.#workOn(taken, signal));
      if (busyMs === 'stopped') return;
      const { cpuShare, clock } = this.#options;
      const pauseMs = (busyMs * (1 - cpuShare)) / cpuShare;
      if (taken.priority === priorities.rest && this.#queue.size > 0 && pauseMs >= 1) await this.#queue.pause(pauseMs, clock, signal);
    }
  }

  /** Returns how long the worker was at it. */
  async #workOn(batch: Batch, signal: AbortSignal): Promise<number | 'stopped'> {
    const { root, worker, log } = this.#options;
    const reply = await worker.request<'index'>({ kind: 'index', folder: root, paths: batch.paths, sliceMs });
    if (signal.aborted) return 'stopped';
    switch (reply.outcome) {
      case 'ok': {
        const { files, left, busyMs, noRoom } = reply.value;
        this.#queue.add(left, batch.priority);
        if (batch.priority === priorities.rest) this.#batchSize = Math.min(batchSizes.most, Math.max(batchSizes.least, files.length * 2));
        this.#note(files);
        if (noRoom !== undefined && this.#problem === undefined) {
          this.#problem = `The index cannot be written (${noRoom}); new facts are kept in memory. Free some space on the disk.`;
          log.warn(this.#problem);
        }
        if (this.#queue.size === 0) await this.#tidy(signal);
        return busyMs;
      }
      case 'lost': {
        const culprit = reply.culprit?.folder === root ? reply.culprit.path : undefined;
        const isBlamed = culprit !== undefined && batch.paths.includes(culprit);
        this.#queue.add(
          batch.paths.filter((relative) => !isBlamed || relative !== culprit),
          batch.priority,
        );
        if (isBlamed) {
          this.#leaveOut(culprit, 'tooSlow');
          await worker.request({ kind: 'giveUpOn', folder: root, path: culprit });
        }
        return 0;
      }
      case 'failed':
        if (reply.isDamage) await this.rebuild();
        else log.warn(`Some files of ${root} could not be indexed: ${reply.message}`);
        return 0;
      case 'stopped':
        // Its memory is given back after a while without work; asked again, it starts again.
        if (worker.canStart) {
          this.#queue.add(batch.paths, batch.priority);
          return 0;
        }
        this.#problem = 'The parser cannot be started, so the project is not indexed.';
        log.error(this.#problem);
        return 'stopped';
    }
  }

  async #during<Value>(work: () => Promise<Value>): Promise<Value> {
    this.#underWay++;
    try {
      return await work();
    } finally {
      this.#underWay--;
      this.#settle();
    }
  }

  #isSettled(): boolean {
    return this.#isListed && this.#underWay === 0 && this.#queue.size === 0 && this.#changed.size === 0 && !this.#changes.isSet && !this.#rescans.isSet;
  }

  async #tidy(signal: AbortSignal): Promise<void> {
    const { root, worker } = this.#options;
    for (let round = 0; round < 20 && this.#queue.size === 0 && !signal.aborted; round++) {
      const reply = await worker.request<'tidy'>({ kind: 'tidy', folder: root });
      if (reply.outcome !== 'ok' || !reply.value) return;
    }
  }

  #settle(): void {
    if (!this.#isSettled()) return;
    for (const resolve of this.#onSettled.splice(0)) resolve();
    this.#options.onChange();
  }

  #note(files: readonly IndexedFile[]): void {
    const changed: string[] = [];
    for (const { path: relative, outcome, reason, facts } of files) {
      if (outcome !== 'fresh') changed.push(relative);
      if (outcome === 'gone') {
        this.#drop([relative]);
        continue;
      }
      if (outcome === 'parsed') this.#parsed++;
      if (reason === undefined) this.#leftOut.delete(relative);
      else this.#leaveOut(relative, reason);
      if (facts && (this.#memory.has(relative) || this.#memory.size < maxMemoryFiles)) this.#memory.set(relative, facts);
      else if (!facts && this.#reader) this.#memory.delete(relative);
      if (outcome !== 'fresh' && configNames.test(relative)) this.symbols.forgetAll();
    }
    if (changed.length > 0) this.symbols.forget(changed);
    for (const { path: relative, outcome } of files) if (outcome !== 'gone') this.#wanted.lookedAt(relative);
    this.#options.onChange();
  }

  #leaveOut(relative: string, reason: SkipReason): void {
    this.#leftOut.set(relative, reason);
    this.#memory.delete(relative);
  }

  #drop(paths: readonly string[]): void {
    for (const relative of paths) {
      this.#files.delete(relative);
      this.#queue.delete(relative);
      this.#leftOut.delete(relative);
      this.#wanted.gone(relative);
      this.#memory.delete(relative);
    }
    if (paths.length > 0) this.symbols.forget(paths);
  }

  async #takeChanges(signal: AbortSignal): Promise<void> {
    const { clock, debounceMs } = this.#options;
    while (await this.#changes.taken(signal)) {
      await this.#during(async () => {
        await clock.wait(debounceMs, signal);
        this.#queueChanges([...this.#changed]);
      });
    }
  }

  #queueChanges(changed: readonly string[]): void {
    if (changed.some((relative) => configNames.test(relative))) this.symbols.forgetAll();
    const known = changed.filter((relative) => this.#files.has(relative));
    const isStorm = changed.length > maxSingleChanges;
    if (!isStorm) this.#queue.add(known, priorities.open);
    // A new path may be ignored, and a folder stands for all that is in it: only a list can tell. It takes the changes along.
    if (
      isStorm ||
      changed.some((relative) => ignoreNames.test(relative)) ||
      changed.some((relative) => !this.#files.has(relative) && this.#mayMatter(relative))
    )
      this.#rescans.set();
    else this.#changed.clear();
  }

  /** What neither was listed nor is there now has come and gone; a known folder that is gone takes its files along. */
  #mayMatter(relative: string): boolean {
    if (existsSync(path.join(this.#options.root, relative))) return true;
    for (const listed of this.#files) if (listed.startsWith(`${relative}/`)) return true;
    return false;
  }

  async #takeRescans(signal: AbortSignal): Promise<void> {
    const { clock, debounceMs } = this.#options;
    while (await this.#rescans.taken(signal)) {
      const tookMs = await this.#during(async () => {
        await clock.wait(debounceMs, signal);
        this.#changed.clear();
        return this.#list(signal);
      });
      // Whoever writes without end, as a build does, must not make the list be read without end.
      await clock.wait(tookMs * 4, signal);
    }
  }

  #isElsewhere(relative: string): boolean {
    return this.#options.innerFolders.some((inner) => relative === inner || relative.startsWith(`${inner}/`));
  }

  #readConfig(relative: string): string | undefined {
    const file = path.join(this.#options.root, relative);
    try {
      const stat = statSync(file);
      return stat.isFile() && stat.size <= maxConfigBytes && configNames.test(nameOf(relative)) ? readFileSync(file, 'utf8') : undefined;
    } catch {
      return undefined;
    }
  }
}
