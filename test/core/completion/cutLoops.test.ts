import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cutLoops } from '../../../server/core/completion/postprocess/cutLoops.ts';
import { cursorIn } from './cursor.ts';

/** A loop is one whatever stands around the cursor: the line is there to be read. */
function check(marked: string, text: string, expected: string): void {
  const { linePrefix } = cursorIn(marked);
  assert.equal(linePrefix + cutLoops(text), linePrefix + expected);
}

const cases: readonly [name: string, marked: string, text: string, expected: string][] = [
  ['a loop keeps its first round', 'list.|', 'a.add(a.add(a.add(a.add(', 'a.add('],
  ['a loop of whole lines keeps the first', '|', 'x = 1\n * @param b\n * @param b\n * @param b\n', 'x = 1\n * @param b'],
  ['a table of alike but different lines is no loop', '|', 'a1 = 1\na2 = 2\na3 = 3\na4 = 4\n', 'a1 = 1\na2 = 2\na3 = 3\na4 = 4\n'],
  ['a rule of dashes is no loop', '|', '// --------------------------------', '// --------------------------------'],
  ['one sign without end is a loop', 'const a = |', `x = ${'1'.repeat(400)}`, 'x = 1'],
  ['indentation is no loop', '|', 'a\n                ', 'a\n                '],
  ['a short repetition is no loop', 'const a = |', '[1, 1, 1]', '[1, 1, 1]'],
];
for (const [name, ...row] of cases) test(name, () => check(...row));
test('ten thousand characters of loop are cut without delay', () => {
  assert.ok(cutLoops('ab cd ef '.repeat(1200)).length < 40);
});
