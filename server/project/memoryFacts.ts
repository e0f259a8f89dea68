// Facts in memory: of open documents, and of everything where there is no database or it has no room. It knows no files.
import type { Definition, TextHit } from '../core/retrieval/facts.ts';
import { type FactLayer, ownerOf } from './factLayer.ts';
import { importTails, type PathTails } from './imports/resolveImport.ts';
import type { ContentFacts } from './parsing.ts';
import { wordsOf } from './searchWords.ts';

export class MemoryFacts implements FactLayer {
  readonly #files = new Map<string, ContentFacts>();
  readonly #byName = new Map<string, Set<string>>();
  readonly #byOwner = new Map<string, Set<string>>();
  readonly #byType = new Map<string, Set<string>>();
  readonly #byTail = new Map<string, Set<string>>();

  get size(): number {
    return this.#files.size;
  }

  has(path: string): boolean {
    return this.#files.has(path);
  }

  paths(): Iterable<string> {
    return this.#files.keys();
  }

  set(path: string, facts: ContentFacts): void {
    this.delete(path);
    this.#files.set(path, facts);
    this.#each(facts, (index, key) => {
      const paths = index.get(key);
      if (paths) paths.add(path);
      else index.set(key, new Set([path]));
    });
  }

  delete(path: string): void {
    const facts = this.#files.get(path);
    if (!facts) return;
    this.#files.delete(path);
    this.#each(facts, (index, key) => {
      const paths = index.get(key);
      paths?.delete(path);
      if (paths?.size === 0) index.delete(key);
    });
  }

  facts(path: string): ContentFacts | undefined {
    return this.#files.get(path);
  }

  definitionsNamed(name: string, limit: number): readonly Definition[] {
    return this.#definitions(this.#byName.get(name), (item) => item.name === name, limit);
  }

  membersOf(owner: string, limit: number): readonly Definition[] {
    return this.#definitions(this.#byOwner.get(owner), (item) => item.container !== undefined && ownerOf(item.container) === owner, limit);
  }

  baseTypesOf(type: string): readonly { readonly base: string; readonly path: string }[] {
    const found: { base: string; path: string }[] = [];
    for (const path of this.#byType.get(type) ?? [])
      for (const item of this.#files.get(path)?.baseTypes ?? []) if (item.type === type) found.push({ base: item.base, path });
    return found;
  }

  pathsImporting({ anywhere, within }: PathTails, limit: number): readonly string[] {
    const found = new Set<string>();
    const add = (tail: string, folder: string) => {
      for (const path of this.#byTail.get(tail) ?? []) if (found.size < limit && (folder === '' || path.startsWith(`${folder}/`))) found.add(path);
    };
    for (const { tail, folder } of within) add(tail, folder);
    for (const tail of anywhere) add(tail, '');
    return [...found];
  }

  /** Without full-text search: definitions by the words of their names and documentation. */
  search(query: string, limit: number): readonly TextHit[] {
    const wanted = new Set(
      wordsOf(query)
        .split(' ')
        .filter((word) => word.length > 1),
    );
    const hits: TextHit[] = [];
    for (const [path, { definitions }] of this.#files)
      for (const item of definitions) {
        const names = new Set(wordsOf(item.name).split(' '));
        const words = new Set(wordsOf(`${item.container ?? ''} ${item.docstring ?? ''}`).split(' '));
        let score = 0;
        for (const word of wanted) score += (names.has(word) ? 2 : 0) + (words.has(word) ? 1 : 0);
        if (score > 0) hits.push({ path, startLine: item.startLine, endLine: item.endLine, score });
      }
    return hits.sort((a, b) => b.score - a.score).slice(0, limit);
  }

  #definitions(paths: Iterable<string> | undefined, matches: (item: Omit<Definition, 'path'>) => boolean, limit: number): readonly Definition[] {
    const found: Definition[] = [];
    for (const path of paths ?? [])
      for (const item of this.#files.get(path)?.definitions ?? []) {
        if (found.length >= limit) return found;
        if (matches(item)) found.push({ ...item, path });
      }
    return found;
  }

  #each(facts: ContentFacts, visit: (index: Map<string, Set<string>>, key: string) => void): void {
    for (const item of facts.definitions) {
      visit(this.#byName, item.name);
      if (item.container !== undefined) visit(this.#byOwner, ownerOf(item.container));
    }
    for (const { type } of facts.baseTypes) visit(this.#byType, type);
    for (const item of [...facts.imports, ...facts.exports]) {
      const { specifier } = item;
      if (specifier !== undefined) for (const tail of importTails({ specifier, imported: item.imported }, facts.languageId)) visit(this.#byTail, tail);
    }
  }
}
