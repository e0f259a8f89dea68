// What open documents import, looked at before the folder is listed: of a hundred thousand files a list takes longer than somebody waits for a first
// suggestion. What is found joins the folder's files as if it were listed already, and the list has the last word. It must not know how files are found.
import type { ProjectClock } from './clock.ts';
import type { FileSet } from './fileSet.ts';
import type { ImportProbe } from './importProbe.ts';
import { Latch } from './latch.ts';
import type { SymbolTable } from './symbolTable.ts';
import { priorities, type WorkQueue } from './workQueue.ts';

export interface EarlyImportsOptions {
  readonly probe: ImportProbe;
  readonly files: FileSet;
  readonly symbols: SymbolTable;
  readonly queue: WorkQueue;
  readonly clock: ProjectClock;
  readonly signal: AbortSignal;
  /** The folder has files that it had not before. */
  readonly onFound: () => void;
}

/** The list waits no longer than this for what is open, ms. */
const maxAheadMs = 1000;

export class EarlyImports {
  readonly #options: EarlyImportsOptions;
  /** Files whose own imports are wanted as soon as they are known. */
  readonly #awaited = new Set<string>();
  /** Open documents whose imports have not been found yet. */
  readonly #expected = new Set<string>();
  readonly #settled = new Latch();
  #isOver = false;

  constructor(options: EarlyImportsOptions) {
    this.#options = options;
  }

  /** A document is open, and its facts will come. */
  expect(path: string): void {
    if (!this.#isOver) this.#expected.add(path);
  }

  /** The facts of an open document are there, or will not come. */
  async opened(path: string): Promise<void> {
    for (const target of await this.#follow(path, priorities.imported)) this.#awaited.add(target);
    this.#expected.delete(path);
    this.#settle();
  }

  closed(path: string): void {
    this.#expected.delete(path);
    this.#settle();
  }

  async lookedAt(path: string): Promise<void> {
    if (!this.#awaited.delete(path)) return;
    this.#settle();
    await this.#follow(path, priorities.importedByImported);
  }

  /** Resolves when what open documents import has been looked at, or has taken too long. */
  async ahead(): Promise<void> {
    const { clock, signal } = this.#options;
    if (this.#isSettled) return;
    const done = new AbortController();
    const either = AbortSignal.any([signal, done.signal]);
    const late = clock.wait(maxAheadMs, either).then(() => true);
    // It may have been settled before another document came.
    while (!this.#isSettled && !(await Promise.race([this.#settled.taken(either).then(() => signal.aborted), late])));
    done.abort();
  }

  /** The list has been read: nothing is added from here on. */
  end(): void {
    this.#isOver = true;
    this.#awaited.clear();
    this.#expected.clear();
  }

  get #isSettled(): boolean {
    return this.#expected.size === 0 && this.#awaited.size === 0;
  }

  #settle(): void {
    if (this.#isSettled) this.#settled.set();
  }

  async #follow(path: string, priority: typeof priorities.imported | typeof priorities.importedByImported): Promise<readonly string[]> {
    const { probe, files, symbols, queue, onFound } = this.#options;
    const facts = this.#isOver ? undefined : symbols.file(path);
    if (!facts) return [];
    const passedOn = facts.exports.flatMap(({ specifier, imported }) => (specifier === undefined ? [] : [{ specifier, imported }]));
    const found = await probe.find({ path, languageId: facts.languageId, imports: [...facts.imports, ...passedOn] });
    if (this.#isOver) return [];
    for (const file of found.files) files.add(file);
    queue.add(found.targets, priority);
    if (found.files.length > 0) onFound();
    return found.targets;
  }
}
