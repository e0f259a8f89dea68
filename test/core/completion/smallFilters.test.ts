import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cutControlText } from '../../../server/core/completion/postprocess/cutControlText.ts';
import { cutLoops } from '../../../server/core/completion/postprocess/cutLoops.ts';
import { dropRestated } from '../../../server/core/completion/postprocess/dropRestated.ts';
import { fitIndentation } from '../../../server/core/completion/postprocess/fitIndentation.ts';
import { cutBack, healStart } from '../../../server/core/completion/postprocess/healStart.ts';
import { trimLeadingBlanks, trimTrailingBlanks } from '../../../server/core/completion/postprocess/trimBlanks.ts';

const loops: readonly [name: string, text: string, expected: string][] = [
  ['a loop keeps its first round', 'a.add(a.add(a.add(a.add(', 'a.add('],
  ['a loop of whole lines keeps the first', 'x = 1\n * @param b\n * @param b\n * @param b\n', 'x = 1\n * @param b\n'.slice(0, -1)],
  ['a table of alike but different lines is no loop', 'a1 = 1\na2 = 2\na3 = 3\na4 = 4\n', 'a1 = 1\na2 = 2\na3 = 3\na4 = 4\n'],
  ['a rule of dashes is no loop', '// --------------------------------', '// --------------------------------'],
  ['one sign without end is a loop', `x = ${'1'.repeat(400)}`, 'x = 1'],
  ['indentation is no loop', 'a\n                ', 'a\n                '],
  ['a short repetition is no loop', '[1, 1, 1]', '[1, 1, 1]'],
];
for (const [name, text, expected] of loops) test(name, () => assert.equal(cutLoops(text), expected));
test('ten thousand characters of loop are cut without delay', () => {
  assert.ok(cutLoops('ab cd ef '.repeat(1200)).length < 40);
});

const indentations: readonly [name: string, text: string, linePrefix: string, near: readonly string[], expected: string][] = [
  ['blanks become tabs where the file has tabs', '\n    a();\n    b();\n}', 'f() {', ['class A {', '\tx;', '\ty;'], '\n\ta();\n\tb();\n}'],
  ['tabs become blanks of the file’s width', '\n\ta();\n}', 'f() {', ['class A {', '  x;', '}'], '\n  a();\n}'],
  ['deeper levels, too', '\n    a {\n        b;\n    }\n}', 'f() {', ['f {', '\tx;'], '\n\ta {\n\t\tb;\n\t}\n}'],
  ['what fits already stays', '\n  a();\n}', 'f() {', ['x {', '  y;'], '\n  a();\n}'],
  ['a file without indentation decides nothing', '\n    a();', 'f() {', ['x', 'y'], '\n    a();'],
  ['one line is left alone', 'a\tb', 'x = ', ['\tx', '\ty'], 'a\tb'],
  ['the margin of a block comment is no level', '\n    /**\n     * x\n     */', 'class A {', ['{', '\tx;'], '\n\t/**\n\t * x\n\t */'],
];
for (const [name, text, linePrefix, near, expected] of indentations) test(name, () => assert.equal(fitIndentation(text, linePrefix, near), expected));

const controls: readonly [name: string, text: string, expected: string, over?: { languageId?: string; near?: string }][] = [
  ['a token of another family ends the answer', 'foo();<|endoftext|>import x', 'foo();'],
  ['so does one for holes', 'a + b<fim_middle>c', 'a + b'],
  ['and one with wide bars', 'a<｜fim▁end｜>', 'a'],
  ['the end of a text is none of it', 'foo();</s>', 'foo();'],
  ['but a tag in HTML', 'old</s>', 'old</s>', { languageId: 'html' }],
  ['a fence ends the code of a chat answer', 'foo();\n```\nThis calls foo.', 'foo();'],
  ['and is text in markdown', '```js\nfoo();\n```', '```js\nfoo();\n```', { languageId: 'markdown' }],
  ['a file about such tokens may have more of them', "'<|im_end|>',", "'<|im_end|>',", { near: "stop: ['<|im_end|>']" }],
  ['comparisons and generics are none', 'a < b && Map<string, A>()', 'a < b && Map<string, A>()'],
  ['nor is an index by a constant', 'table[PREFIX]', 'table[PREFIX]'],
  ['nor a pipe in a type', 'let f: A<|B|>', 'let f: A<|B|>'],
];
for (const [name, text, expected, over] of controls)
  test(`control text: ${name}`, () => assert.equal(cutControlText(text, { languageId: 'typescript', near: '', ...over }), expected));

const restated: readonly [name: string, text: string, linePrefix: string, above: readonly string[], expected: string][] = [
  ['the line above once more is nothing', 'cache.clear();', '  ', ['  cache.clear();'], ''],
  ['also as the rest of a line', ' = read();', 'const a', ['const a = read();'], ''],
  ['two lines above once more are nothing', 'open();\nclose();', '', ['open();', 'close();'], ''],
  ['a third time may be meant', 'tick();', '', ['tick();', 'tick();'], 'tick();'],
  ['signs alone say nothing', '},', '  ', ['  },'], '},'],
  ['a different line is kept', 'b();', '', ['a();'], 'b();'],
];
for (const [name, text, linePrefix, above, expected] of restated) test(name, () => assert.equal(dropRestated(text, linePrefix, above), expected));

test('one blank beside the cursor is enough', () => assert.equal(trimLeadingBlanks(' x', 'return '), 'x'));
test('a blank that is wanted stays', () => assert.equal(trimLeadingBlanks(' x', 'return'), ' x'));
test('an indentation behind blanks stays', () => assert.equal(trimLeadingBlanks('  x', '  '), '  x'));
test('empty lines before a body become one line break', () => assert.equal(trimLeadingBlanks('\n\n  \n  x', 'def f():'), '\n  x'));
test('blanks at the end go', () => assert.equal(trimTrailingBlanks('a \t\n  ', ''), 'a'));
test('before a brace that stands there the last line break stays', () => assert.equal(trimTrailingBlanks('\n  x\n', '}'), '\n  x\n'));

test('a blank at the end of the prompt is cut off', () => assert.deepEqual(cutBack('return '), { prefix: 'return', cut: ' ' }));
test('an indentation is not', () => assert.deepEqual(cutBack('a\n    '), { prefix: 'a\n    ', cut: '' }));
test('nor a half-typed word', () => assert.deepEqual(cutBack('con'), { prefix: 'con', cut: '' }));
test('the blank that was cut off is not written twice', () => assert.equal(healStart(' x', ' '), 'x'));
test('a model that leaves it out means the same', () => assert.equal(healStart('x', ' '), 'x'));
