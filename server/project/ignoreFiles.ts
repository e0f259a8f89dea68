// The ignore files that count for a folder: those in it and below, and where it lies in a work tree of git those above it, too. It reads them and nothing
// else; it must not know which files there are.
import { existsSync, promises as fs } from 'node:fs';
import path from 'node:path';
import { ancestorsOf, folderOf } from './fileSet.ts';
import { type GitOptions, runGit } from './git.ts';
import { IgnoreRules } from './ignoreRules.ts';
import { inSlices } from './slices.ts';

/** Git knows the first of them itself. */
export const ignoreFileNames = ['.gitignore', '.ignore', '.tramontaneignore'];
const ownNames = ['.ignore', '.tramontaneignore'];
const maxBytes = 1024 * 1024;

/** Where a folder lies: `prefix` is the way to it from the top of the work tree, '' for the top itself and outside of one. */
export interface FolderPlace {
  readonly top: string;
  readonly prefix: string;
}

/** Undefined where git finds no work tree around the folder. */
export async function placeInWorkTree(root: string, { signal, timeoutMs }: Pick<GitOptions, 'signal' | 'timeoutMs'>): Promise<FolderPlace | undefined> {
  const output = await runGit(['rev-parse', '--show-toplevel', '--show-prefix'], { cwd: root, timeoutMs, maxBytes: 64 * 1024, signal });
  const [top, below, ...rest] = output?.split('\n') ?? [];
  if (!top || below === undefined || rest.length !== 1) return undefined;
  const prefix = below.replace(/\/$/, '');
  // A repository's own configuration can name any folder as its work tree.
  const [named, real] = await Promise.all([path.join(top, prefix), root].map((folder) => fs.realpath(folder).catch(() => undefined)));
  return named !== undefined && named === real ? { top, prefix } : undefined;
}

/** `.ignore` and `.tramontaneignore`, which count also where git ignores them or does not look: above the folder that is opened. */
export class IgnoreFiles {
  readonly #top: string;
  readonly #prefix: string;
  readonly #names: readonly string[];
  /** By folder, from the top; what is there no more has no patterns. */
  readonly #patterns = new Map<string, readonly string[]>();
  readonly #rules = new Map<string, IgnoreRules>();
  readonly #ignoredFolders = new Map<string, boolean>([['', false]]);

  /** @param place undefined outside of a work tree, where git's own ignore files are to be read as well */
  constructor(root: string, place: FolderPlace | undefined) {
    this.#top = place?.top ?? root;
    this.#prefix = place?.prefix ?? '';
    this.#names = place ? ownNames : ignoreFileNames;
  }

  /** The ignore files of these folders and of all above them; those that were read before are not read again. */
  async read(folders: Iterable<string>, signal: AbortSignal): Promise<void> {
    const wanted = new Set<string>();
    for (const folder of folders)
      for (const above of ancestorsOf(this.#fromTop(folder))) {
        if (wanted.has(above)) break;
        if (!this.#patterns.has(above)) wanted.add(above);
      }
    for (const folder of wanted) this.#patterns.set(folder, []);
    // Hardly any folder has one. To ask for all at once and wait would cost ten times as much, most of it for the errors that say so.
    const candidates = [...wanted].flatMap((folder) => this.#names.map((name) => joined(folder, name)));
    for (const file of await inSlices(candidates, (candidate) => !signal.aborted && existsSync(path.join(this.#top, candidate)))) {
      const text = await readIgnoreFile(this.#top, file);
      this.#patterns.set(folderOf(file), [...(this.#patterns.get(folderOf(file)) ?? []), text]);
    }
  }

  /** Whether any that was read says something. */
  get haveRules(): boolean {
    return [...this.#patterns.values()].some((texts) => texts.length > 0);
  }

  /** Whether a file is left out; what is in its folder and above must have been read. A folder that is left out stays so if it is opened by itself. */
  ignores(file: string): boolean {
    const whole = this.#fromTop(file);
    return this.#isFolderIgnored(folderOf(whole)) || this.#rulesIn(folderOf(whole)).ignores(whole, false);
  }

  #fromTop(relative: string): string {
    return joined(this.#prefix, relative);
  }

  #isFolderIgnored(folder: string): boolean {
    let isIgnored = this.#ignoredFolders.get(folder);
    if (isIgnored === undefined) {
      const above = folderOf(folder);
      isIgnored = this.#isFolderIgnored(above) || this.#rulesIn(above).ignores(folder, true);
      this.#ignoredFolders.set(folder, isIgnored);
    }
    return isIgnored;
  }

  #rulesIn(folder: string): IgnoreRules {
    let rules = this.#rules.get(folder);
    if (!rules) {
      const above = folder === '' ? IgnoreRules.none : this.#rulesIn(folderOf(folder));
      rules = above.within(folder, this.#patterns.get(folder) ?? []);
      this.#rules.set(folder, rules);
    }
    return rules;
  }
}

/** Of `.ignore` and `.tramontaneignore` in the folders above, for a folder that is walked though it lies in a work tree: git ignores it. */
export async function rulesAbove({ top, prefix }: FolderPlace): Promise<IgnoreRules> {
  let rules = IgnoreRules.none;
  for (const folder of prefix === '' ? [] : ancestorsOf(folderOf(prefix)).reverse())
    rules = rules.within(folder, await Promise.all(ownNames.map((name) => readIgnoreFile(top, joined(folder, name)))));
  return rules;
}

export function joined(folder: string, name: string): string {
  return folder === '' || name === '' ? folder + name : `${folder}/${name}`;
}

/** Empty where there is none. A link is read only where it leads to a file inside the root. */
export async function readIgnoreFile(root: string, relative: string): Promise<string> {
  const file = path.join(root, relative);
  try {
    const found = await fs.lstat(file);
    if (!found.isSymbolicLink()) return found.isFile() && found.size < maxBytes ? await fs.readFile(file, 'utf8') : '';
    const [real, realRoot] = await Promise.all([fs.realpath(file), fs.realpath(root)]);
    const target = await fs.lstat(real);
    return real.startsWith(realRoot + path.sep) && target.isFile() && target.size < maxBytes ? await fs.readFile(real, 'utf8') : '';
  } catch {
    return '';
  }
}
