// The product's own view of a repository: its parser, its import resolution and its symbol table, with all facts in memory. It knows the project's
// room; it must not know holes.
import path from 'node:path';
import type { SymbolSource } from '../../../server/core/retrieval/facts.ts';
import { UsageIndex } from '../../../server/core/retrieval/usage.ts';
import { FileSet } from '../../../server/project/fileSet.ts';
import { MemoryFacts } from '../../../server/project/memoryFacts.ts';
import { OpenText } from '../../../server/project/openText.ts';
import { hashOf, Parsing } from '../../../server/project/parsing.ts';
import { SymbolTable } from '../../../server/project/symbolTable.ts';
import type { Repository } from './holes.ts';

const modules = path.resolve(import.meta.dirname, '../../../node_modules');

export interface ProjectFacts {
  readonly source: SymbolSource;
  readonly usage: UsageIndex;
  /** Calls `use` while the file has another text, as a document that is open and unsaved. */
  readonly withOpen: <Result>(file: string, text: string, use: () => Result) => Promise<Result>;
}

export async function readProjectFacts(repository: Repository): Promise<ProjectFacts> {
  const parsing = new Parsing({
    runtime: path.join(modules, 'web-tree-sitter/web-tree-sitter.wasm'),
    folder: path.join(modules, '@vscode/tree-sitter-wasm/wasm'),
  });
  const memory = new MemoryFacts();
  const open = new MemoryFacts();
  const openText = new OpenText();
  for (const [file, text] of repository.files) memory.set(file, await parsing.parse(text, repository.language, hashOf(text)));
  const files = new FileSet(repository.files.keys());
  const source = new SymbolTable({ files, open, openText, memory, readConfig: () => undefined, isLeftOut: () => false });
  const usage = new UsageIndex();
  const learn = (file: string) => {
    const facts = source.file(file);
    if (facts) usage.add(facts);
  };
  for (const file of repository.files.keys()) learn(file);
  return {
    source,
    usage,
    withOpen: async (file, text, use) => {
      open.set(file, await parsing.parseOpen(file, text, repository.language));
      parsing.forget(file);
      openText.set(file, text);
      source.forget([file]);
      learn(file);
      try {
        return use();
      } finally {
        open.delete(file);
        openText.delete(file);
        source.forget([file]);
        learn(file);
      }
    },
  };
}
