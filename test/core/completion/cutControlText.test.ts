import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cutControlText } from '../../../server/core/completion/postprocess/cutControlText.ts';
import { cursorIn } from './cursor.ts';

function check(marked: string, text: string, expected: string, languageId = 'typescript'): void {
  const { before, after } = cursorIn(marked);
  assert.equal(cutControlText(text, { languageId, near: before + after }), expected);
}

const cases: readonly [name: string, marked: string, text: string, expected: string, languageId?: string][] = [
  ['a token of another family ends the answer', '|', 'foo();<|endoftext|>import x', 'foo();'],
  ['so does one for holes', 'const x = |;', 'a + b<fim_middle>c', 'a + b'],
  ['and one with wide bars', 'const x = |;', 'a<｜fim▁end｜>', 'a'],
  ['the end of a text is none of it', '|', 'foo();</s>', 'foo();'],
  ['but a tag in HTML', '<s>|', 'old</s>', 'old</s>', 'html'],
  ['a fence ends the code of a chat answer', '|', 'foo();\n```\nThis calls foo.', 'foo();'],
  ['and is text in markdown', '|', '```js\nfoo();\n```', '```js\nfoo();\n```', 'markdown'],
  ['a file about such tokens may have more of them', "stop: ['<¦im_end¦>', |]", "'<|im_end|>',", "'<|im_end|>',"],
  ['comparisons and generics are none', 'if (|', 'a < b && Map<string, A>()', 'a < b && Map<string, A>()'],
  ['nor is an index by a constant', 'x = |', 'table[PREFIX]', 'table[PREFIX]'],
  ['nor a pipe in a type', '|', 'let f: A<|B|>', 'let f: A<|B|>'],
];
for (const [name, ...row] of cases) test(name, () => check(...row));
