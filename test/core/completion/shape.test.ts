import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Shape } from '../../../server/core/completion/shape.ts';
import { endOfBlock, endOfShape, shapeFor } from '../../../server/core/completion/shape.ts';
import type { Scope } from '../../../server/core/completion/lexLine.ts';
import { delayBefore, triggerVerdict } from '../../../server/core/completion/trigger.ts';
import { cursorIn } from './cursor.ts';

/** `|` is the cursor. */
function around(line: string): { readonly linePrefix: string; readonly lineSuffix: string } {
  const [linePrefix = '', lineSuffix = ''] = line.split('|');
  return { linePrefix, lineSuffix };
}

const shapes: readonly [
  name: string,
  line: string,
  expected: Shape,
  over?: { multiLine?: 'never' | 'always'; isExplicit?: boolean; isAfterAccept?: boolean; languageId?: string },
][] = [
  ['a half statement is completed', 'const a = |', 'statement'],
  ['a blank line gets a block', '    |', 'block'],
  ['an opened brace gets a block', 'function f() {|', 'block'],
  ["Python's colon gets a block", 'def f(a, b):|', 'block'],
  ['a head in Ruby needs no sign', '  if a|', 'block', { languageId: 'ruby' }],
  ['and none has a body on its own line', '  if a then b end|', 'statement', { languageId: 'ruby' }],
  ['a function in Lua', 'local function f(a)|', 'block', { languageId: 'lua' }],
  ['an arrow at the end gets a block', 'items.map((item) =>|', 'block'],
  ['with text behind the cursor only the line is completed', 'foo(|bar, baz)', 'line'],
  ['closers behind the cursor do not forbid an answer', 'foo(|)', 'line'],
  ['in a comment the line is enough', '// as in |', 'line'],
  ['a colon in a comment begins no block', '# note:|', 'line'],
  ['after an acceptance the next statement may come', 'const a = 1;|', 'next', { isAfterAccept: true }],
  ['after the head of a function its body', 'function f() {|', 'block', { isAfterAccept: true }],
  ['never means never', 'function f() {|', 'line', { multiLine: 'never' }],
  ['always gives a block at the end of a line', 'const a = |', 'block', { multiLine: 'always' }],
  ['asked for explicitly, a block is allowed', 'const a = |', 'block', { isExplicit: true }],
];
for (const [name, line, expected, over] of shapes) {
  test(name, () =>
    assert.equal(
      shapeFor({ ...around(line), languageId: line.startsWith('#') ? 'python' : 'typescript', multiLine: 'auto', isExplicit: false, ...over }),
      expected,
    ),
  );
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

const statements: readonly [name: string, linePrefix: string, text: string, expected: string, isComplete: boolean][] = [
  ['a statement ends with its line', 'const a = ', 'b;\nconst c', 'b;', true],
  ['while its line grows it is not complete', 'const a = ', 'b', 'b', false],
  ['an open bracket goes on', 'const a = ', 'f(\n  b,\n', 'f(\n  b,\n', false],
  ['and ends where it is closed', 'const a = ', 'f(\n  b,\n);\nc', 'f(\n  b,\n);', true],
  ['an object is a value', 'return ', '{\n  a,\n};\n}', '{\n  a,\n};', true],
  ['a body belongs to its head', 'if (a) ', '{\n  b();\n}\nc();', '{\n  b();\n}', true],
  ['a head whose body comes on the next line', 'if (a', ')\n  b();\nc();', ')\n  b();', true],
  ['a function as an argument goes on to its end', 'items.', 'map((a) => {\n  b();\n});\nx', 'map((a) => {\n  b();\n});', true],
  ['an operator at the end goes on', 'const a = ', 'b +\n  c;\nd', 'b +\n  c;', true],
  ['a line of the same level ends what was never closed', 'const a = ', 'f(\nconst b', 'f(', true],
];
for (const [name, linePrefix, text, expected, isComplete] of statements) {
  test(name, () => assert.deepEqual(endOfShape(text, 'statement', { linePrefix, languageId: 'typescript' }), { text: expected, isComplete }));
}

const nexts: readonly [name: string, text: string, expected: string, isComplete: boolean][] = [
  ['the next statement on its line', '\n  b();\n  c();', '\n  b();', true],
  ['one blank line may stand between', '\n\n  b();\n', '\n\n  b();', true],
  ['a new paragraph of blank lines is nothing', '\n\n\n  b();\n', '', true],
  ['line breaks alone may still become something', '\n', '', false],
  ['the rest of the line first', ' // why\nb();', ' // why', true],
];
for (const [name, text, expected, isComplete] of nexts) {
  test(`after an acceptance: ${name}`, () =>
    assert.deepEqual(endOfShape(text, 'next', { linePrefix: '  a();', languageId: 'typescript' }), { text: expected, isComplete }));
}

const verdicts: readonly [
  name: string,
  line: string,
  expected: string,
  over?: { isExplicit?: boolean; isJustRejected?: boolean; excludedLanguages?: string[]; excludedScopes?: Scope[]; languageId?: string },
][] = [
  ['at the end of a word a suggestion may come', 'cons|', 'ask'],
  ['inside a word nothing is suggested by itself', 'con|sole', 'insideWord'],
  ['inside a word of another script neither', 'имя|имя', 'insideWord'],
  ['inside a word it comes when asked for', 'con|sole', 'ask', { isExplicit: true }],
  ['an excluded language is left alone', 'x|', 'excludedLanguage', { excludedLanguages: ['typescript'] }],
  ['before a closer a suggestion may come', 'foo(|)', 'ask'],
  ['a word in the middle of a line is being corrected', 'foo(a|, b)', 'middleOfLine'],
  ['behind a sign in the middle of a line something new may be wanted', 'foo(|, b)', 'ask'],
  ['a half word before closers is completed', 'foo(ba|);', 'ask'],
  ['comments are served', '// this is why |', 'ask'],
  ['strings are served', 'say("hello |")', 'ask'],
  ['unless they are excluded', 'say("hello |")', 'excludedScope', { excludedScopes: ['string'] }],
  ['comments, too', '// this is why |', 'excludedScope', { excludedScopes: ['comment'] }],
  ['of every language', 'x = 1  # why |', 'excludedScope', { excludedScopes: ['comment'], languageId: 'python' }],
  ['an address is no comment', 'open("http://a/b"|', 'ask', { excludedScopes: ['comment'] }],
  ['a block comment counts', '/* one\n * two |', 'excludedScope', { excludedScopes: ['comment'] }],
  ['behind a block comment there is code', '/* one */ x = |', 'ask', { excludedScopes: ['comment'] }],
  ['where something was turned down a moment ago nothing comes by itself', 'x = |', 'turnedDown', { isJustRejected: true }],
  ['but does when asked for', 'x = |', 'ask', { isJustRejected: true, isExplicit: true }],
  ['a docstring is a string', 'def f():\n  """One\n  two |', 'excludedScope', { excludedScopes: ['string'], languageId: 'python' }],
];
for (const [name, marked, expected, over] of verdicts) {
  test(name, () =>
    assert.equal(
      triggerVerdict({
        site: cursorIn(marked),
        languageId: 'typescript',
        excludedLanguages: [],
        excludedScopes: [],
        isJustRejected: false,
        isExplicit: false,
        ...over,
      }),
      expected,
    ),
  );
}

const idle = { meanGapMs: 150, sinceKeystrokeMs: 0, meanLatencyMs: 60, isEngineIdle: true, backOffMs: 0, mostMs: 300 };
test('an idle engine that answers before the next key is asked at once', () => assert.equal(delayBefore(idle), 0));
test('a busy engine waits for a pause in typing', () => assert.ok(delayBefore({ ...idle, isEngineIdle: false }) > idle.meanGapMs));
test('the slower the answer, the surer the pause', () => {
  const waits = [200, 400, 800].map((meanLatencyMs) => delayBefore({ ...idle, meanLatencyMs, mostMs: 5000 }));
  assert.ok(waits[0]! > 0 && waits[0]! < waits[1]! && waits[1]! <= waits[2]!);
});
test('never longer than the setting', () => assert.equal(delayBefore({ ...idle, meanLatencyMs: 3000, mostMs: 100 }), 100));
test('what has passed of the pause is not waited for again', () => {
  const slow = { ...idle, meanLatencyMs: 800 };
  assert.equal(delayBefore({ ...slow, sinceKeystrokeMs: 1000 }), 0);
  assert.equal(delayBefore(slow) - delayBefore({ ...slow, sinceKeystrokeMs: 50 }), 50);
});
test('after suggestions were turned down it waits longer', () => assert.equal(delayBefore({ ...idle, backOffMs: 600 }), 600));
