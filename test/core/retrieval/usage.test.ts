// What similar files use is predicted; what has gone is forgotten.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FileFacts } from '../../../server/core/retrieval/facts.ts';
import { UsageIndex } from '../../../server/core/retrieval/usage.ts';

function using(path: string, names: string, imported: readonly string[] = []): FileFacts {
  return {
    path,
    languageId: 'typescript',
    definitions: [],
    references: names.split(' ').map((name, line) => ({ name, line, column: 0 })),
    bindings: [],
    imports: imported.map((name) => ({ local: name, imported: name, specifier: './lib', resolvedPaths: ['lib.ts'], line: 0 })),
    exports: [],
    baseTypes: [],
    contentHash: names,
    lineCount: 10,
  };
}

function indexOf(...files: readonly FileFacts[]): UsageIndex {
  const index = new UsageIndex();
  for (const file of files) index.add(file);
  return index;
}

const alike = [using('a/one.ts', 'open read close', ['close']), using('a/two.ts', 'open read close'), using('b/three.ts', 'paint shade gloss')];

test('a name of all similar files comes first, with how it is imported', () => {
  const [first] = indexOf(...alike).predict(using('a/new.ts', 'open read'), 5);
  assert.equal(first?.name, 'close');
  assert.ok(first.share > 0.9);
  assert.equal(first.binding?.specifier, './lib');
});

test('a name that the file uses already is not predicted, nor one of files that have nothing with it in common', () => {
  const names = indexOf(...alike)
    .predict(using('a/new.ts', 'open read'), 5)
    .map(({ name }) => name);
  assert.deepEqual(names, ['close']);
});

test('what a file used before it changed or went is forgotten', () => {
  const index = indexOf(...alike);
  index.add(using('a/one.ts', 'open read'));
  index.remove('a/two.ts');
  assert.deepEqual(index.predict(using('a/new.ts', 'open read'), 5), []);
  assert.equal(index.countOf('close'), 0);
  assert.equal(index.countOf('open'), 1);
});

test('a file says nothing about itself', () => {
  assert.deepEqual(indexOf(using('a/one.ts', 'open read close')).predict(using('a/one.ts', 'open read'), 5), []);
});

test('the share of files that use a name among those that use another is cautious with few files', () => {
  const index = indexOf(...alike);
  assert.equal(index.shareOf('close', 'open'), 0.5);
  assert.equal(index.shareOf('paint', 'open'), 0);
  assert.equal(index.shareOf('nowhere', 'open'), 0);
});
