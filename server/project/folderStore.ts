// One folder's database as the server's thread sees it: opened and, where need be, set aside by the worker, then read on a connection of its own. Where it cannot be
// read, the worker is told to keep none, so that facts come back to memory. It knows the worker and the reader; it must not know what is stored.
import { statSync } from 'node:fs';
import type { Log } from '../core/log.ts';
import { IndexReader } from './indexReader.ts';
import { loadSqlite, openForReading } from './indexSchema.ts';
import type { ParseWorkerThread } from './parseWorkerThread.ts';
import type { FolderPlace, StoreState } from './workerMessages.ts';

export interface FolderStoreOptions {
  readonly place: FolderPlace;
  readonly worker: ParseWorkerThread;
  readonly signal: AbortSignal;
  readonly log: Log;
  /** The reader that answers from now on; undefined while there is none. */
  readonly onReader: (reader: IndexReader | undefined) => void;
  readonly onDamage: () => void;
  /** The database is another one than before, so every file is to be looked at again. */
  readonly onAnother: () => void;
  /** A sentence for the user: facts are kept in memory only. Undefined: they no longer are. */
  readonly onProblem: (problem: string | undefined) => void;
}

/** So many workers may end of themselves before the database is taken for the reason. */
const maxLosses = 3;

export class FolderStore {
  readonly #options: FolderStoreOptions;
  #reader: IndexReader | undefined;
  /** Which file the reader has open, whatever its name leads to by now. */
  #inode: number | undefined;

  constructor(options: FolderStoreOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#reader !== undefined;
  }

  /** With `isDamaged` the database that is there is set aside first. */
  async open({ isDamaged }: { readonly isDamaged: boolean }): Promise<void> {
    const { place, worker, signal } = this.#options;
    const state = await this.#openInWorker(place, isDamaged);
    if (signal.aborted) return;
    if (state) await this.#use(state);
    // Where none can be started, the loop that asks for files says so.
    else if (worker.canStart) await this.#keepInMemory('its database cannot be opened');
  }

  /** A worker that was started again has opened the folder by itself: maybe another file than is read here, or for the first time a file at all. */
  async reopened(state: StoreState): Promise<void> {
    const before = this.#inode;
    if (this.#options.signal.aborted || (state.store === 'sqlite' && before !== undefined && before === this.#currentInode())) return;
    if (state.store === 'sqlite') this.close();
    await this.#use(state);
    if (state.store === 'sqlite') this.#options.onAnother();
  }

  /** Nothing is read from here on; the worker's connection stays. */
  close(): void {
    this.#options.onReader(undefined);
    this.#reader?.close();
    this.#reader = undefined;
    this.#inode = undefined;
  }

  /** Removes the rows of files that are no longer the folder's. */
  async remove(paths: readonly string[]): Promise<void> {
    const { place, worker, signal } = this.#options;
    for (;;) {
      const { outcome } = await worker.request({ kind: 'remove', folder: place.folder, paths });
      if (outcome !== 'lost' || signal.aborted || !worker.canStart) return;
    }
  }

  /**
   * Removes the rows of files that went while nobody looked; in slices, so that no question waits for it.
   * @param onGone told after each slice
   */
  async forgetGone(isListed: (path: string) => boolean, onGone: (paths: readonly string[]) => void): Promise<void> {
    for (let after = ''; !this.#options.signal.aborted; ) {
      const paths = this.#reader?.pathsAfter(after, 2000) ?? [];
      const last = paths.at(-1);
      if (last === undefined) return;
      after = last;
      const gone = paths.filter((path) => !isListed(path));
      if (gone.length > 0) {
        await this.remove(gone);
        onGone(gone);
      }
      await new Promise(setImmediate);
    }
  }

  /** Asks until a worker lives long enough to answer; undefined where none does. */
  async #openInWorker(place: FolderPlace, isDamaged: boolean): Promise<StoreState | undefined> {
    const { worker, signal, log } = this.#options;
    for (let losses = 0; losses < maxLosses && !signal.aborted && worker.canStart; ) {
      const opened = await worker.openFolder(place, { isDamaged });
      if (opened.outcome === 'ok') return opened.value;
      if (opened.outcome === 'failed') {
        log.warn(`The index of ${place.root} cannot be opened: ${opened.message}`);
        return undefined;
      }
      // A file to blame is an open document, or another folder's; it is given up, and says nothing about this database.
      if (opened.outcome !== 'lost' || opened.culprit === undefined) losses++;
    }
    return undefined;
  }

  async #use(state: StoreState): Promise<void> {
    const { place, onReader, onDamage, onProblem } = this.#options;
    if (state.store === 'memory') {
      if (state.why !== undefined) onProblem(inMemoryOnly(state.why));
      return;
    }
    const sqlite = loadSqlite();
    const connection = sqlite && place.database !== undefined ? openForReading(sqlite, place.database) : undefined;
    // The worker would write what nobody reads.
    if (!connection) return this.#keepInMemory('its database cannot be read');
    this.#reader = new IndexReader(connection, onDamage);
    this.#inode = this.#currentInode();
    onReader(this.#reader);
    onProblem(undefined);
  }

  async #keepInMemory(why: string): Promise<void> {
    const { place, onProblem } = this.#options;
    onProblem(inMemoryOnly(why));
    await this.#openInWorker({ ...place, database: undefined }, false);
  }

  #currentInode(): number | undefined {
    const { database } = this.#options.place;
    try {
      return database === undefined ? undefined : statSync(database).ino;
    } catch {
      // No file is another file, too.
      return undefined;
    }
  }
}

function inMemoryOnly(why: string): string {
  return `The index is kept in memory only: ${why}.`;
}
