// What files like this one use: names that stand in many files of similar imports and references are likely to be needed here too, although
// nothing in this file speaks of them yet. It knows names and files; it must not know definitions, scores of other kinds or text.
//
// Collaborative filtering with files as users and names as items: k nearest neighbours by the cosine of inverse document frequencies.
// https://en.wikipedia.org/wiki/Item-item_collaborative_filtering
import type { FileFacts, ImportBinding } from './facts.ts';

export interface PredictedName {
  readonly name: string;
  /** The weighted share of the similar files that use it, from 0 to 1. */
  readonly share: number;
  /** How a similar file imports it; undefined when none does by name. */
  readonly binding?: ImportBinding;
}

interface UsingFile {
  readonly path: string;
  readonly folder: string;
  readonly names: readonly number[];
  readonly imports: ReadonlyMap<number, ImportBinding>;
}

const neighbours = 24;
/** A name that stands in more files than this says nothing about similarity, and its list would be long to walk. */
const maxFilesOfName = 400;
const sameFolderBonus = 1.4;
/** So that one file out of one is no certainty. */
const assumedFiles = 2;

export class UsageIndex {
  readonly #idOfName = new Map<string, number>();
  readonly #nameOfId: string[] = [];
  readonly #filesOfName: Set<UsingFile>[] = [];
  readonly #files = new Map<string, UsingFile>();

  /** Replaces what was known of that file. */
  add(facts: FileFacts): void {
    this.remove(facts.path);
    const imports = new Map<number, ImportBinding>();
    for (const binding of facts.imports) {
      if (binding.imported !== '*' && binding.resolvedPaths.length > 0) imports.set(this.#idOf(binding.imported), binding);
    }
    const names = new Set<number>(imports.keys());
    for (const reference of facts.references) names.add(this.#idOf(reference.name));
    const file: UsingFile = { path: facts.path, folder: folderOf(facts.path), names: [...names], imports };
    this.#files.set(facts.path, file);
    for (const id of file.names) (this.#filesOfName[id] as Set<UsingFile>).add(file);
  }

  remove(path: string): void {
    const file = this.#files.get(path);
    if (!file) return;
    this.#files.delete(path);
    for (const id of file.names) this.#filesOfName[id]?.delete(file);
  }

  /** How many files use the name. */
  countOf(name: string): number {
    return this.#filesWith(name)?.size ?? 0;
  }

  /** @returns of the files that use `given`, the share that use `name` too; a few files more are assumed that do not */
  shareOf(name: string, given: string): number {
    const all = this.#filesWith(given);
    const some = this.#filesWith(name);
    if (!all || !some || all.size > maxFilesOfName) return 0;
    const [small, large] = all.size < some.size ? [all, some] : [some, all];
    let both = 0;
    for (const file of small) if (large.has(file)) both++;
    return both / (all.size + assumedFiles);
  }

  #filesWith(name: string): ReadonlySet<UsingFile> | undefined {
    const id = this.#idOfName.get(name);
    return id === undefined ? undefined : this.#filesOfName[id];
  }

  /** @returns names that the file does not use yet, likeliest first */
  predict(facts: FileFacts, limit: number): PredictedName[] {
    const own = new Set<number>();
    const add = (name: string) => {
      const id = this.#idOfName.get(name);
      if (id !== undefined) own.add(id);
    };
    for (const binding of facts.imports) add(binding.imported);
    for (const reference of facts.references) add(reference.name);
    const nearest = this.#nearest(facts.path, own);
    const total = nearest.reduce((sum, one) => sum + one.similarity, 0);
    if (total === 0) return [];
    const shares = new Map<number, number>();
    for (const { file, similarity } of nearest) {
      for (const id of file.names) if (!own.has(id)) shares.set(id, (shares.get(id) ?? 0) + similarity);
    }
    const best = [...shares].sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, limit);
    return best.map(([id, sum]): PredictedName => {
      const binding = nearest.find((one) => one.file.imports.has(id))?.file.imports.get(id);
      return { name: this.#nameOfId[id] as string, share: sum / total, ...(binding ? { binding } : {}) };
    });
  }

  #nearest(path: string, own: ReadonlySet<number>): { readonly file: UsingFile; readonly similarity: number }[] {
    const sums = new Map<UsingFile, number>();
    for (const id of own) {
      const files = this.#filesOfName[id] as Set<UsingFile>;
      if (files.size > maxFilesOfName) continue;
      const weight = this.#weightOf(files.size) ** 2;
      for (const file of files) if (file.path !== path) sums.set(file, (sums.get(file) ?? 0) + weight);
    }
    const folder = folderOf(path);
    const similar = [...sums].map(([file, sum]) => ({
      file,
      similarity: (sum / Math.sqrt(file.names.length + 10)) * (file.folder === folder ? sameFolderBonus : 1),
    }));
    similar.sort((a, b) => b.similarity - a.similarity || (a.file.path < b.file.path ? -1 : 1));
    return similar.slice(0, neighbours);
  }

  #weightOf(files: number): number {
    return Math.log(1 + this.#files.size / files);
  }

  #idOf(name: string): number {
    const known = this.#idOfName.get(name);
    if (known !== undefined) return known;
    const id = this.#nameOfId.length;
    this.#idOfName.set(name, id);
    this.#nameOfId.push(name);
    this.#filesOfName.push(new Set());
    return id;
  }
}

const folderOf = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf('/')));
