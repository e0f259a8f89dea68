import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cutLoops } from '../../../server/core/completion/postprocess/cutLoops.ts';
import { dropSuffixOverlap } from '../../../server/core/completion/postprocess/dropSuffixOverlap.ts';
import { postprocess } from '../../../server/core/completion/postprocess/postprocess.ts';
import { holdsInvisibleCharacters } from '../../../server/core/safety/invisible.ts';

const overlaps: readonly [name: string, text: string, lineSuffix: string, following: string, expected: string][] = [
  ['a closer that stands there already is not repeated', 'bar)', ')', '', 'bar'],
  ['two closers neither', 'bar));', '));', '', 'bar'],
  ['a closer that the suggestion itself opened is kept', 'g(1)', ')', '', 'g(1)'],
  ['the surplus closer goes, its own stays', 'g(1))', ')', '', 'g(1)'],
  ['a closing quote that stands there is not repeated', "hello'", "'", '', 'hello'],
  ['the rest of the line is not repeated', 'a + b);', '+ b);', '', 'a '],
  ['lines that follow are not repeated', 'a();\n  b();\n}', '', '  b();\n}', 'a();'],
  ['a next line that is restated alone is dropped', 'return a;', '', '  return a;\n}', ''],
  ['a closing brace is kept although a brace follows', 'x\n}', '', '\n\nfunction g() {\n}', 'x\n}'],
  ['nothing after the cursor changes nothing', 'bar)', '', '', 'bar)'],
];
for (const [name, text, lineSuffix, following, expected] of overlaps) {
  test(name, () => assert.equal(dropSuffixOverlap(text, lineSuffix, following), expected));
}

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

const base = { isCutShort: false, shape: 'line', linePrefix: 'x = ', lineSuffix: '', following: '', eol: '\n' } as const;
test('a line suggestion never has a second line', () => assert.deepEqual(postprocess({ ...base, text: 'a\nb' }), { shown: 'a' }));
test('blanks at the end go', () => assert.deepEqual(postprocess({ ...base, text: 'a  \t' }), { shown: 'a' }));
test('blanks alone are nothing', () => assert.deepEqual(postprocess({ ...base, text: '   ' }), { hidden: 'empty' }));
test('what stands there already is nothing', () => assert.deepEqual(postprocess({ ...base, text: ')', lineSuffix: ')' }), { hidden: 'repeatsWhatFollows' }));
test('a block that was cut short loses its half line', () =>
  assert.deepEqual(postprocess({ ...base, shape: 'block', linePrefix: 'def f():', text: '\n    a = 1\n    retu', isCutShort: true }), {
    shown: '\n    a = 1',
  }));
test('CRLF files get CRLF', () => assert.deepEqual(postprocess({ ...base, shape: 'block', linePrefix: '', text: 'a\nb', eol: '\r\n' }), { shown: 'a\r\nb' }));

for (const [name, character] of [
  ['right-to-left override', '\u202e'],
  ['zero-width space', '\u200b'],
  ['a tag character', '\u{e0041}'],
  ['escape', '\u001b'],
  ['soft hyphen', '\u00ad'],
] as const) {
  test(`text with ${name} is not shown`, () => assert.deepEqual(postprocess({ ...base, text: `a${character}b` }), { hidden: 'invisibleCharacters' }));
}
test('letters of any script, emoji and tabs are visible', () => assert.equal(holdsInvisibleCharacters('имя = "日本語 👩‍💻 עברית"\t// ok'), false));
