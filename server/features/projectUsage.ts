// Keeps what files of a folder use, for predicting what a file will need next. It reads facts in short slices between which everything else goes on. It knows
// facts and time; it must not know how an index is made.
import type { SymbolSource } from '../core/retrieval/facts.ts';
import { UsageIndex } from '../core/retrieval/usage.ts';
import type { Clock } from './clock.ts';
import type { ProjectFolder } from './projectView.ts';

/** One slice, and the pause behind it: a tenth of the thread. */
const sliceMs = 4;
const pauseMs = 36;
/** More files than this say hardly more about what is used together, and each takes some kilobytes. */
const maxFiles = 20_000;
/** While files change all the time they are not all looked at again each time. */
const leastBetweenMs = 30_000;

interface Fed {
  readonly usage: UsageIndex;
  readonly hashes: Map<string, string>;
  version: string;
  fedMs: number;
  running: Promise<void> | undefined;
}

export class ProjectUsage {
  readonly #clock: Clock;
  readonly #ended: AbortSignal;
  readonly #fed = new WeakMap<SymbolSource, Fed>();

  constructor({ clock, ended }: { readonly clock: Clock; readonly ended: AbortSignal }) {
    this.#clock = clock;
    this.#ended = ended;
  }

  /** What is known so far; what has changed since is read in the background. */
  of(folder: ProjectFolder): UsageIndex {
    const fed = this.#fedOf(folder);
    const isDue = fed.version !== folder.version && (fed.version === '' || this.#clock.now() - fed.fedMs >= leastBetweenMs);
    if (folder.isComplete && isDue && !fed.running) {
      fed.version = folder.version;
      fed.fedMs = this.#clock.now();
      fed.running = this.#feed(folder.symbols, fed).finally(() => {
        fed.running = undefined;
      });
    }
    return fed.usage;
  }

  /** Resolves when what was begun is read. */
  async settled(folder: ProjectFolder): Promise<void> {
    await this.#fed.get(folder.symbols)?.running;
  }

  /** One file now: the one that is being written. */
  note(folder: ProjectFolder, path: string): void {
    this.#noteFile(folder.symbols, this.#fedOf(folder), path);
  }

  #fedOf({ symbols }: ProjectFolder): Fed {
    let fed = this.#fed.get(symbols);
    if (!fed) this.#fed.set(symbols, (fed = { usage: new UsageIndex(), hashes: new Map(), version: '', fedMs: 0, running: undefined }));
    return fed;
  }

  async #feed(symbols: SymbolSource, fed: Fed): Promise<void> {
    const paths = [...symbols.paths()].slice(0, maxFiles);
    const listed = new Set(paths);
    for (const path of fed.hashes.keys()) {
      if (listed.has(path)) continue;
      fed.usage.remove(path);
      fed.hashes.delete(path);
    }
    let sliceEndMs = this.#clock.now() + sliceMs;
    for (const path of paths) {
      this.#noteFile(symbols, fed, path);
      if (this.#clock.now() < sliceEndMs) continue;
      await this.#clock.wait(pauseMs, this.#ended);
      if (this.#ended.aborted) return;
      sliceEndMs = this.#clock.now() + sliceMs;
    }
  }

  #noteFile(symbols: SymbolSource, { usage, hashes }: Fed, path: string): void {
    const facts = symbols.file(path);
    if (!facts || hashes.get(path) === facts.contentHash) return;
    hashes.set(path, facts.contentHash);
    usage.add(facts);
  }
}
