// Where the imports of a file lead, found on the disk itself before there is a list of the folder: the resolver asks for paths, the folders of those are read,
// and it is asked again with what is there. It knows names and folders; it must not know what files hold, besides the few that say where imports lead.
import { promises as fs } from 'node:fs';
import path from 'node:path';
import { readConfiguration } from './configurationFiles.ts';
import { FileSet, folderOf, nameOf } from './fileSet.ts';
import { isIgnoredFolder } from './ignoreRules.ts';
import { resolveImport } from './imports/resolveImport.ts';
import type { ImportToResolve, Surroundings } from './imports/surroundings.ts';
import { listedAmong } from './listedAmong.ts';
import { isSecretPath } from './skipRules.ts';

export interface ImportProbeOptions {
  /** The absolute path of the folder. */
  readonly root: string;
  /** Paths that belong to another index. */
  readonly isElsewhere: (path: string) => boolean;
  readonly gitTimeoutMs: number;
  readonly signal: AbortSignal;
}

export interface Importing {
  readonly path: string;
  readonly languageId: string;
  readonly imports: readonly ImportToResolve[];
}

/** What was found besides what was found before: `files` are targets and the configuration files on the way to them. */
export interface ProbedImports {
  readonly targets: readonly string[];
  readonly files: readonly string[];
}

/** A configuration names another one, which names folders: more rounds than that add nothing. */
const maxRounds = 6;
const maxImports = 200;
/** Of the whole folder, until the list is there. */
const maxFolders = 300;
const maxFiles = 600;

export class ImportProbe {
  readonly #options: ImportProbeOptions;
  readonly #files = new AskedFiles();
  readonly #entries = new Map<string, Promise<ReadonlyMap<string, 'file' | 'folder'>>>();
  readonly #judged = new Set<string>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: ImportProbeOptions) {
    this.#options = options;
  }

  /** One at a time: what one asks about, another may need the answer of. */
  find(from: Importing): Promise<ProbedImports> {
    const found = this.#last.then(() => this.#find(from));
    this.#last = found.catch(() => undefined);
    return found;
  }

  async #find(from: Importing): Promise<ProbedImports> {
    const files: string[] = [];
    let targets = this.#resolve(from);
    for (let round = 0; round < maxRounds && !this.#options.signal.aborted; round++) {
      const there = await this.#newOnes();
      if (there.length === 0) break;
      const listed = await listedAmong(this.#options.root, there, this.#options);
      for (const file of listed) this.#files.add(file);
      files.push(...listed);
      targets = this.#resolve(from);
    }
    return { targets, files };
  }

  #resolve({ path: from, languageId, imports }: Importing): string[] {
    const { root } = this.#options;
    const computed = new Map<string, unknown>();
    const around: Surroundings = {
      files: this.#files,
      readConfig: (file) => (this.#files.has(file) ? readConfiguration(root, file) : undefined),
      filesOfNamespace: () => [],
      remember: <Value>(key: string, compute: () => Value) => {
        if (!computed.has(key)) computed.set(key, compute());
        return computed.get(key) as Value;
      },
    };
    return [...new Set(imports.slice(0, maxImports).flatMap((item) => resolveImport({ path: from, languageId }, item, around)))];
  }

  /** Of all that was asked for and not judged before, the files that are there and may be read. */
  async #newOnes(): Promise<string[]> {
    const { paths, folders } = this.#files.takeAsked();
    const wanted = new Set(paths);
    for (const folder of folders)
      for (const [name, kind] of await this.#entriesOf(folder)) if (kind === 'file') wanted.add(folder === '' ? name : `${folder}/${name}`);
    const there: string[] = [];
    for (const file of wanted) {
      if (this.#judged.has(file) || this.#files.size + there.length >= maxFiles) continue;
      this.#judged.add(file);
      if (isSecretPath(file) || this.#options.isElsewhere(file)) continue;
      if ((await this.#entriesOf(folderOf(file))).get(nameOf(file)) === 'file') there.push(file);
    }
    return there;
  }

  #entriesOf(folder: string): Promise<ReadonlyMap<string, 'file' | 'folder'>> {
    let entries = this.#entries.get(folder);
    if (!entries) this.#entries.set(folder, (entries = this.#read(folder)));
    return entries;
  }

  /** Every folder on the way is a real one: a link in place of one would lead who knows where. Links to files wait for the list, too. */
  async #read(folder: string): Promise<ReadonlyMap<string, 'file' | 'folder'>> {
    if (this.#entries.size > maxFolders) return new Map();
    const isReal = folder === '' || (!isIgnoredFolder(nameOf(folder)) && (await this.#entriesOf(folderOf(folder))).get(nameOf(folder)) === 'folder');
    if (!isReal) return new Map();
    const found = await fs.readdir(path.join(this.#options.root, folder), { withFileTypes: true }).catch(() => []);
    return new Map(
      found.flatMap((item) => (item.isFile() ? [[item.name, 'file']] : item.isDirectory() ? [[item.name, 'folder']] : []) as [string, 'file' | 'folder'][]),
    );
  }
}

/** Remembers what it was asked for. */
class AskedFiles extends FileSet {
  #paths = new Set<string>();
  #folders = new Set<string>();

  override has(file: string): boolean {
    this.#paths.add(file);
    return super.has(file);
  }

  override in(folder: string): Iterable<string> {
    this.#folders.add(folder);
    return super.in(folder);
  }

  takeAsked(): { readonly paths: Iterable<string>; readonly folders: Iterable<string> } {
    const asked = { paths: this.#paths, folders: this.#folders };
    this.#paths = new Set();
    this.#folders = new Set();
    return asked;
  }
}
