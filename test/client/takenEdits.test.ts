// How many of the proposed changes a document took.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { countTakenEdits, type OffsetEdit } from '../../client/takenEdits.ts';

function applied(before: string, edits: readonly OffsetEdit[]): string {
  let text = before;
  for (const { start, end, newText } of edits.toReversed()) text = text.slice(0, start) + newText + text.slice(end);
  return text;
}

const edits: readonly OffsetEdit[] = [
  { start: 0, end: 1, newText: 'A' },
  { start: 4, end: 4, newText: 'x\n' },
  { start: 6, end: 8, newText: '' },
];
const before = 'a\nb\nc\nd\ne\n';

for (let mask = 0; mask < 8; mask++) {
  test(`the edits ${mask.toString(2).padStart(3, '0')} are counted`, () => {
    const taken = edits.filter((_, index) => (mask & (1 << index)) !== 0);
    assert.equal(countTakenEdits(before, applied(before, taken), edits), taken.length);
  });
}

test('a text that something else changed gives no count', () => {
  assert.equal(countTakenEdits(before, `${applied(before, edits)}more`, edits), undefined);
  assert.equal(countTakenEdits(before, '', edits), undefined);
});

test('the count is never too small for what was taken, and exists for every choice', () => {
  const piece = fc.constantFrom('a', 'b', '\n', 'aa');
  fc.assert(
    fc.property(fc.array(fc.tuple(piece, piece, fc.option(piece, { nil: '' }), fc.boolean()), { maxLength: 8 }), (parts) => {
      let text = '';
      const all: OffsetEdit[] = [];
      const taken: OffsetEdit[] = [];
      for (const [kept, old, newText, isTaken] of parts) {
        text += kept;
        const edit = { start: text.length, end: text.length + old.length, newText };
        text += old;
        all.push(edit);
        if (isTaken) taken.push(edit);
      }
      const count = countTakenEdits(text, applied(text, taken), all);
      assert.ok(count !== undefined && count >= taken.length - all.filter(({ start, end, newText }) => text.slice(start, end) === newText).length);
    }),
  );
});
