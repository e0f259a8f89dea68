// What is heard of changes on disk, collected until it can be acted on: single files are looked at again, of anything else the folder is listed anew. It knows
// paths and time; it must not know what looking and listing mean.
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { ProjectClock } from './clock.ts';
import { isConfiguration } from './configurationFiles.ts';
import { ancestorsOf, type FileSet } from './fileSet.ts';
import { isIgnoredFolder } from './ignoreRules.ts';
import { Latch } from './latch.ts';
import type { Progress } from './progress.ts';

export interface DiskChangesOptions {
  readonly root: string;
  readonly files: FileSet;
  readonly progress: Progress;
  readonly clock: ProjectClock;
  /** How long a burst of changes is collected. */
  readonly debounceMs: number;
  /** Paths that belong to another index. */
  readonly isElsewhere: (path: string) => boolean;
  readonly onConfiguration: () => void;
  /** Listed files that have changed. */
  readonly onChanged: (paths: readonly string[]) => void;
  /** Lists the folder; resolves with how long that took, ms. */
  readonly list: () => Promise<number>;
}

/** So many changed paths are no longer single changes: the folder is listed again. */
const maxSingleChanges = 500;
const ignoreNames = /(?:^|\/)\.(?:gitignore|ignore|tramontaneignore)$/;

export class DiskChanges {
  readonly #options: DiskChangesOptions;
  readonly #changed = new Set<string>();
  readonly #changes = new Latch();
  readonly #rescans = new Latch();

  constructor(options: DiskChangesOptions) {
    this.#options = options;
  }

  get isWaiting(): boolean {
    return this.#changed.size > 0 || this.#changes.isSet || this.#rescans.isSet;
  }

  /** Files or folders were made, changed, deleted or renamed: paths relative to the root. */
  note(paths: Iterable<string>): void {
    for (const changed of paths) {
      if (/(?:^|\/)\.git\/HEAD$/.test(changed)) this.listAgain();
      else if (!changed.split('/').some(isIgnoredFolder) && !this.#options.isElsewhere(changed)) this.#changed.add(changed);
    }
    if (this.#changed.size > 0) this.#changes.set();
  }

  listAgain(): void {
    this.#rescans.set();
  }

  async follow(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#followChanges(signal), this.#followRescans(signal)]);
  }

  async #followChanges(signal: AbortSignal): Promise<void> {
    const { clock, debounceMs, progress } = this.#options;
    let lastMs = -Infinity;
    while (await this.#changes.taken(signal)) {
      await progress.during(async () => {
        // A file that is saved for itself is looked at at once; whatever comes soon after something else is a burst.
        if (clock.now() - lastMs < debounceMs) await clock.wait(debounceMs, signal);
        lastMs = clock.now();
        this.#act([...this.#changed]);
      });
    }
  }

  #act(changed: readonly string[]): void {
    const { files, onConfiguration, onChanged } = this.#options;
    if (changed.some(isConfiguration)) onConfiguration();
    const isStorm = changed.length > maxSingleChanges;
    if (!isStorm) onChanged(changed.filter((relative) => files.has(relative)));
    // A new path may be ignored, and a folder stands for all that is in it: only a list can tell. It takes the changes along.
    const mayMatter = this.#mattering();
    const isUnclear = (relative: string) => ignoreNames.test(relative) || (!files.has(relative) && mayMatter(relative));
    if (isStorm || changed.some(isUnclear)) this.listAgain();
    else this.#changed.clear();
  }

  /** What neither was listed nor is there now has come and gone; a known folder that is gone takes its files along. */
  #mattering(): (relative: string) => boolean {
    const { root, files } = this.#options;
    // Of a burst that ignored files make as they go, each asks: the folders are gathered once, when the first one does.
    let folders: ReadonlySet<string> | undefined;
    return (relative) => existsSync(path.join(root, relative)) || (folders ??= foldersOf(files)).has(relative);
  }

  async #followRescans(signal: AbortSignal): Promise<void> {
    const { clock, debounceMs, progress, list } = this.#options;
    while (await this.#rescans.taken(signal)) {
      const tookMs = await progress.during(async () => {
        await clock.wait(debounceMs, signal);
        this.#changed.clear();
        return list();
      });
      // Whoever writes without end, as a build does, must not make the list be read without end.
      await clock.wait(tookMs * 4, signal);
    }
  }
}

/** All that have listed files in them or further down. */
function foldersOf(files: FileSet): ReadonlySet<string> {
  const found = new Set<string>();
  for (const folder of files.folders()) {
    const [first] = files.in(folder);
    if (first === undefined) continue;
    for (const above of ancestorsOf(folder)) {
      if (found.has(above)) break;
      found.add(above);
    }
  }
  return found;
}
