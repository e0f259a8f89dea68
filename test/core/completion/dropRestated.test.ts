import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dropRestated } from '../../../server/core/completion/postprocess/dropRestated.ts';
import { linesAbove } from '../../../server/core/completion/site.ts';
import { cursorIn } from './cursor.ts';

function check(marked: string, text: string, expected: string): void {
  const site = cursorIn(marked);
  assert.equal(dropRestated(text, site.linePrefix, linesAbove(site)), expected);
}

const cases: readonly [name: string, marked: string, text: string, expected: string][] = [
  ['the line above once more is nothing', '  cache.clear();\n  |', 'cache.clear();', ''],
  ['also as the rest of a line', 'const a = read();\nconst a|', ' = read();', ''],
  ['two lines above once more are nothing', 'open();\nclose();\n|', 'open();\nclose();', ''],
  ['a third time may be meant', 'tick();\ntick();\n|', 'tick();', 'tick();'],
  ['signs alone say nothing', '  },\n  |', '},', '},'],
  ['a different line is kept', 'a();\n|', 'b();', 'b();'],
];
for (const [name, ...row] of cases) test(name, () => check(...row));
