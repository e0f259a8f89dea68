// Syntax trees of source text, for the nodes that are masked and for whether a text parses. It knows grammars; it must not know suggestions.
import { createRequire } from 'node:module';
import path from 'node:path';
import { Language, type Node, Parser, type Tree } from 'web-tree-sitter';
import type { LanguageId } from './corpus.ts';

const require = createRequire(import.meta.url);
const grammars = path.join(path.dirname(require.resolve('@vscode/tree-sitter-wasm/package.json')), 'wasm');

export type { Node };

export class Syntax {
  readonly #parsers: ReadonlyMap<LanguageId, Parser>;

  private constructor(parsers: ReadonlyMap<LanguageId, Parser>) {
    this.#parsers = parsers;
  }

  static async load(): Promise<Syntax> {
    await Parser.init();
    const parsers = new Map<LanguageId, Parser>();
    for (const languageId of ['typescript', 'javascript', 'python'] as const) {
      const parser = new Parser();
      parser.setLanguage(await Language.load(path.join(grammars, `tree-sitter-${languageId}.wasm`)));
      parsers.set(languageId, parser);
    }
    return new Syntax(parsers);
  }

  /** The tree lives outside of the collected memory and is gone when `act` returns. */
  within<Result>(languageId: LanguageId, text: string, act: (root: Node) => Result): Result {
    const tree: Tree | null | undefined = this.#parsers.get(languageId)?.parse(text);
    if (!tree) throw new Error(`There is no parser for ${languageId}.`);
    try {
      return act(tree.rootNode);
    } finally {
      tree.delete();
    }
  }

  parses(languageId: LanguageId, text: string): boolean {
    return this.within(languageId, text, (root) => !root.hasError);
  }
}
