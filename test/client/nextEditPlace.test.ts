import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { afterChanges, describeEdit, ghostInsertion, isIndentation, shownInLine } from '../../client/nextEditPlace.ts';

const text = 'one(price);\ntwo(price);\n';
const at = text.lastIndexOf('price');
const edit = { start: at, end: at + 5, oldText: 'price', newText: 'cost' };

/** `[offset, length, text]` of each change. */
function after(...changes: readonly [number, number, string][]) {
  return afterChanges(
    edit,
    changes.map(([rangeOffset, rangeLength, inserted]) => ({ rangeOffset, rangeLength, text: inserted })),
    (start, end) => text.slice(start, end),
  );
}

const cases: readonly [name: string, changes: readonly [number, number, string][], expected: 'taken' | 'gone' | number][] = [
  ['a change before it moves it along', [[0, 3, 'first']], at + 2],
  ['one behind it leaves it', [[text.length, 0, 'x']], at],
  [
    'several before and behind',
    [
      [text.length, 0, 'x'],
      [4, 5, ''],
      [0, 0, 'ab'],
    ],
    at - 3,
  ],
  ['one inside ends it', [[at + 1, 1, 'x']], 'gone'],
  ['one right beside it ends it as well: the word is another one now', [[at + 5, 0, 's']], 'gone'],
  ['one that holds it', [[at - 2, 9, '']], 'gone'],
  ['the edit itself', [[at, 5, 'cost']], 'taken'],
  ['the edit with what stands before it', [[at - 4, 9, 'two(cost']], 'taken'],
  ['the edit without what is the same', [[at, 5, 'cost']], 'taken'],
  ['another word than the one that was suggested', [[at, 5, 'costs']], 'gone'],
];
for (const [name, changes, expected] of cases) {
  test(name, () => {
    const result = after(...changes);
    if (typeof expected === 'string') assert.equal(result.kind, expected);
    else assert.deepEqual(result, { kind: 'moved', edit: { ...edit, start: expected, end: expected + 5 } });
  });
}

test('wherever it is moved to, the same text stands there', () => {
  const change = fc.record({ rangeOffset: fc.nat(text.length), rangeLength: fc.nat(6), text: fc.string({ maxLength: 4 }) });
  fc.assert(
    fc.property(change, (one) => {
      const length = Math.min(one.rangeLength, text.length - one.rangeOffset);
      const now = text.slice(0, one.rangeOffset) + one.text + text.slice(one.rangeOffset + length);
      const result = afterChanges(edit, [{ ...one, rangeLength: length }], (start, end) => text.slice(start, end));
      if (result.kind === 'moved') assert.equal(now.slice(result.edit.start, result.edit.end), edit.oldText);
      if (result.kind === 'taken') assert.equal(now, text.slice(0, at) + edit.newText + text.slice(at + 5));
    }),
    { numRuns: 2000 },
  );
});

test('a new line is shown in the line that it follows', () => {
  assert.equal(shownInLine('\r\n    this.b = b;'), ' ↵ this.b = b;');
  assert.equal([...shownInLine('😀'.repeat(300))].length, 121);
});

test('ghost text only inserts, behind the cursor and in its line', () => {
  const insertion = { start: 10, end: 10, oldText: '', newText: ', b' };
  assert.equal(ghostInsertion(insertion, { offset: 8, lineEnd: 12, textBetween: ' a' }), ' a, b');
  assert.equal(ghostInsertion(insertion, { offset: 11, lineEnd: 12, textBetween: '' }), undefined);
  assert.equal(ghostInsertion(insertion, { offset: 2, lineEnd: 5, textBetween: '' }), undefined);
  assert.equal(ghostInsertion({ ...insertion, oldText: 'x' }, { offset: 8, lineEnd: 12, textBetween: '' }), undefined);
});

test('before the text of a line Tab indents', () => {
  assert.deepEqual(['', '  ', '\t', '  a'].map(isIndentation), [true, true, true, false]);
});

test('what is read out says what happens where', () => {
  assert.equal(describeEdit(edit, 2), 'Next edit in line 2: replace "price" with "cost"');
  assert.equal(describeEdit({ ...edit, oldText: '' }, 2), 'Next edit in line 2: insert "cost"');
  assert.equal(describeEdit({ ...edit, newText: '' }, 2), 'Next edit in line 2: delete "price"');
});
