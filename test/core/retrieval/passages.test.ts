import assert from 'node:assert/strict';
import { test } from 'node:test';
import { embeddingPromptsOf } from '../../../server/core/retrieval/embeddingPrompts.ts';
import type { SymbolSource } from '../../../server/core/retrieval/facts.ts';
import { passagesOf } from '../../../server/core/retrieval/passages.ts';
import { readProjectFacts } from '../../bench/context/projectFacts.ts';

async function fileOf(text: string, path = 'a.ts') {
  const { source }: { source: SymbolSource } = await readProjectFacts({ name: 'small', folder: '', language: 'typescript', files: new Map([[path, text]]) });
  const facts = source.file(path);
  assert.ok(facts);
  return { facts, lines: text.split('\n') };
}

const cart = `/** What somebody wants to buy. */
export class Cart {
  items: string[] = [];

  /** How much to pay. */
  totalPrice(): number {
    return this.items
      .length;
  }
}

const one = 1;
`;

test('every definition with a body is a passage, with its documentation and its place', async () => {
  const { facts, lines } = await fileOf(cart);
  const passages = passagesOf(facts, lines, 1000);
  assert.deepEqual(
    passages.map(({ name, kind, startLine, endLine, container }) => [name, kind, startLine, endLine, container]),
    [
      ['Cart', 'class', 1, 9, undefined],
      ['totalPrice', 'method', 5, 8, 'Cart'],
    ],
  );
  assert.equal(passages[1]?.text, 'How much to pay.\nCart.totalPrice\ntotalPrice(): number {\n  return this.items\n    .length;\n}');
  assert.match(passages[0]?.text ?? '', /^What somebody wants to buy\.\nexport class Cart \{/);
  assert.match(passages[0]?.text ?? '', /\nitems, totalPrice$/, 'a class is told by its head and the names of its members');
});

test('texts are as long as they may be, and lines too', async () => {
  const { facts, lines } = await fileOf(`export function f(): string {\n  const text = '${'x'.repeat(5000)}';\n  return text;\n}\n`);
  const [passage] = passagesOf(facts, lines, 100);
  assert.equal(passage?.text.length, 100);
  const [whole] = passagesOf(facts, lines, 10_000);
  assert.ok((whole?.text.length ?? 0) < 300);
});

test('a file without definitions is told in pieces, but for empty ones', () => {
  const lines = [...Array.from({ length: 45 }, (_, at) => `line ${at}`), ...Array.from({ length: 60 }, () => ''), 'end'];
  const passages = passagesOf({ definitions: [] }, lines, 1000);
  assert.deepEqual(
    passages.map(({ kind, startLine, endLine }) => [kind, startLine, endLine]),
    [
      ['text', 0, 39],
      ['text', 40, 79],
      ['text', 80, 105],
    ],
  );
  assert.deepEqual(passagesOf({ definitions: [] }, [], 1000), []);
  assert.deepEqual(passagesOf({ definitions: [] }, ['', ' '], 1000), []);
  assert.deepEqual(passagesOf({ definitions: [] }, ['\u200b', '-----'], 1000), [], 'nor what a vocabulary may have no token for');
});

for (const [names, question] of [
  [['nomic-embed-text-v1.5', 'nomic-embed-text-v1.5.Q8_0.gguf'], 'search_query: '],
  [['Nomic Embed Code', 'x.gguf'], 'Represent this query for searching relevant code: '],
  [['Embeddinggemma 300m', 'x.gguf'], 'task: code retrieval | query: '],
  [['Qwen3 Embedding 0.6B', 'x.gguf'], 'Instruct: Given a question about code, retrieve the code that answers it\nQuery: '],
  [['model', 'multilingual-e5-small-q8_0.gguf'], 'query: '],
  [['bge-small-en-v1.5', 'x.gguf'], 'Represent this sentence for searching relevant passages: '],
  [['snowflake-arctic-embed-m-v2.0', 'x.gguf'], 'query: '],
  [['all-MiniLM-L6-v2', 'x.gguf'], ''],
  [['Some Base-500 Model', 'x.gguf'], ''],
] as const)
  test(`a question is put to ${names.join(', ')} in the words that it was trained with`, () => {
    assert.equal(embeddingPromptsOf(names).question, question);
  });
