import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fitIndentation } from '../../../server/core/completion/postprocess/fitIndentation.ts';
import { linesAbove } from '../../../server/core/completion/site.ts';
import { cursorIn } from './cursor.ts';

function check(marked: string, text: string, expected: string): void {
  const site = cursorIn(marked);
  assert.equal(fitIndentation(text, site.linePrefix, [...linesAbove(site), ...site.following.split('\n')]), expected);
}

const cases: readonly [name: string, marked: string, text: string, expected: string][] = [
  ['blanks become tabs where the file has tabs', 'class A {\n\tx;\n\ty;\n}\nf() {|', '\n    a();\n    b();\n}', '\n\ta();\n\tb();\n}'],
  ['tabs become blanks of the file’s width', 'f() {|\nclass A {\n  x;\n}', '\n\ta();\n}', '\n  a();\n}'],
  ['deeper levels, too', 'f {\n\tx;\n}\nf() {|', '\n    a {\n        b;\n    }\n}', '\n\ta {\n\t\tb;\n\t}\n}'],
  ['what fits already stays', 'x {\n  y;\n}\nf() {|', '\n  a();\n}', '\n  a();\n}'],
  ['a file without indentation decides nothing', 'x\ny\nf() {|', '\n    a();', '\n    a();'],
  ['one line is left alone', '\tx\n\ty\nx = |', 'a\tb', 'a\tb'],
  ['the margin of a block comment is no level', '{\n\tx;\n}\nclass A {|', '\n    /**\n     * x\n     */', '\n\t/**\n\t * x\n\t */'],
];
for (const [name, ...row] of cases) test(name, () => check(...row));
