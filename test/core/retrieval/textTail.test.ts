// What text search found, as signatures.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tailQuery, textTail } from '../../../server/core/retrieval/textTail.ts';
import { situationIn } from './smallProject.ts';

test('the query is made of the words nearest to the cursor', () => {
  assert.equal(tailQuery(['far', 'near one', 'here', 'below', 'end'], 2), 'here near one below far end');
  assert.equal(
    tailQuery(
      Array.from({ length: 99 }, (_, index) => `word${index}`),
      50,
    ).split(' ').length,
    10,
  );
  assert.equal(tailQuery([], 0), '');
});

test('of what was found the definitions that speak of what is here are told, each once, and none of the file itself', async () => {
  const { source } = await situationIn({
    'price.ts':
      'export function priceOf(name: string): number { return 1; }\nexport function unrelated(): void {}\nexport class Table {\n  pricesFor(): void {}\n}\n',
    'main.ts': 'export function priceHere(): void {}\n|\n',
  });
  const hit = (path: string) => ({ path, startLine: 0, endLine: 40, score: 1 });
  const hits = [hit('main.ts'), hit('price.ts'), hit('price.ts'), hit('gone.ts')];
  const options = { path: 'main.ts', nearText: 'const price = total;', isShown: () => false };
  assert.deepEqual(textTail(source, hits, options), [
    { path: 'price.ts', startLine: 0, endLine: 3, text: 'function priceOf(name: string): number\nTable: pricesFor(): void' },
  ]);
  assert.deepEqual(textTail(source, hits, { ...options, isShown: ({ name }) => name === 'priceOf' }), [
    { path: 'price.ts', startLine: 3, endLine: 3, text: 'Table: pricesFor(): void' },
  ]);
  assert.deepEqual(textTail(source, hits, { ...options, nearText: 'nothing alike' }), []);
});
