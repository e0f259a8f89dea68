import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cutBack, healStart } from '../../../server/core/completion/postprocess/healStart.ts';
import { cursorIn } from './cursor.ts';

/** What the model reads before the cursor, and what is shown of its answer. */
function check(marked: string, asked: string, answer: string, expected: string): void {
  const { prefix, cut } = cutBack(cursorIn(marked).before);
  assert.deepEqual([prefix, healStart(answer, cut)], [asked, expected]);
}

const cases: readonly [name: string, marked: string, asked: string, answer: string, expected: string][] = [
  ['a blank at the end is cut off the prompt, and not written twice', 'return |', 'return', ' x', 'x'],
  ['a model that leaves it out means the same', 'return |', 'return', 'x', 'x'],
  ['an indentation is not cut off', 'a\n    |', 'a\n    ', '  x', '  x'],
  ['nor a half-typed word', 'con|', 'con', 'sole', 'sole'],
  ['while there is no answer there is nothing', 'return |', 'return', '', ''],
];
for (const [name, ...row] of cases) test(name, () => check(...row));
