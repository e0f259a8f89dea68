import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PostprocessInput } from '../../../server/core/completion/postprocess/postprocess.ts';
import { postprocess } from '../../../server/core/completion/postprocess/postprocess.ts';
import { holdsInvisibleCharacters } from '../../../server/core/safety/invisible.ts';
import { cursorIn } from './cursor.ts';

function run(marked: string, text: string, over: Partial<PostprocessInput> = {}) {
  return postprocess({ text, end: 'ended', shape: 'line', site: cursorIn(marked), languageId: 'typescript', ...over });
}
const shown = (marked: string, text: string, over?: Partial<PostprocessInput>) => {
  const result = run(marked, text, over);
  return 'shown' in result ? result.shown : `(${result.hidden})`;
};

test('a line suggestion never has a second line', () => assert.equal(shown('x = |', 'a\nb'), 'a'));
test('blanks at the end go', () => assert.equal(shown('x = |', 'a  \t'), 'a'));
test('blanks alone are nothing', () => assert.equal(shown('x = |', '   '), '(empty)'));
test('what stands there already is nothing', () => assert.equal(shown('f(|)', ')'), '(repeatsWhatFollows)'));
test('what stands above already is nothing', () => assert.equal(shown('cache.clear();\n|', 'cache.clear();'), '(restatesWhatStands)'));
test('a block that was cut short loses its half line', () =>
  assert.equal(shown('def f():|', '\n    a = 1\n    retu', { shape: 'block', end: 'cut', languageId: 'python' }), '\n    a = 1'));
test('one half line is kept', () => assert.equal(shown('x = |', 'alpha + be', { end: 'cut' }), 'alpha + be'));
test('a secret is not shown, also when it began before the cursor', () =>
  assert.equal(shown('const apiKey = "|"', 'q8Zt4mLp2xW7vB9nR3yK'.concat('"')), '(secret)'));
test('a new statement behind a finished one is not shown by itself', () =>
  assert.equal(shown('const a = 1;|\n', '\nconst b = 2;', { shape: 'statement' }), '(empty)'));
test('after an acceptance it is', () => assert.equal(shown('const a = 1;|\n', '\nconst b = 2;\nconst c = 3;', { shape: 'next' }), '\nconst b = 2;'));
test('whole lines behind the end are kept for later', () =>
  assert.deepEqual(run('function f() {|', '\n  a();\n}\n\nfunction g() {\n  b();\n}\nfun', { shape: 'block', end: 'cut' }), {
    shown: '\n  a();\n}',
    tail: '\n\nfunction g() {\n  b();\n}',
  }));
test('an object is completed to its closing brace', () =>
  assert.equal(shown('const a = |', '{\n  x: 1,\n};\nconst b = 2;', { shape: 'statement' }), '{\n  x: 1,\n};'));
test('the head of a function comes with its body', () =>
  assert.equal(shown('function f|', '(a) {\n  return a;\n}\nb();', { shape: 'statement' }), '(a) {\n  return a;\n}'));

for (const [name, character] of [
  ['right-to-left override', '\u202e'],
  ['zero-width space', '\u200b'],
  ['a tag character', '\u{e0041}'],
  ['escape', '\u001b'],
  ['soft hyphen', '\u00ad'],
] as const) {
  test(`text with ${name} is not shown`, () => assert.equal(shown('x = |', `a${character}b`), '(invisibleCharacters)'));
}
test('letters of any script, emoji and tabs are visible', () => assert.equal(holdsInvisibleCharacters('имя = "日本語 👩‍💻 עברית"\t// ok'), false));
