// Which files one folder has, brought in step with the disk: all of it is listed, what lies in a folder with an index of its own is left out, and what came waits to
// be looked at. It knows paths and the queue; it must not know facts.
import type { ProjectClock } from './clock.ts';
import type { FileSet } from './fileSet.ts';
import { inSlices, listFiles } from './listing.ts';
import { priorities, type WorkQueue } from './workQueue.ts';

export interface FolderListOptions {
  readonly root: string;
  readonly files: FileSet;
  readonly queue: WorkQueue;
  readonly maxFiles: number;
  readonly gitTimeoutMs: number;
  readonly clock: ProjectClock;
  /** Awaited before a long list is read. It must not reject. */
  readonly beforeReading: () => Promise<void>;
  /** The list is there, and nothing of it in `files` yet. */
  readonly onRead: (list: { readonly isCut: boolean }) => void;
  /** `files` has what is listed, and `gone` besides: what is there no more or belongs to another index now. */
  readonly onListed: (gone: readonly string[]) => Promise<void>;
}

export class FolderList {
  readonly #options: FolderListOptions;
  #innerFolders: readonly string[];
  #isListed = false;
  #last: Promise<unknown> = Promise.resolve();

  /** @param innerFolders folders inside this one that have an index of their own, relative to it */
  constructor(options: FolderListOptions, innerFolders: readonly string[]) {
    this.#options = options;
    this.#innerFolders = innerFolders;
  }

  /** Whether it was listed once. */
  get isListed(): boolean {
    return this.#isListed;
  }

  /** Returns whether they are others than before: then the folder is to be listed again. */
  useInnerFolders(innerFolders: readonly string[]): boolean {
    const isSame = innerFolders.length === this.#innerFolders.length && innerFolders.every((inner) => this.#innerFolders.includes(inner));
    this.#innerFolders = innerFolders;
    return !isSame;
  }

  /** Whether a path belongs to another index. */
  isElsewhere(relative: string): boolean {
    return this.#innerFolders.some((inner) => relative === inner || relative.startsWith(`${inner}/`));
  }

  /** What is new or may have changed waits afterwards. Returns how long it took, ms. */
  list(signal: AbortSignal): Promise<number> {
    // One after the other: an older list must not have the last word.
    const listed = this.#last.then(() => this.#list(signal));
    this.#last = listed.catch(() => undefined);
    return listed;
  }

  async #list(signal: AbortSignal): Promise<number> {
    const { root, files, queue, maxFiles, gitTimeoutMs, clock, beforeReading, onRead, onListed } = this.#options;
    const began = clock.now();
    const { paths, isCut } = await listFiles(root, { signal, maxFiles, gitTimeoutMs, beforeReading });
    if (signal.aborted) return 0;
    onRead({ isCut });
    // Whatever is asked meanwhile is answered from a list that is partly old, partly new.
    const listed = new Set<string>();
    await inSlices(paths, (relative) => {
      if (this.isElsewhere(relative)) return false;
      listed.add(relative);
      files.add(relative);
      queue.add([relative], priorities.rest);
      return false;
    });
    if (signal.aborted) return 0;
    const gone = await inSlices([...files], (relative) => !listed.has(relative));
    this.#isListed = true;
    await onListed(gone);
    return clock.now() - began;
  }
}
