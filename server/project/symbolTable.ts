// One folder's facts as retrieval asks for them: the layers together, open documents before memory before the database, with imports
// resolved and re-exports followed. It knows layers and paths; it must not know how facts come to be.
import type { CoChange, Definition, FileFacts, ImportBinding, SymbolSource, TextHit } from '../core/retrieval/facts.ts';
import { isModuleNamed } from '../core/retrieval/moduleNames.ts';
import { type FactLayer, maxNamed, ownerOf } from './factLayer.ts';
import { ancestorsOf, type FileSet, folderOf, nameOf } from './fileSet.ts';
import { resolveImport, tailsOfPath } from './imports/resolveImport.ts';
import type { ImportToResolve, Surroundings } from './imports/surroundings.ts';
import { packagesByName } from './imports/typescript.ts';
import type { MemoryFacts } from './memoryFacts.ts';
import type { OpenText } from './openText.ts';
import type { ContentFacts } from './parsing.ts';
import { RecentlyUsed } from './recentlyUsed.ts';

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
const maxReExportDepth = 8;
const maxOfStar = 256;
const maxCandidates = 300;
/** Definitions that are looked at for one C# namespace: each of its files has one. */
const maxOfNamespace = 1000;
/** Of more changed files at once, looking at each would take longer than asking again. */
const maxForgottenSingly = 8;

interface Wanted {
  readonly path: string;
  readonly name: string;
  readonly depth: number;
  readonly seen: Set<string>;
}

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
    return this.#members.get(container, () => this.#merged((layer) => layer.membersOf(container, maxOfStar)).slice(0, maxOfStar));
  }

  baseTypesOf(type: string): readonly string[] {
    return [...new Set(this.#merged((layer) => layer.baseTypesOf(type)).map(({ base }) => base))];
  }

  definitionsOfImport({ imported, resolvedPaths }: Pick<ImportBinding, 'imported' | 'resolvedPaths'>): readonly Definition[] {
    const found: Definition[] = [];
    const seen = new Set<string>();
    for (const path of resolvedPaths) found.push(...this.#exported({ path, name: imported, depth: 0, seen }));
    return distinct(found).slice(0, maxOfStar);
  }

  importersOf(path: string): readonly string[] {
    this.#checkFiles();
    const { anywhere, within } = tailsOfPath(path, this.#packageNameOf(path));
    const tails = { anywhere: [...anywhere, ...this.#namespaceTailsOf(path)], within };
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

  /** What a module gives away under a name; its own definitions first, then what it passes on. */
  #exported({ path, name, depth, seen }: Wanted): Definition[] {
    const key = `${path}\0${name}`;
    if (depth > maxReExportDepth || seen.has(key)) return [];
    seen.add(key);
    const facts = this.file(path);
    if (!facts) return [];
    const follow = (paths: readonly string[], wanted: string) =>
      paths.flatMap((target) => this.#exported({ path: target, name: wanted, depth: depth + 1, seen }));
    const isTopLevel = (item: Definition) => item.container === undefined;
    const passedOn = facts.exports.filter((item) => item.specifier !== undefined && item.exported === '*');
    if (name === '*') {
      const own = facts.definitions.filter((item) => isTopLevel(item) && item.isExported && item.kind !== 'namespace');
      const named = facts.exports.filter((item) => item.specifier !== undefined && item.exported !== '*');
      return [
        ...own,
        ...passedOn.flatMap((item) => follow(item.resolvedPaths, '*')),
        ...[...named, ...givenAway(facts)].flatMap((item) => follow(item.resolvedPaths, item.imported)),
      ].slice(0, maxOfStar);
    }
    const own = facts.definitions.filter((item) => isTopLevel(item) && item.name === name);
    if (own.length > 0) return own;
    const found: Definition[] = [];
    for (const item of facts.exports) {
      if (item.exported !== name) continue;
      if (item.specifier !== undefined) found.push(...follow(item.resolvedPaths, item.imported));
      else if (item.imported !== name) found.push(...this.#local(facts, item.imported, follow));
      else found.push(...this.#imported(facts, name, follow));
    }
    // In Python and behind C#'s namespaces what a module imports can be imported from it.
    if (found.length === 0 && facts.languageId === 'python') found.push(...this.#imported(facts, name, follow));
    if (found.length === 0) found.push(...passedOn.flatMap((item) => follow(item.resolvedPaths, name)));
    if (found.length === 0) found.push(...facts.definitions.filter((item) => item.name === name && item.isExported));
    // `from package import module` names the file itself, and an alias of a C# namespace all that is in it.
    const isWhole = stemOf(path) === name || facts.definitions.some((item) => item.kind === 'namespace' && ownerOf(item.name) === name);
    if (found.length === 0 && isWhole) return this.#exported({ path, name: '*', depth, seen });
    return found;
  }

  #local(facts: FileFacts, name: string, follow: (paths: readonly string[], wanted: string) => Definition[]): Definition[] {
    const own = facts.definitions.filter((item) => item.container === undefined && item.name === name);
    return own.length > 0 ? own : this.#imported(facts, name, follow);
  }

  #imported(facts: FileFacts, name: string, follow: (paths: readonly string[], wanted: string) => Definition[]): Definition[] {
    const exact = facts.imports.filter((item) => item.local === name).flatMap((item) => follow(item.resolvedPaths, item.imported));
    return exact.length > 0 ? exact : facts.imports.filter((item) => item.local === '*').flatMap((item) => follow(item.resolvedPaths, name));
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

  /** A `using` names a namespace, not a file. */
  #namespaceTailsOf(path: string): readonly string[] {
    if (!path.endsWith('.cs')) return [];
    return (this.#factsOf(path)?.definitions ?? []).flatMap((item) => (item.kind === 'namespace' ? [ownerOf(item.name)] : []));
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

/** The facts of a content as those of a file; details are read when they are asked for. */
class ResolvedFile implements FileFacts {
  readonly path: string;
  readonly #facts: ContentFacts;
  readonly #around: Surroundings;
  #definitions: FileFacts['definitions'] | undefined;
  #imports: FileFacts['imports'] | undefined;
  #exports: FileFacts['exports'] | undefined;

  constructor(path: string, facts: ContentFacts, around: Surroundings) {
    this.path = path;
    this.#facts = facts;
    this.#around = around;
  }

  get languageId(): string {
    return this.#facts.languageId;
  }

  get definitions(): FileFacts['definitions'] {
    this.#definitions ??= this.#facts.definitions.map((item) => ({ ...item, path: this.path }));
    return this.#definitions;
  }

  get references(): FileFacts['references'] {
    return this.#facts.references;
  }

  get bindings(): FileFacts['bindings'] {
    return this.#facts.bindings;
  }

  get imports(): FileFacts['imports'] {
    this.#imports ??= this.#facts.imports.map((item) => ({ ...item, resolvedPaths: this.#resolve(item) }));
    return this.#imports;
  }

  get exports(): FileFacts['exports'] {
    this.#exports ??= this.#facts.exports.map((item) => {
      const { specifier } = item;
      return { ...item, resolvedPaths: specifier === undefined ? [] : this.#resolve({ specifier, imported: item.imported }) };
    });
    return this.#exports;
  }

  get baseTypes(): FileFacts['baseTypes'] {
    return this.#facts.baseTypes;
  }

  get contentHash(): string {
    return this.#facts.contentHash;
  }

  get lineCount(): number {
    return this.#facts.lineCount;
  }

  #resolve(item: ImportToResolve): readonly string[] {
    return resolveImport({ path: this.path, languageId: this.languageId }, item, this.#around);
  }
}

/** A Python module gives away all that a star import brings in, and a package what it imports by name; neither says `export`. */
function givenAway({ path, languageId, imports }: FileFacts): readonly ImportBinding[] {
  if (languageId !== 'python') return [];
  const isPackage = stemOf(path) === '__init__';
  return imports.filter(({ local, imported, resolvedPaths }) => {
    if (local === '*') return true;
    const isModule = resolvedPaths.some((target) => isModuleNamed(target, imported));
    return isPackage && imported !== '*' && !local.startsWith('_') && !isModule;
  });
}

function stemOf(path: string): string {
  return nameOf(path).replace(/\.[^.]+$/, '');
}

function distinct(definitions: readonly Definition[]): Definition[] {
  const seen = new Set<string>();
  return definitions.filter((item) => {
    const key = `${item.path}\0${item.startLine}\0${item.name}\0${item.kind}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
