// The facts of a content as those of one file of a folder, with imports and exports resolved. It knows a file and what is around it; it must not
// know where facts are kept.
import type { FileFacts } from '../core/retrieval/facts.ts';
import { resolveImport } from './imports/resolveImport.ts';
import type { ImportToResolve, Surroundings } from './imports/surroundings.ts';
import type { ContentFacts } from './parsing.ts';

/** Details are read when they are asked for. */
export class ResolvedFile implements FileFacts {
  readonly path: string;
  readonly #facts: ContentFacts;
  readonly #around: Surroundings;
  #definitions: FileFacts['definitions'] | undefined;
  #imports: FileFacts['imports'] | undefined;
  #exports: FileFacts['exports'] | undefined;
  #namespaces: ContentFacts['definitions'] | undefined;

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
    this.#imports ??= this.#facts.imports.map((item) => ({ ...item, resolvedPaths: this.#resolve(item, this.#namespacesAround(item.line)) }));
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

  #resolve(item: ImportToResolve, namespaces?: readonly string[]): readonly string[] {
    const { path, languageId } = this;
    return resolveImport({ path, languageId, namespaces }, item, this.#around);
  }

  /** A namespace of the whole file ends nowhere: what begins above counts. */
  #namespacesAround(line: number): readonly string[] | undefined {
    if (this.languageId !== 'csharp') return undefined;
    this.#namespaces ??= this.#facts.definitions.filter(({ kind }) => kind === 'namespace');
    return this.#namespaces.filter(({ startLine }) => startLine < line).map(({ name }) => name);
  }
}
