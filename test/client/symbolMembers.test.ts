// What stands below a type among a document's symbols. `«` and `»` would not help here: places are lines and columns.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { membersAt, type SymbolNode } from '../../client/symbolMembers.ts';

const span = (line: number, from: number, endLine: number, to: number) => ({ start: { line, character: from }, end: { line: endLine, character: to } });
const node = (
  name: string,
  kind: number,
  range: SymbolNode['range'],
  selectionRange: SymbolNode['range'],
  children: readonly SymbolNode[] = [],
): SymbolNode => ({
  name,
  kind,
  range,
  selectionRange,
  children,
});
const run = node('run', 5, span(2, 2, 4, 3), span(2, 2, 2, 5), [node('local', 12, span(3, 4, 3, 9), span(3, 4, 3, 9))]);
const inner = node('Inner', 4, span(5, 2, 7, 3), span(5, 8, 5, 13), [node('size', 7, span(6, 4, 6, 8), span(6, 4, 6, 8))]);
const tree = [node('Other', 4, span(0, 0, 0, 20), span(0, 6, 0, 11)), node('Outer', 4, span(1, 0, 8, 1), span(1, 6, 1, 11), [run, inner])];

test('the members of the symbol whose name stands at the place are told, without what stands below them', () => {
  assert.deepEqual(membersAt(tree, { line: 1, character: 6 }), {
    name: 'Outer',
    members: [
      { name: 'run', kind: 'method', line: 2, endLine: 4 },
      { name: 'Inner', kind: 'class', line: 5, endLine: 7 },
    ],
  });
  assert.deepEqual(membersAt(tree, { line: 5, character: 10 })?.members, [{ name: 'size', kind: 'field', line: 6, endLine: 6 }]);
  assert.deepEqual(membersAt(tree, { line: 0, character: 11 }), { name: 'Other', members: [] });
});

test('a place at no name gives nothing: inside a type, behind all, in a document without symbols', () => {
  for (const place of [
    { line: 8, character: 0 },
    { line: 3, character: 0 },
    { line: 900, character: 0 },
  ])
    assert.equal(membersAt(tree, place), undefined);
  assert.equal(membersAt([], { line: 0, character: 0 }), undefined);
});

test('what is no member or has no usable name is left out, and there are only so many', () => {
  const at = span(1, 0, 1, 1);
  const children = [
    node('a file', 0, at, at),
    node('', 5, at, at),
    node('x'.repeat(201), 5, at, at),
    ...Array.from({ length: 500 }, (_, index) => node(`m${index}`, 5, at, at)),
  ];
  const found = membersAt([node('x'.repeat(5000), 4, span(0, 0, 9, 0), span(0, 0, 0, 9), children)], { line: 0, character: 0 });
  assert.equal(found?.members[0]?.name, 'm0');
  assert.equal(found.members.length, 200);
  assert.equal(found.name.length, 200);
});

test('a tree without end is not followed for ever', () => {
  const children: SymbolNode[] = [];
  const endless = node('Loop', 4, span(0, 0, 9, 0), span(5, 0, 5, 4), children);
  children.push(endless);
  assert.equal(membersAt([endless], { line: 1, character: 0 }), undefined);
});
