// One folder's facts as retrieval asks for them: the layers together, open documents before memory before the database, with imports
// resolved and re-exports followed. It knows layers and paths; it must not know how facts come to be.
import type { CoChange, Definition, DefinitionKind, FileFacts, ImportBinding, SymbolSource, TextHit } from '../core/retrieval/facts.ts';
import { type FactLayer, maxNamed, ownerOf } from './factLayer.ts';
import { ancestorsOf, type FileSet, folderOf } from './fileSet.ts';
import { tailsOfPath } from './imports/resolveImport.ts';
import type { Surroundings } from './imports/surroundings.ts';
import { packagesByName } from './imports/typescript.ts';
import type { MemoryFacts } from './memoryFacts.ts';
import { definitionsExported } from './moduleExports.ts';
import type { OpenText } from './openText.ts';
import type { ContentFacts } from './parsing.ts';
import { RecentlyUsed } from './recentlyUsed.ts';
import { ResolvedFile } from './resolvedFile.ts';

export interface SymbolTableOptions {
  readonly files: FileSet;
  readonly open: MemoryFacts;
  readonly openText: OpenText;
  readonly memory: MemoryFacts;
  readonly readConfig: (path: string) => string | undefined;
  /** Files that are listed but have no facts: no answer names them. */
  readonly isLeftOut: (path: string) => boolean;
}

const keptFiles = 300;
const keptNames = 5000;
const maxMembers = 256;
const maxCandidates = 300;
/** What a `using` can name besides a namespace. */
const typeKinds = new Set<DefinitionKind>(['class', 'struct', 'interface', 'enum']);
/** Names under which importers of a file are looked for, at most. */
const maxTails = 100;
/** Definitions that are looked at for one C# namespace: each of its files has one. */
const maxOfNamespace = 1000;
/** Of more changed files at once, looking at each would take longer than asking again. */
const maxForgottenSingly = 8;

export class SymbolTable implements SymbolSource {
  readonly #options: SymbolTableOptions;
  readonly #files = new RecentlyUsed<FileFacts | null>(keptFiles);
  readonly #named = new RecentlyUsed<readonly Definition[]>(keptNames);
  readonly #members = new RecentlyUsed<readonly Definition[]>(keptNames);
  readonly #namespaces = new RecentlyUsed<readonly string[]>(keptNames);
  readonly #computed = new Map<string, unknown>();
  readonly #around: Surroundings;
  #database: FactLayer | undefined;
  #coChanges: ReadonlyMap<string, readonly CoChange[]> = new Map();
  #filesRevision = 0;
  #revision = 0;

  constructor(options: SymbolTableOptions) {
    this.#options = options;
    this.#around = {
      files: options.files,
      readConfig: options.readConfig,
      filesOfNamespace: (name, type) => this.#namespaces.get(`${name}\0${type ?? ''}`, () => this.#filesOfNamespace(name, type)),
      remember: (key, compute) => this.#remember(key, compute),
    };
  }

  get revision(): number {
    return this.#revision;
  }

  useDatabase(database: FactLayer | undefined): void {
    this.#database = database;
    this.forgetAll();
  }

  useCoChanges(coChanges: ReadonlyMap<string, readonly CoChange[]>): void {
    this.#coChanges = coChanges;
    this.#revision++;
  }

  /** The facts of these files are others now, and the layers have them. What names other files only is kept. */
  forget(paths: Iterable<string>): void {
    this.#revision++;
    const changed = new Set(paths);
    for (const path of changed) this.#files.delete(path);
    // Where C#'s imports lead depends on what files say, not on where they lie.
    if ([...changed].some((path) => path.endsWith('.cs'))) {
      this.#namespaces.clear();
      this.#files.deleteWhere((facts) => facts?.languageId === 'csharp');
    }
    if (changed.size > maxForgottenSingly) {
      this.#named.clear();
      this.#members.clear();
      return;
    }
    for (const path of changed) {
      for (const { name, container } of this.#factsOf(path)?.definitions ?? []) {
        this.#named.delete(name);
        if (container !== undefined) this.#members.delete(ownerOf(container));
      }
    }
    const isTouched = (definitions: readonly Definition[]) => definitions.some((item) => changed.has(item.path));
    this.#named.deleteWhere(isTouched);
    this.#members.deleteWhere(isTouched);
  }

  /** The facts of any files may be others now; where imports lead is not. */
  forgetFacts(): void {
    this.#revision++;
    this.#named.clear();
    this.#members.clear();
    this.#namespaces.clear();
    this.#files.clear();
  }

  /** Configuration files or the set of paths are others now. */
  forgetAll(): void {
    this.forgetFacts();
    this.#computed.clear();
  }

  file(path: string): FileFacts | undefined {
    this.#checkFiles();
    return (
      this.#files.get(path, () => {
        const facts = this.#factsOf(path);
        return facts ? new ResolvedFile(path, facts, this.#around) : null;
      }) ?? undefined
    );
  }

  #factsOf(path: string): ContentFacts | undefined {
    const { open, memory } = this.#options;
    return open.facts(path) ?? memory.facts(path) ?? this.#database?.facts(path);
  }

  definitionsNamed(name: string): readonly Definition[] {
    return this.#named.get(name, () => this.#merged((layer) => layer.definitionsNamed(name, maxNamed)).slice(0, maxNamed));
  }

  membersOf(container: string): readonly Definition[] {
    return this.#members.get(container, () => this.#merged((layer) => layer.membersOf(container, maxMembers)).slice(0, maxMembers));
  }

  baseTypesOf(type: string): readonly string[] {
    return [...new Set(this.#merged((layer) => layer.baseTypesOf(type)).map(({ base }) => base))];
  }

  definitionsOfImport({ imported, resolvedPaths }: Pick<ImportBinding, 'imported' | 'resolvedPaths'>): readonly Definition[] {
    return definitionsExported((path) => this.file(path), resolvedPaths, imported);
  }

  importersOf(path: string): readonly string[] {
    this.#checkFiles();
    const { anywhere, within } = tailsOfPath(path, this.#packageNameOf(path));
    const tails = { anywhere: [...anywhere, ...this.#usingTailsOf(path)], within };
    const layers = [this.#options.open, this.#options.memory, ...(this.#database ? [this.#database] : [])];
    const candidates = new Set(layers.flatMap((layer) => layer.pathsImporting(tails, maxCandidates)));
    candidates.delete(path);
    return [...candidates].slice(0, maxCandidates).filter((candidate) => {
      const facts = this.file(candidate);
      return facts && [...facts.imports, ...facts.exports].some((item) => item.resolvedPaths.includes(path));
    });
  }

  coChangedWith(path: string): readonly CoChange[] {
    // A file may be gone, or another index's by now.
    return (this.#coChanges.get(path) ?? []).filter((item) => this.#options.files.has(item.path));
  }

  *paths(): Iterable<string> {
    for (const path of this.#options.files) if (!this.#options.isLeftOut(path)) yield path;
  }

  searchText(query: string, limit: number): readonly TextHit[] {
    // What is stored says nothing of lines that are unsaved.
    const unsaved = new Set([...this.#options.open.paths()].filter((path) => this.#isUnsaved(path)));
    const stored = [...(this.#database?.search(query, limit + unsaved.size) ?? []), ...this.#options.memory.search(query, limit)].filter(
      ({ path }) => !unsaved.has(path),
    );
    const best = Math.max(0, ...stored.map(({ score }) => score)) || 1;
    const open = unsaved.size > 0 ? this.#options.openText.search(query, (path) => unsaved.has(path)) : [];
    return [...stored, ...open.map((hit) => ({ ...hit, score: hit.score * best }))].sort((a, b) => b.score - a.score).slice(0, limit);
  }

  /** Of the folder's files only: nobody asked for what is open, but left out of the list or of the index. */
  #isUnsaved(path: string): boolean {
    const { open, memory, files, isLeftOut } = this.#options;
    if (!files.has(path) || isLeftOut(path)) return false;
    return open.facts(path)?.contentHash !== (memory.facts(path) ?? this.#database?.facts(path))?.contentHash;
  }

  /** What an upper layer has of a file hides what lower ones have of it. */
  #merged<Item extends { readonly path: string }>(ask: (layer: FactLayer) => readonly Item[]): Item[] {
    const { open, memory } = this.#options;
    const found = [...ask(open)];
    for (const item of ask(memory)) if (!open.has(item.path)) found.push(item);
    if (this.#database) for (const item of ask(this.#database)) if (!open.has(item.path) && !memory.has(item.path)) found.push(item);
    return found;
  }

  #filesOfNamespace(name: string, type: string | undefined): readonly string[] {
    if (type !== undefined) {
      const files = new Set(this.#around.filesOfNamespace(name));
      const types = files.size === 0 ? [] : this.#merged((layer) => layer.definitionsNamed(type, maxOfNamespace));
      return [...new Set(types.flatMap((item) => (item.kind !== 'namespace' && files.has(item.path) ? [item.path] : [])))];
    }
    const found = this.#merged((layer) => layer.definitionsNamed(name, maxOfNamespace));
    return [...new Set(found.flatMap((item) => (item.kind === 'namespace' ? [item.path] : [])))];
  }

  /** A `using` names a namespace or a type, not a file. */
  #usingTailsOf(path: string): readonly string[] {
    if (!path.endsWith('.cs')) return [];
    const named = (this.#factsOf(path)?.definitions ?? []).filter(({ kind, container }) => container === undefined || typeKinds.has(kind));
    return [...new Set(named.map(({ name }) => ownerOf(name)))].slice(0, maxTails);
  }

  #packageNameOf(path: string): string | undefined {
    const packages = packagesByName(this.#around);
    const above = new Set(ancestorsOf(folderOf(path)));
    let best: { name: string; folder: string } | undefined;
    for (const [name, folder] of packages) if (above.has(folder) && (!best || folder.length > best.folder.length)) best = { name, folder };
    return best?.name;
  }

  #remember<Value>(key: string, compute: () => Value): Value {
    this.#checkFiles();
    if (!this.#computed.has(key)) this.#computed.set(key, compute());
    return this.#computed.get(key) as Value;
  }

  #checkFiles(): void {
    const { revision } = this.#options.files;
    if (revision === this.#filesRevision) return;
    this.#filesRevision = revision;
    this.#files.clear();
    this.#computed.clear();
    this.#revision++;
  }
}
