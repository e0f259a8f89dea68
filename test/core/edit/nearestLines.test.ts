// What a refusal points at, and that the work for it is bounded.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alreadyPresent, nearestLines } from '../../../server/core/edit/nearestLines.ts';
import { documentLines } from '../../../server/core/edit/documentLines.ts';
import { matchEdit } from '../../../server/core/edit/matchEdit.ts';
import { explainMissing } from '../../../server/core/edit/refusalText.ts';

function check(name: string, { file, search, expected }: { file: string; search: string; expected: string | undefined }): void {
  test(name, () => {
    const lines = file.split('\n');
    const range = nearestLines(lines, search.split('\n'));
    assert.equal(range && lines.slice(range.start, range.end).join('\n'), expected);
  });
}

const file = 'import x from "x";\n\nfunction total(items) {\n  return items.length;\n}\n\nfunction mean(items) {\n  return sum(items) / items.length;\n}';

check('the window whose lines are most alike is found', {
  file,
  search: 'function mean(values) {\n  return sum(values) / values.length;\n}',
  expected: 'function mean(items) {\n  return sum(items) / items.length;\n}',
});
check('a window that begins before the file is cut', { file, search: 'import y from "y";\nimport x from "x";', expected: 'import x from "x";' });
check('lines that are like nothing find nothing', { file, search: 'SELECT * WHERE 1', expected: undefined });
check('blank lines find nothing', { file, search: '\n\n', expected: undefined });

test('a replacement that already stands there is found, whatever its line ends', () => {
  assert.equal(alreadyPresent(['a', 'foo();  ', 'bar();'], ['foo();', 'bar();']), 1);
  assert.equal(alreadyPresent(['a', '}'], ['}']), undefined);
  assert.equal(alreadyPresent(['a'], []), undefined);
});

test('the message quotes the nearest lines with their numbers', () => {
  const document = documentLines(file);
  const shown = { path: 'a.js', languageId: 'javascript', document, region: { start: 0, end: document.lines.length } };
  const message = explainMissing({ search: ['function total(list) {', '  return list.length;'], replace: [] }, shown);
  assert.match(
    message,
    /a\.js searches for lines that are not in the file.*nearest lines are:\n3 \| function total\(items\) \{\n4 \| {3}return items\.length;/s,
  );
});

test('a file of 20,000 equal lines and a search for hundreds of them end', () => {
  const lines = Array.from({ length: 20_000 }, () => '    const value = compute(one, two, three);');
  const search = [...lines.slice(0, 500), 'const value = compute(one, two, four);'];
  assert.equal(matchEdit(lines, { search, replace: ['x'] }).kind, 'noMatch');
  assert.ok(nearestLines(lines, search));
  assert.equal(matchEdit(lines, { search: lines.slice(0, 500), replace: [] }).kind, 'severalMatches');
});
