// One folder's database as the server's thread sees it: opened and, where need be, set aside by the worker, then read on a connection of its own. It knows the
// worker and the reader; it must not know what is stored.
import type { Log } from '../core/log.ts';
import { IndexReader } from './indexReader.ts';
import { loadSqlite, openForReading } from './indexSchema.ts';
import type { ParseWorkerThread } from './parseWorkerThread.ts';
import type { FolderPlace } from './workerMessages.ts';

export interface FolderStoreOptions {
  readonly place: FolderPlace;
  readonly worker: ParseWorkerThread;
  readonly signal: AbortSignal;
  readonly log: Log;
  /** The reader that answers from now on; undefined while there is none. */
  readonly onReader: (reader: IndexReader | undefined) => void;
  readonly onDamage: () => void;
  /** A sentence for the user: facts are kept in memory only. */
  readonly onProblem: (problem: string) => void;
}

export class FolderStore {
  readonly #options: FolderStoreOptions;
  #reader: IndexReader | undefined;

  constructor(options: FolderStoreOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#reader !== undefined;
  }

  /** With `isDamaged` the database that is there is set aside first. */
  async open({ isDamaged }: { readonly isDamaged: boolean }): Promise<void> {
    const { place, worker, signal, log, onReader, onDamage, onProblem } = this.#options;
    const opened = await worker.openFolder(place, { isDamaged });
    if (opened.outcome === 'failed') log.warn(`The index of ${place.root} cannot be opened: ${opened.message}`);
    if (opened.outcome !== 'ok' || signal.aborted) return;
    if (opened.value.store === 'memory') {
      if (opened.value.why !== undefined) onProblem(`The index is kept in memory only: ${opened.value.why}.`);
      return;
    }
    const sqlite = loadSqlite();
    const connection = sqlite && place.database !== undefined ? openForReading(sqlite, place.database) : undefined;
    if (!connection) return;
    this.#reader = new IndexReader(connection, onDamage);
    onReader(this.#reader);
  }

  /** Nothing is read from here on; the worker's connection stays. */
  close(): void {
    this.#options.onReader(undefined);
    this.#reader?.close();
    this.#reader = undefined;
  }

  /**
   * Removes the rows of files that went while nobody looked; in slices, so that no question waits for it.
   * @param onGone told after each slice
   */
  async forgetGone(isListed: (path: string) => boolean, onGone: (paths: readonly string[]) => void): Promise<void> {
    const { place, worker, signal } = this.#options;
    for (let after = ''; !signal.aborted; ) {
      const paths = this.#reader?.pathsAfter(after, 2000) ?? [];
      const last = paths.at(-1);
      if (last === undefined) return;
      after = last;
      const gone = paths.filter((path) => !isListed(path));
      if (gone.length > 0) {
        await worker.request({ kind: 'remove', folder: place.folder, paths: gone });
        onGone(gone);
      }
      await new Promise(setImmediate);
    }
  }
}
