import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { linesAbove, siteAfter, siteAt } from '../../../server/core/completion/site.ts';
import { cursorIn } from './cursor.ts';

test('the line is cut at the cursor and what follows begins on the next line', () => {
  const { linePrefix, lineSuffix, following, before, after } = cursorIn('one\ntwo |three\nfour\n');
  assert.deepEqual(
    { linePrefix, lineSuffix, following, before, after },
    { linePrefix: 'two ', lineSuffix: 'three', following: 'four\n', before: 'one\ntwo ', after: 'three\nfour\n' },
  );
});
test('CRLF is read as plain line breaks and remembered', () => {
  const site = cursorIn('one\r\ntwo|\r\nthree');
  assert.deepEqual([site.linePrefix, site.lineSuffix, site.following, site.eol], ['two', '', 'three', '\r\n']);
});
test('in a file of both kinds the nearest line break counts', () => {
  assert.equal(cursorIn('one\r\ntwo\nthree|').eol, '\n');
  assert.equal(cursorIn('one\ntwo\r\nthree|').eol, '\r\n');
});
test('a cursor inside a surrogate pair or a line break is moved before it', () => {
  assert.equal(siteAt('a👍b', 2).offset, 1);
  assert.equal(siteAt('a\r\nb', 2).offset, 1);
});
test('lines above come without the cursor line', () => assert.deepEqual(linesAbove(cursorIn('a\n\nb\nc|')), ['a', '', 'b']));
test('on the first line nothing stands above', () => assert.deepEqual(linesAbove(cursorIn('a|')), []));
test('what was taken stands before the cursor with the line breaks of the file', () => {
  const next = siteAfter(cursorIn('f(|)\r\n'), 'a,\nb');
  assert.equal(next.text, 'f(a,\r\nb)\r\n');
  assert.equal(next.linePrefix, 'b');
});
test('any offset of any text gives windows that meet at the cursor', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', '\n', '\r\n', '\t', '👍'), maxLength: 60 }), fc.integer({ min: -3, max: 130 }), (text, offset) => {
      const site = siteAt(text, offset);
      const plain = text.replaceAll('\r\n', '\n');
      assert.equal(site.before + site.after, plain);
      assert.ok(site.before.endsWith(site.linePrefix) && site.after.startsWith(site.lineSuffix));
    }),
  );
});
