// What full-text search takes for words: the same on what is stored and on what is asked.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { searchExpression, wordsOf } from '../../server/project/searchWords.ts';

for (const [text, words] of [
  ['parseHTTPRequest(a, 2)', 'parse http request parsehttprequest a 2'],
  ['snake_case _private $scope', 'snake case snakecase private scope'],
  ['plain words, in small letters.', 'plain words in small letters'],
  ['Café Größe naïveTest', 'cafe große naive test naivetest'],
  ['漢字 かな mixed漢', '漢 字 か な m i x e d 漢'],
  ['Привет МирТест', 'привет мир тест миртест'],
  ['_ $ __ — “x”', 'x'],
  [`${'a'.repeat(81)} ${'B'.repeat(81)} b`, 'b'],
  ['', ''],
] as const)
  test(`${JSON.stringify(text.slice(0, 40))} has the words ${JSON.stringify(words)}`, () => assert.equal(wordsOf(text), words));

test('words stand with one blank between them and hold no sign of a query, whatever the text', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => assert.doesNotMatch(wordsOf(text), /^ | $| {2}|["():*^]/)));
});
test('a query is quoted words, and without a word there is none', () => {
  assert.equal(searchExpression('openShop OR "x'), '"open" OR "shop" OR "openshop" OR "or"');
  assert.equal(searchExpression('* " ('), undefined);
});
