// Files that wait to be looked at, the most wanted first. It knows paths and priorities, nothing of what is done with them.
import type { ProjectClock } from './clock.ts';
import { Latch } from './latch.ts';

/** From what the user looks at to what may be of use some day. */
export const priorities = { open: 0, imported: 1, importedByImported: 2, sameFolder: 3, coChanged: 4, rest: 5 } as const;
type Priority = (typeof priorities)[keyof typeof priorities];

export interface Batch {
  readonly paths: readonly string[];
  readonly priority: Priority;
}

export class WorkQueue {
  readonly #priorityOf = new Map<string, Priority>();
  /** `head` is the first that was not taken yet: a bucket may hold a hundred thousand. */
  readonly #buckets: { paths: string[]; head: number }[] = Object.values(priorities).map(() => ({ paths: [], head: 0 }));
  readonly #arrived = new Latch();
  /** Called when something comes that is wanted more than the rest. */
  onWanted: (() => void) | undefined;
  #pause: AbortController | undefined;
  /** While true, only what is wanted is given out; of the rest it is not known yet what there is. */
  #holdsRest = true;
  #isInHand = false;

  get size(): number {
    return this.#priorityOf.size;
  }

  /** Whether anything waits, or was taken and is not done: between the two nothing else would say that there is work. */
  get hasWork(): boolean {
    return this.size > 0 || this.#isInHand;
  }

  /** What was taken last has been looked at, or waits again. */
  done(): void {
    this.#isInHand = false;
  }

  has(path: string): boolean {
    return this.#priorityOf.has(path);
  }

  /** A path that waits already only moves to the front. */
  add(paths: Iterable<string>, priority: Priority): void {
    let isNews = false;
    for (const path of paths) {
      const known = this.#priorityOf.get(path);
      if (known !== undefined && known <= priority) continue;
      this.#priorityOf.set(path, priority);
      this.#buckets[priority]?.paths.push(path);
      isNews = true;
    }
    if (this.size === 0) return;
    this.#arrived.set();
    if (!isNews || priority === priorities.rest) return;
    this.#pause?.abort();
    this.onWanted?.();
  }

  get holdsRest(): boolean {
    return this.#holdsRest;
  }

  /** From here on the rest is given out, too. */
  releaseRest(): void {
    this.#holdsRest = false;
    if (this.size > 0) this.#arrived.set();
  }

  delete(path: string): void {
    this.#priorityOf.delete(path);
  }

  /** Paths of one priority, as soon as there are any; of the rest many at once. Undefined when the signal is aborted. Whoever takes says `done`. */
  async take(limits: { readonly wanted: number; readonly rest: number }, signal: AbortSignal): Promise<Batch | undefined> {
    while (!signal.aborted) {
      for (const priority of Object.values(priorities)) {
        if (priority === priorities.rest && this.#holdsRest) continue;
        const paths = this.#takeFrom(priority, priority === priorities.rest ? limits.rest : limits.wanted);
        if (paths.length === 0) continue;
        this.#isInHand = true;
        return { paths, priority };
      }
      await this.#arrived.taken(signal);
    }
    return undefined;
  }

  /** Waits, unless something comes that is wanted more than the rest. */
  async pause(ms: number, clock: ProjectClock, signal: AbortSignal): Promise<void> {
    const controller = new AbortController();
    this.#pause = controller;
    const stop = () => controller.abort();
    signal.addEventListener('abort', stop);
    try {
      if (!signal.aborted && !this.#hasWanted()) await clock.wait(ms, controller.signal);
    } finally {
      signal.removeEventListener('abort', stop);
      this.#pause = undefined;
    }
  }

  #hasWanted(): boolean {
    return this.#buckets.some(({ paths, head }, priority) => {
      for (let at = head; priority < priorities.rest && at < paths.length; at++) if (this.#priorityOf.get(paths[at] ?? '') === priority) return true;
      return false;
    });
  }

  #takeFrom(priority: Priority, limit: number): string[] {
    const bucket = this.#buckets[priority];
    const found: string[] = [];
    if (!bucket) return found;
    while (bucket.head < bucket.paths.length && found.length < limit) {
      const path = bucket.paths[bucket.head++];
      // A path that has moved to another bucket or was deleted is only a trace of itself here.
      if (path === undefined || this.#priorityOf.get(path) !== priority) continue;
      this.#priorityOf.delete(path);
      found.push(path);
    }
    if (bucket.head === bucket.paths.length || bucket.head > 10_000) {
      bucket.paths = bucket.paths.slice(bucket.head);
      bucket.head = 0;
    }
    return found;
  }
}
