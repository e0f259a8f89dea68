// The project on disk as the rest of the server sees it: workspace folders, each with its own index, and one parse worker for all of them.
// It knows absolute paths and which folder a file belongs to; it must not know LSP, prompts or models.
import { createHash } from 'node:crypto';
import { promises as fs } from 'node:fs';
import path from 'node:path';
import type { Log } from '../core/log.ts';
import type { SymbolSource, TextHit } from '../core/retrieval/facts.ts';
import type { ProjectClock } from './clock.ts';
import { FolderIndex } from './folderIndex.ts';
import type { FolderStatus } from './folderIndexOptions.ts';
import type { GrammarFiles } from './parsing.ts';
import { ParseWorkerThread } from './parseWorkerThread.ts';
import { VectorStore } from './vectorStore.ts';

export interface ProjectOptions {
  /** Where indexes are kept, in a folder of their own that only the user can enter. Undefined: in memory only. */
  readonly storageDirectory: string | undefined;
  /** The parse worker's file. */
  readonly workerModule: string;
  readonly grammars: GrammarFiles;
  readonly clock: ProjectClock;
  readonly log: Log;
  /** The part of one core's time that files nobody looks at may take, above 0 and at most 1; it may change at any time. */
  readonly cpuShare?: () => number;
  readonly limits?: Partial<ProjectLimits>;
}

export interface ProjectLimits {
  readonly maxFiles: number;
  readonly maxDatabaseBytes: number;
  /** The longest that parsing one file may take. */
  readonly fileTimeoutMs: number;
  readonly gitTimeoutMs: number;
  readonly debounceMs: number;
  /** After so long without work the parse worker gives its memory back. */
  readonly workerIdleMs: number;
  /** Where nobody says otherwise. */
  readonly cpuShare: number;
}

const defaultLimits: ProjectLimits = {
  maxFiles: 200_000,
  maxDatabaseBytes: 1024 * 1024 * 1024,
  fileTimeoutMs: 5000,
  gitTimeoutMs: 20_000,
  debounceMs: 150,
  workerIdleMs: 120_000,
  cpuShare: 0.5,
};
const maxWorkerHeapMb = 256;
const maxVectorBytes = 256 * 1024 * 1024;
/** An index that no window has opened for so long is deleted. */
const maxUnusedMs = 90 * 86_400_000;

/** A file of the project as its folder's facts know it. */
export interface ProjectFile {
  readonly symbols: SymbolSource;
  /** Relative to the folder, with `/`. */
  readonly path: string;
  /** The folder's absolute path. */
  readonly root: string;
}

export interface ProjectHit extends TextHit {
  /** The absolute path. */
  readonly file: string;
}

export class Project {
  /** Of passages of the files, where somebody makes them: of all folders, deleted with the indexes. */
  readonly vectors: VectorStore;
  readonly #options: ProjectOptions;
  readonly #limits: ProjectLimits;
  readonly #worker: ParseWorkerThread;
  /** Innermost first, so that the first folder that fits is the one. */
  #folders: { readonly root: string; readonly index: FolderIndex }[] = [];
  readonly #open = new Map<string, { readonly languageId: string; readonly text: string }>();
  readonly #listeners = new Set<() => void>();

  constructor(options: ProjectOptions) {
    this.#options = options;
    this.#limits = { ...defaultLimits, ...options.limits };
    const { storageDirectory } = options;
    const vectorFile = storageDirectory === undefined ? undefined : path.join(indexFolder(storageDirectory), 'vectors.sqlite');
    this.vectors = new VectorStore({ file: vectorFile, maxBytes: maxVectorBytes, nowMs: Date.now });
    const indexOf = (root: string) => this.#folders.find((folder) => folder.root === root)?.index;
    this.#worker = new ParseWorkerThread({
      module: options.workerModule,
      grammars: options.grammars,
      fileTimeoutMs: this.#limits.fileTimeoutMs,
      idleMs: this.#limits.workerIdleMs,
      maxHeapMb: maxWorkerHeapMb,
      log: options.log,
      onDamage: (root) => void indexOf(root)?.rebuild(),
      onReopened: (root, state) => void indexOf(root)?.reopened(state),
    });
  }

  /** The folders of the window from now on, as absolute paths. Folders that stay keep their index. */
  async open(folders: readonly string[]): Promise<void> {
    const roots = [...new Set(folders.map((folder) => path.resolve(folder)))].sort((a, b) => b.length - a.length);
    const kept = this.#folders.filter((folder) => roots.includes(folder.root));
    const gone = this.#folders.filter((folder) => !roots.includes(folder.root));
    const added = roots.filter((root) => !kept.some((folder) => folder.root === root));
    const files = new Map(await Promise.all(added.map(async (root) => [root, await this.#databaseFile(root)] as const)));
    const started = added.map((root) => ({ root, index: this.#makeIndex(root, files.get(root), innerFoldersOf(root, roots)) }));
    const before = new Map([...this.#open.keys()].map((file) => [file, this.#folderOf(file)]));
    this.#folders = [...kept, ...started].sort((a, b) => b.root.length - a.root.length);
    for (const { index } of started) index.start();
    for (const { root, index } of kept) index.useInnerFolders(innerFoldersOf(root, roots));
    for (const [file, { languageId, text }] of this.#open) {
      const left = before.get(file);
      if (left && left.index !== this.#folderOf(file)?.index) left.index.closeDocument(left.path);
      this.openDocument(file, languageId, text);
    }
    await Promise.all(gone.map(({ index }) => index.dispose()));
    if (added.length > 0) await this.#deleteUnused();
  }

  async dispose(): Promise<void> {
    await Promise.all(this.#folders.splice(0).map(({ index }) => index.dispose()));
    await this.#worker.dispose();
    this.vectors.close();
  }

  /** The folder that a file belongs to, whether it is indexed or not. Undefined outside all folders. */
  file(file: string): ProjectFile | undefined {
    const found = this.#folderOf(file);
    return found && { symbols: found.index.symbols, path: found.path, root: found.root };
  }

  get folders(): readonly { readonly root: string; readonly symbols: SymbolSource }[] {
    return this.#folders.map(({ root, index }) => ({ root, symbols: index.symbols }));
  }

  /** Also after each change of the text: it counts in place of what is on disk until the document is closed. */
  openDocument(file: string, languageId: string, text: string): void {
    this.#open.set(file, { languageId, text });
    const found = this.#folderOf(file);
    found?.index.openDocument(found.path, languageId, text);
  }

  closeDocument(file: string): void {
    this.#open.delete(file);
    const found = this.#folderOf(file);
    found?.index.closeDocument(found.path);
  }

  /** Files or folders were saved, made, changed, deleted or renamed. */
  noteChanged(files: Iterable<string>): void {
    const byFolder = new Map<FolderIndex, string[]>();
    for (const file of files) {
      const found = this.#folderOf(file);
      if (found) byFolder.set(found.index, [...(byFolder.get(found.index) ?? []), found.path]);
    }
    for (const [index, paths] of byFolder) index.noteChanged(paths);
  }

  /** Pieces of files that hold words of the query, best first. Some milliseconds. */
  searchText(query: string, limit: number): readonly ProjectHit[] {
    return this.#folders
      .flatMap(({ root, index }) => index.symbols.searchText(query, limit).map((hit) => ({ ...hit, file: path.join(root, hit.path) })))
      .sort((a, b) => b.score - a.score)
      .slice(0, limit);
  }

  get status(): readonly FolderStatus[] {
    return this.#folders.map(({ index }) => index.status);
  }

  /** Called when facts or the status are others; often while the index is built. Returns how to end it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves when all that is known to wait now has been looked at. */
  async whenIdle(): Promise<void> {
    await Promise.all(this.#folders.map(({ index }) => index.whenIdle()));
  }

  /** Deletes every stored index of this machine's user and builds those of the open folders anew. */
  async deleteIndexes(): Promise<void> {
    const roots = this.#folders.map(({ root }) => root);
    await this.open([]);
    this.vectors.close();
    const { storageDirectory } = this.#options;
    if (storageDirectory !== undefined) await fs.rm(indexFolder(storageDirectory), { recursive: true, force: true });
    await this.open(roots);
  }

  #folderOf(file: string): { readonly index: FolderIndex; readonly path: string; readonly root: string } | undefined {
    for (const { root, index } of this.#folders) {
      const relative = path.relative(root, file);
      if (relative === '' || relative === '..' || relative.startsWith(`..${path.sep}`) || path.isAbsolute(relative)) continue;
      return { index, root, path: path.sep === '/' ? relative : relative.replaceAll(path.sep, '/') };
    }
    return undefined;
  }

  #makeIndex(root: string, databaseFile: string | undefined, innerFolders: readonly string[]): FolderIndex {
    const { clock, log } = this.#options;
    const { maxDatabaseBytes, maxFiles, gitTimeoutMs, debounceMs } = this.#limits;
    return new FolderIndex({
      root,
      databaseFile,
      maxDatabaseBytes,
      maxFiles,
      cpuShare: this.#options.cpuShare ?? (() => this.#limits.cpuShare),
      gitTimeoutMs,
      debounceMs,
      innerFolders,
      worker: this.#worker,
      clock,
      log,
      onChange: () => {
        for (const listener of this.#listeners) listener();
      },
    });
  }

  /** One file for a folder, whatever way leads to it. */
  async #databaseFile(root: string): Promise<string | undefined> {
    const { storageDirectory } = this.#options;
    if (storageDirectory === undefined) return undefined;
    const real = await fs.realpath(root).catch(() => root);
    return path.join(indexFolder(storageDirectory), `${createHash('sha256').update(real).digest('hex').slice(0, 16)}.sqlite`);
  }

  async #deleteUnused(): Promise<void> {
    const { storageDirectory } = this.#options;
    if (storageDirectory === undefined) return;
    const folder = indexFolder(storageDirectory);
    const names = await fs.readdir(folder).catch(() => []);
    for (const name of names.filter((entry) => entry.includes('.sqlite'))) {
      const file = path.join(folder, name);
      const stat = await fs.stat(file).catch(() => undefined);
      if (stat && Date.now() - stat.mtimeMs > maxUnusedMs) await fs.rm(file, { force: true });
    }
  }
}

/** Of the other folders those that lie inside this one, relative to it, with `/`. */
function innerFoldersOf(root: string, roots: readonly string[]): readonly string[] {
  return roots.filter((other) => other.startsWith(root + path.sep)).map((other) => path.relative(root, other).replaceAll(path.sep, '/'));
}

function indexFolder(storageDirectory: string): string {
  return path.join(storageDirectory, 'index');
}
