// The product's own view of a repository: its parser, its import resolution, and all facts in memory. It knows the project's rooms; it must not
// know holes.
import path from 'node:path';
import type { FileFacts } from '../../../server/core/retrieval/facts.ts';
import { FileSet } from '../../../server/project/fileSet.ts';
import { resolveImport } from '../../../server/project/imports/resolveImport.ts';
import type { Surroundings } from '../../../server/project/imports/surroundings.ts';
import { type ContentFacts, hashOf, Parsing } from '../../../server/project/parsing.ts';
import type { Repository } from './holes.ts';

const modules = path.resolve(import.meta.dirname, '../../../node_modules');

export class FactReader {
  readonly #parsing = new Parsing({
    runtime: path.join(modules, 'web-tree-sitter/web-tree-sitter.wasm'),
    folder: path.join(modules, '@vscode/tree-sitter-wasm/wasm'),
  });
  readonly #repository: Repository;
  readonly #surroundings: Surroundings;

  constructor(repository: Repository) {
    this.#repository = repository;
    const remembered = new Map<string, unknown>();
    this.#surroundings = {
      files: new FileSet(repository.files.keys()),
      readConfig: () => undefined,
      filesOfNamespace: () => [],
      remember: <Value>(key: string, compute: () => Value) => {
        if (!remembered.has(key)) remembered.set(key, compute());
        return remembered.get(key) as Value;
      },
    };
  }

  async read(file: string, text: string, state: 'open' | 'stored'): Promise<FileFacts> {
    const { language } = this.#repository;
    if (state === 'stored') return this.#complete(file, await this.#parsing.parse(text, language, hashOf(text)));
    const facts = await this.#parsing.parseOpen(file, text, language);
    this.#parsing.forget(file);
    return this.#complete(file, facts);
  }

  #complete(file: string, facts: ContentFacts): FileFacts {
    const resolve = (specifier: string, imported: string) =>
      resolveImport({ path: file, languageId: facts.languageId }, { specifier, imported }, this.#surroundings);
    return {
      ...facts,
      path: file,
      definitions: facts.definitions.map((definition) => ({ ...definition, path: file })),
      imports: facts.imports.map((binding) => ({ ...binding, resolvedPaths: resolve(binding.specifier, binding.imported) })),
      exports: facts.exports.map((item) => ({ ...item, resolvedPaths: item.specifier === undefined ? [] : resolve(item.specifier, item.imported) })),
    };
  }
}
