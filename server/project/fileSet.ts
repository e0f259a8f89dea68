// The paths that a folder has, and the questions that import resolution asks about them. It knows names only; it must not touch the disk.

export class FileSet {
  readonly #paths = new Set<string>();
  /** Built on first use: only some languages ask. */
  #byFolder: Map<string, Set<string>> | undefined;
  #byName: Map<string, Set<string>> | undefined;
  /** Grows when a path comes or goes: what was resolved before may have another answer. */
  revision = 0;

  constructor(paths: Iterable<string> = []) {
    for (const path of paths) this.#paths.add(path);
  }

  get size(): number {
    return this.#paths.size;
  }

  has(path: string): boolean {
    return this.#paths.has(path);
  }

  [Symbol.iterator](): Iterator<string> {
    return this.#paths[Symbol.iterator]();
  }

  add(path: string): void {
    if (this.#paths.has(path)) return;
    this.#paths.add(path);
    this.revision++;
    if (this.#byFolder) put(this.#byFolder, folderOf(path), path);
    if (this.#byName) put(this.#byName, nameOf(path), path);
  }

  delete(path: string): void {
    if (!this.#paths.delete(path)) return;
    this.revision++;
    this.#byFolder?.get(folderOf(path))?.delete(path);
    this.#byName?.get(nameOf(path))?.delete(path);
  }

  /** The files directly in a folder. */
  in(folder: string): Iterable<string> {
    this.#byFolder ??= grouped(this.#paths, folderOf);
    return this.#byFolder.get(folder) ?? [];
  }

  folders(): Iterable<string> {
    this.#byFolder ??= grouped(this.#paths, folderOf);
    return this.#byFolder.keys();
  }

  /** The files of that name, in any folder. */
  named(name: string): Iterable<string> {
    this.#byName ??= grouped(this.#paths, nameOf);
    return this.#byName.get(name) ?? [];
  }

  /** The files whose path ends with these whole parts: `b/c.h` is the end of `a/b/c.h`, not of `ab/c.h`. */
  endingWith(suffix: string): string[] {
    return [...this.named(nameOf(suffix))].filter((path) => path === suffix || path.endsWith(`/${suffix}`));
  }
}

export function folderOf(path: string): string {
  const at = path.lastIndexOf('/');
  return at < 0 ? '' : path.slice(0, at);
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** `join('a/b', '../c')` is `a/c`; undefined where the way leads out of the root. */
export function joinPath(folder: string, relative: string): string | undefined {
  const parts = folder === '' ? [] : folder.split('/');
  for (const part of relative.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return parts.join('/');
}

/** The folder itself and all above it, nearest first; the root is ''. */
export function ancestorsOf(folder: string): string[] {
  const found = [folder];
  for (let at = folder; at !== ''; ) {
    at = folderOf(at);
    found.push(at);
  }
  return found;
}

function grouped(paths: Iterable<string>, keyOf: (path: string) => string): Map<string, Set<string>> {
  const groups = new Map<string, Set<string>>();
  for (const path of paths) put(groups, keyOf(path), path);
  return groups;
}

function put(groups: Map<string, Set<string>>, key: string, path: string): void {
  const group = groups.get(key);
  if (group) group.add(path);
  else groups.set(key, new Set([path]));
}
