// Turns a text into facts with tree-sitter's grammars. It runs in the parse worker: it must not know files, databases or messages.
import { Edit, Language as Grammar, Parser, type Point, Query, type Tree } from 'web-tree-sitter';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { FileFacts, ReExport, ImportBinding, Definition } from '../core/retrieval/facts.ts';
import { Collector, simpleTypeName } from './languages/extraction.ts';
import { factsVersion, type Language, languages } from './languages/languages.ts';
import { findReferences } from './languages/references.ts';

/** Facts of a content, wherever it stands: no paths in them. */
export interface ContentFacts extends Pick<FileFacts, 'languageId' | 'references' | 'bindings' | 'baseTypes' | 'contentHash' | 'lineCount'> {
  readonly definitions: readonly Omit<Definition, 'path'>[];
  readonly imports: readonly Omit<ImportBinding, 'resolvedPaths'>[];
  readonly exports: readonly Omit<ReExport, 'resolvedPaths'>[];
}

/** Where the runtime and the grammars lie as `.wasm` files. */
export interface GrammarFiles {
  readonly runtime: string;
  readonly folder: string;
}

interface Loaded {
  readonly parser: Parser;
  readonly bindings: Query;
}

interface KeptTree {
  readonly tree: Tree;
  readonly text: string;
  readonly languageId: string;
}

/** Open documents keep their trees for incremental parsing; more than these are parsed anew. */
const maxKeptTrees = 8;
/**
 * Around an error tree-sitter keeps more of the old tree than a parse anew would find right, and definitions below it may be lost. Texts up to this length, in
 * UTF-16 units, are parsed anew as long as they have an error: some 5 ms at most.
 */
const mostParsedAnew = 16_384;
const maxReferences = { open: 20_000, stored: 2_000 };

/** Equal keys mean equal facts. */
export function contentKey(bytesHash: string, languageId: string): string {
  return `${bytesHash}:${languageId}:${factsVersion}`;
}

export function hashOf(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 32);
}

export class Parsing {
  readonly #files: GrammarFiles;
  readonly #loaded = new Map<string, Promise<Loaded | undefined>>();
  readonly #kept = new Map<string, KeptTree>();
  #runtime: Promise<void> | undefined;

  constructor(files: GrammarFiles) {
    this.#files = files;
  }

  /** Facts of a file on disk: nothing of it is kept. */
  async parse(text: string, languageId: string, contentHash: string): Promise<ContentFacts> {
    const loaded = await this.#grammar(languageId);
    const tree = loaded?.parser.parse(text) ?? undefined;
    try {
      return factsOf({ text, languageId, contentHash, tree, loaded, isOpen: false });
    } finally {
      tree?.delete();
    }
  }

  /** Facts of an open document; the next call for the same key parses only what changed, but for short texts with an error. */
  async parseOpen(key: string, text: string, languageId: string): Promise<ContentFacts> {
    const loaded = await this.#grammar(languageId);
    const kept = this.#kept.get(key);
    this.#kept.delete(key);
    let tree: Tree | undefined;
    try {
      const isShort = text.length <= mostParsedAnew;
      const old = kept?.languageId === languageId && !(isShort && kept.tree.rootNode.hasError) ? kept : undefined;
      if (old) applyEdit(old, text);
      tree = loaded?.parser.parse(text, old?.tree) ?? undefined;
      if (old && isShort && tree?.rootNode.hasError) {
        tree.delete();
        tree = loaded?.parser.parse(text) ?? undefined;
      }
    } finally {
      kept?.tree.delete();
    }
    try {
      return factsOf({ text, languageId, contentHash: hashOf(text), tree, loaded, isOpen: true });
    } finally {
      if (tree) this.#keep(key, { tree, text, languageId });
    }
  }

  forget(key: string): void {
    this.#kept.get(key)?.tree.delete();
    this.#kept.delete(key);
  }

  #keep(key: string, kept: KeptTree): void {
    this.#kept.set(key, kept);
    const oldest = this.#kept.size > maxKeptTrees ? this.#kept.keys().next().value : undefined;
    if (oldest !== undefined) this.forget(oldest);
  }

  #grammar(languageId: string): Promise<Loaded | undefined> {
    const language = Object.hasOwn(languages, languageId) ? languages[languageId] : undefined;
    if (!language) return Promise.resolve(undefined);
    const key = `${language.grammar}:${language.bindings === '' ? '' : languageId}`;
    let loaded = this.#loaded.get(key);
    if (!loaded) {
      loaded = this.#load(language);
      this.#loaded.set(key, loaded);
    }
    return loaded;
  }

  async #load(language: Language): Promise<Loaded> {
    this.#runtime ??= Parser.init({ locateFile: () => this.#files.runtime });
    await this.#runtime;
    const grammar = await Grammar.load(new Uint8Array(readFileSync(path.join(this.#files.folder, `tree-sitter-${language.grammar}.wasm`))));
    const parser = new Parser();
    parser.setLanguage(grammar);
    return { parser, bindings: new Query(grammar, language.bindings) };
  }
}

interface Parsed {
  readonly text: string;
  readonly languageId: string;
  readonly contentHash: string;
  readonly tree: Tree | undefined;
  readonly loaded: Loaded | undefined;
  readonly isOpen: boolean;
}

function factsOf({ text, languageId, contentHash, tree, loaded, isOpen }: Parsed): ContentFacts {
  const collector = new Collector(text);
  if (tree && loaded) {
    languages[languageId]?.extract(tree.rootNode, collector);
    if (isOpen) collectBindings(tree, loaded.bindings, collector);
  }
  const { definitions, bindings, imports, exports, baseTypes } = collector;
  const references = loaded ? findReferences(text, languageId, { isFirstOnly: !isOpen, limit: isOpen ? maxReferences.open : maxReferences.stored }) : [];
  definitions.sort((a, b) => a.startLine - b.startLine);
  return { languageId, definitions, bindings, imports, exports, baseTypes, references, contentHash, lineCount: countLines(text) };
}

function collectBindings(tree: Tree, query: Query, out: Collector): void {
  for (const { captures } of query.matches(tree.rootNode, { matchLimit: 10_000 })) {
    const name = captures.find((capture) => capture.name === 'name')?.node;
    const type = captures.find((capture) => capture.name === 'type')?.node;
    const call = captures.find((capture) => capture.name === 'call')?.node;
    if (!name) continue;
    if (type) out.bind(out.of(name), simpleTypeName(out.of(type)), name);
    else if (call) {
      const called = simpleTypeName(out.of(call));
      // By custom a capital begins a type's name, and Go's constructors are called New with the type's name.
      const typeName = called?.replace(/^[nN]ew(?=[A-Z])/, '');
      if (typeName && /^[A-Z]/.test(typeName)) out.bind(out.of(name), typeName, name);
    }
  }
}

/** Old and new text differ in one range at least as large as all edits between them: that is all tree-sitter needs. */
function applyEdit({ tree, text }: KeptTree, newText: string): void {
  const limit = Math.min(text.length, newText.length);
  let start = 0;
  while (start < limit && text.charCodeAt(start) === newText.charCodeAt(start)) start++;
  let oldEnd = text.length;
  let newEnd = newText.length;
  while (oldEnd > start && newEnd > start && text.charCodeAt(oldEnd - 1) === newText.charCodeAt(newEnd - 1)) {
    oldEnd--;
    newEnd--;
  }
  tree.edit(
    new Edit({
      startIndex: start,
      oldEndIndex: oldEnd,
      newEndIndex: newEnd,
      startPosition: pointAt(text, start),
      oldEndPosition: pointAt(text, oldEnd),
      newEndPosition: pointAt(newText, newEnd),
    }),
  );
}

function pointAt(text: string, index: number): Point {
  let row = 0;
  let lineStart = 0;
  for (let at = text.indexOf('\n'); at >= 0 && at < index; at = text.indexOf('\n', at + 1)) {
    row++;
    lineStart = at + 1;
  }
  return { row, column: index - lineStart };
}

function countLines(text: string): number {
  let lines = 1;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines++;
  return lines;
}
