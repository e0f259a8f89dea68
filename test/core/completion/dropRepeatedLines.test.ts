import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openAbove } from '../../../server/core/completion/openAbove.ts';
import { dropRepeatedLines } from '../../../server/core/completion/postprocess/dropRepeatedLines.ts';
import { linesAbove } from '../../../server/core/completion/site.ts';
import { cursorIn } from './cursor.ts';

function check(marked: string, text: string, expected: string, languageId = 'typescript'): void {
  const site = cursorIn(marked);
  const plain = text.replaceAll('¦', '|');
  assert.equal(
    dropRepeatedLines(plain, {
      languageId,
      above: linesAbove(site),
      following: site.following,
      linePrefix: site.linePrefix,
      openAbove: openAbove(site, languageId),
    }),
    expected.replaceAll('¦', '|'),
  );
}

const repeated: readonly [name: string, marked: string, text: string, expected: string, languageId?: string][] = [
  ['lines that follow are not repeated', 'function f() {\n  |\n  b();\n}', 'a();\n  b();\n}', 'a();'],
  ['a next line that is restated alone is dropped', '  |\n  return a;\n}', 'return a;', ''],
  ['blank lines between do not hide the repetition', '|\n\nexport const b = 2;\n', 'export const a = 1;\n\nexport const b = 2;', 'export const a = 1;'],
  ['a closer in the very same column would be the second one', 'function f() {|\n}\n', '\n  return 1;\n}', '\n  return 1;'],
  ["Ruby's end, too", 'def f|\nend\n', '\n  1\nend', '\n  1', 'ruby'],
  [
    'two telling lines are the file’s own, whatever comes behind',
    '|\nconst a = read();\nconst b = a + 1;\nshow(b);',
    'open();\nconst a = read();\nconst b = a + 1;\nother(b);',
    'open();',
  ],
  ['behind a break nothing may stand, so not another one', 'case 1:\n  a();\n  |\n  break;\ncase 2:', 'break;', ''],
  ['also at the end of what is new', '  |\n  break;\ncase 2:', 'a();\n  break;', 'a();'],
  ['nor behind a return without a value', 'def f():\n  |\n  return\n', 'a()\n  return', 'a()', 'python'],
  ['a bracket in a regular expression is none', '|\n  b(c);\n', 'a.split(/[(]/);\n  b(c);', 'a.split(/[(]/);'],
  ['nor is one in a docstring', 'def f():\n    """A\n    |\n    of it all.\n    """', 'B (if\n    of it all.', 'B (if', 'python'],
  ['the line together with what stands before the cursor is compared', 'const a = |\nconst a = read();\n', 'read();', ''],
];
for (const [name, ...row] of repeated) test(name, () => check(...row));

// The hazard set: here a repetition is right.
const right: readonly [name: string, marked: string, text: string, languageId?: string][] = [
  ['a closing brace of an inner block is kept although one follows further out', 'for (;;) {\n  if (a) {|\n}\n', '\n    b();\n  }'],
  ['a closing brace is kept although a brace stands further below', '|\n\nfunction g() {\n}', 'x\n}'],
  ['the closer of a block that the suggestion opened itself is kept', '{\n  |\n}\n', 'if (a) {\n  b();\n}'],
  ['a third equal call in a list of equal calls', 'tick();\ntick();\n|\ntick();\n', 'tick();'],
  ['a row of a table that repeats itself', '¦ a ¦ b ¦\n|\n¦ --- ¦ --- ¦\n', '¦ --- ¦ --- ¦', 'markdown'],
  ['a row of numbers', 'const m = [\n  0, 0, 0,\n  |\n  0, 0, 0,\n];', '0, 0, 0,'],
  ['two equal elements in a row', '<div>\n  <br />\n  |\n  <br />\n</div>', '<br />', 'html'],
  ['break before that of the block around', 'case 1:\n  if (a)\n    |\n  break;\ncase 2:', 'break;'],
  ['a return before that of the function', 'if (a)\n    |\n  return;\n}', 'return;'],
  ['else before what also begins with else', 'if (a) b();\n|\nelse c();', 'else if (d) e();'],
  ['a line that only begins like the next one', '|\nconst total = 1;', 'const tot = 1;'],
  ['nothing below changes nothing', 'foo(|', 'bar)'],
  ['padding of test data', "push('x');\npush('x');\n|\npush('x');\nend();", "push('x');\npush('x');"],
  ['an inner end before an outer one', 'def f\n  if a|\nend\n', '\n    1\n  end', 'ruby'],
];
for (const [name, marked, text, languageId] of right) test(`kept: ${name}`, () => check(marked, text, text, languageId));
