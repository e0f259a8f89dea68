import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endOfBlock, shapeFor } from '../../../server/core/completion/shape.ts';
import { triggerVerdict } from '../../../server/core/completion/trigger.ts';

/** `|` is the cursor. */
function around(line: string): { readonly linePrefix: string; readonly lineSuffix: string } {
  const [linePrefix = '', lineSuffix = ''] = line.split('|');
  return { linePrefix, lineSuffix };
}

const shapes: readonly [name: string, line: string, expected: 'line' | 'block', over?: { multiLine?: 'never' | 'always'; isExplicit?: boolean }][] = [
  ['a half statement is completed to its line', 'const a = |', 'line'],
  ['a blank line gets a block', '    |', 'block'],
  ['an opened brace gets a block', 'function f() {|', 'block'],
  ["Python's colon gets a block", 'def f(a, b):|', 'block'],
  ['an arrow at the end gets a block', 'items.map((item) =>|', 'block'],
  ['with text behind the cursor only the line is completed', 'foo(|bar, baz)', 'line'],
  ['closers behind the cursor do not forbid an answer', 'foo(|)', 'line'],
  ['never means never', 'function f() {|', 'line', { multiLine: 'never' }],
  ['always gives a block at the end of a line', 'const a = |', 'block', { multiLine: 'always' }],
  ['asked for explicitly, a block is allowed', 'const a = |', 'block', { isExplicit: true }],
];
for (const [name, line, expected, over] of shapes) {
  test(name, () => assert.equal(shapeFor({ ...around(line), multiLine: over?.multiLine ?? 'auto', isExplicit: over?.isExplicit ?? false }), expected));
}

const blocks: readonly [name: string, linePrefix: string, text: string, expected: string, isComplete: boolean][] = [
  ['a body ends with its closer', 'function f() {', '\n  return 1;\n}\n\nfunction g() {', '\n  return 1;\n}', true],
  ["Python's body ends at the next statement of the same level", 'def f():', '\n    return 1\nprint(f())', '\n    return 1', true],
  ['a block ends where the indentation falls below its own', '    ', 'a = 1\n    b = 2\nc = 3', 'a = 1\n    b = 2', true],
  ['on a blank line the paragraph ends at a blank line', '', 'a = 1\nb = 2\n\nc = 3\n', 'a = 1\nb = 2\n', true],
  ['a growing line is not taken for the end', 'function f() {', '\n  return 1;\n', '\n  return 1;\n', false],
  ['two blank lines end everything', '  ', 'a();\n\n\n  b();', 'a();\n', true],
  ['an inner closer does not end the outer block', 'class A {', '\n  f() {\n  }\n  g() {\n  }\n}\nx', '\n  f() {\n  }\n  g() {\n  }\n}', true],
];
for (const [name, linePrefix, text, expected, isComplete] of blocks) {
  test(name, () => assert.deepEqual(endOfBlock(text, linePrefix), { text: expected, isComplete }));
}

const verdicts: readonly [name: string, line: string, expected: string, over?: { isExplicit?: boolean; excludedLanguages?: string[] }][] = [
  ['at the end of a word a suggestion may come', 'cons|', 'ask'],
  ['inside a word nothing is suggested by itself', 'con|sole', 'insideWord'],
  ['inside a word of another script neither', 'имя|имя', 'insideWord'],
  ['inside a word it comes when asked for', 'con|sole', 'ask', { isExplicit: true }],
  ['an excluded language is left alone', 'x|', 'excludedLanguage', { excludedLanguages: ['typescript'] }],
  ['before a closer a suggestion may come', 'foo(|)', 'ask'],
];
for (const [name, line, expected, over] of verdicts) {
  test(name, () =>
    assert.equal(
      triggerVerdict({ ...around(line), languageId: 'typescript', excludedLanguages: over?.excludedLanguages ?? [], isExplicit: over?.isExplicit ?? false }),
      expected,
    ),
  );
}
