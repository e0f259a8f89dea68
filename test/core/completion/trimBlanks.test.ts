import assert from 'node:assert/strict';
import { test } from 'node:test';
import { trimLeadingBlanks, trimTrailingBlanks } from '../../../server/core/completion/postprocess/trimBlanks.ts';
import { cursorIn } from './cursor.ts';

function check(marked: string, text: string, expected: string): void {
  const { linePrefix, lineSuffix } = cursorIn(marked);
  assert.equal(trimTrailingBlanks(trimLeadingBlanks(text, linePrefix), lineSuffix), expected);
}

const cases: readonly [name: string, marked: string, text: string, expected: string][] = [
  ['one blank beside the cursor is enough', 'return |', ' x', 'x'],
  ['a blank that is wanted stays', 'return|', ' x', ' x'],
  ['an indentation behind blanks stays', '  |', '  x', '  x'],
  ['empty lines before a body become one line break', 'def f():|', '\n\n  \n  x', '\n  x'],
  ['blanks at the end go', 'x = |', 'a \t\n  ', 'a'],
  ['before a brace that stands there the last line break stays', 'f() {|}', '\n  x\n', '\n  x\n'],
];
for (const [name, ...row] of cases) test(name, () => check(...row));
