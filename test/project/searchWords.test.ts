// What full-text search takes for words: the same on what is stored and on what is asked.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { commonWords, searchExpression, wordsOf } from '../../server/project/searchWords.ts';
import { WordBuffer } from '../../server/project/wordBuffer.ts';

for (const [text, words] of [
  ['parseHTTPRequest(a, 2)', 'parse http request parsehttprequest'],
  ['snake_case _private $scope', 'snake case snakecase private scope'],
  ['plain words, in small letters.', 'plain words small letters'],
  ['Café Größe naïveTest', 'cafe große naive test naivetest'],
  ['漢字 かな mixed漢', '漢 字 か な mixed 漢'],
  ['a self.toString(x) → return is_for_me', 'string tostring return me isforme'],
  ['Привет МирТест', 'привет мир тест миртест'],
  ['_ $ __ — “xy”', 'xy'],
  [`${'a'.repeat(81)} ${'B'.repeat(81)} bc`, 'bc'],
  ['', ''],
] as const)
  test(`${JSON.stringify(text.slice(0, 40))} has the words ${JSON.stringify(words)}`, () => assert.equal(wordsOf(text), words));

test('words stand with one blank between them and hold no sign of a query, whatever the text', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => assert.doesNotMatch(wordsOf(text), /^ | $| {2}|["():*^]/)));
});
test('a query is quoted words, and without a word there is none', () => {
  assert.equal(searchExpression('openShop OR "x'), '"open" OR "shop" OR "openshop"');
  assert.equal(searchExpression('* " ('), undefined);
  assert.equal(searchExpression('what is it for'), '"what"');
  assert.equal(searchExpression('is it a'), undefined);
});

const decoded = (buffer: WordBuffer) => Buffer.from(buffer.words).toString().trimEnd();
/** Identifiers of every kind, signs and line breaks, letters of other scripts, and words that are too long. */
const code = fc.array(
  fc.oneof(
    fc.string({ unit: fc.constantFrom(...Array.from('abXYZ09_$ .\n')) }),
    fc.string({ unit: fc.constantFrom(...Array.from('aB_é İß漢かЖ—\u0301🙂\n')) }),
    fc.constantFrom(...commonWords, 'Is', 'forEach', 'to_be', ' '),
    fc.constantFrom('parseHTTPRequest', 'A1b2C3', '__init__', 'CONST_NAME', 'aBcDe', 'x'.repeat(80), 'X_'.repeat(45)),
  ),
);
test('what is stored has the words that a query has, whatever the text', () => {
  const buffer = new WordBuffer();
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        code.map((parts) => parts.join('')),
      ),
      (text) => {
        const bytes = Buffer.from(text);
        assert.equal(buffer.write(bytes, 0, Infinity), bytes.length);
        assert.equal(decoded(buffer), wordsOf(bytes.toString()));
      },
    ),
    { numRuns: 2000 },
  );
});
test('a text is taken in pieces of so many lines, and together they are the whole', () => {
  const buffer = new WordBuffer();
  fc.assert(
    fc.property(code, fc.integer({ min: 1, max: 4 }), (parts, lines) => {
      const text = parts.join('');
      const bytes = Buffer.from(text);
      const broken = text.split('\n');
      for (let at = 0, start = 0; start < bytes.length; at += lines) {
        start = buffer.write(bytes, start, lines);
        assert.equal(decoded(buffer), wordsOf(broken.slice(at, at + lines).join('\n')));
      }
    }),
  );
});
test('a buffer grows with a text of parts only', () => {
  const buffer = new WordBuffer();
  const text = 'aB'.repeat(40).concat(' ').repeat(5000);
  buffer.write(Buffer.from(text), 0, Infinity);
  assert.equal(decoded(buffer), wordsOf(text));
});
