// The context bench draws on for its rare cells only: every other cell stays the plain sample of the first holes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cellsOf, rareHoles } from '../bench/context/figures.ts';
import type { Hole, ModuleCell } from '../bench/context/holes.ts';

function hole(module: ModuleCell, isSeen: boolean, line: number): Hole {
  return { path: 'a.py', line, name: 'x', definitions: [], module, isSeen };
}

const drawn = Array.from({ length: 40 }, (_, at) => {
  if (at % 4 === 0) return hole('not imported', false, at);
  return at % 4 === 1 ? hole('module imported', false, at) : hole('imported by name', at % 4 === 2, at);
});

test('after the first holes only rare ones are taken, in their order, until there are enough of each', () => {
  // Of the first ten three are not imported and three beside an import.
  assert.deepEqual(
    rareHoles(drawn, 10, 5).map(({ line }) => line),
    [12, 13, 16, 17],
  );
  assert.deepEqual(rareHoles(drawn, 10, 3), []);
});

test('where too few were drawn all are taken', () => {
  assert.equal(rareHoles(drawn, 10, 60).length, 14);
});

test('a hole that was drawn for a rare cell counts there and nowhere else', () => {
  const answer = { repository: 'r-1', language: 'python', isHidden: false, method: 'm', hits: [true] } as const;
  const plain = { ...answer, hole: hole('not imported', false, 1), isForRareCell: false };
  const more = { ...answer, hole: hole('not imported', false, 2), isForRareCell: true };
  const counts = Object.fromEntries(cellsOf([plain, more]).flatMap(({ scope, cell, holes }) => (scope === 'python' ? [[cell, holes]] : [])));
  assert.deepEqual(counts, { all: 1, new: 1, 'not imported, new': 2, 'not imported': 1 });
});
