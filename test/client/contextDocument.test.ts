import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contextDocument } from '../../client/contextDocument.ts';

const piece = {
  uri: 'file:///p/src/a.ts',
  path: 'src/a.ts',
  range: { start: { line: 4, character: 0 }, end: { line: 5, character: 0 } },
  kind: 'function',
  name: 'one',
  text: 'one(): number',
  tokens: 7,
  reason: 'imported by name',
};
const timings = { searchMs: 1, readMs: 2, totalMs: 3.21 };

test('each piece is shown with its place, its tokens and its reason, by file', () => {
  const other = { ...piece, name: 'two', text: 'two(): string', range: { start: { line: 8, character: 0 }, end: { line: 12, character: 0 } } };
  const text = contextDocument({ outcome: 'ok', items: [piece, { ...piece, path: 'src/b.ts' }, other], tokens: 21, timings, isComplete: true }, 'src/c.ts:3');
  assert.match(text, /^# Context for src\/c\.ts:3\n/);
  assert.match(text, /3 pieces, about 21 tokens, found in 3\.2 ms/);
  assert.match(text, /function `one`, line 5, 7 tokens: imported by name\n\n```\none\(\): number\n```/);
  assert.match(text, /function `two`, lines 9-12/);
  assert.equal(text.match(/^## /gm)?.length, 2);
  assert.doesNotMatch(text, /still being indexed/);
});
test('a text with a fence cannot close its own', () => {
  const text = contextDocument({ outcome: 'ok', items: [{ ...piece, text: 'a\n```\nb' }], tokens: 7, timings, isComplete: false }, 'x');
  assert.ok(text.includes('````\na\n```\nb\n````'));
  assert.match(text, /still being indexed/);
});
test('what no model is told is not called told', () => {
  const text = contextDocument({ outcome: 'ok', items: [piece], tokens: 7, timings, isComplete: true, notTold: 'The setting is off.' }, 'x');
  assert.match(text, /\*\*The setting is off\.\*\*\n\nWhat one with more room would be told: 1 piece/);
  assert.doesNotMatch(text, /What a model is told/);
});
test('what went wrong is said with what to do', () =>
  assert.match(contextDocument({ outcome: 'unsupported', cause: 'No index.', action: 'Open a folder.' }, 'x'), /No index\. Open a folder\./));
