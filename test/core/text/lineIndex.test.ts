// Offsets and LSP positions: the same answers as vscode-languageserver-textdocument gives, for every text.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { indexLines, lineBreak, lineEnd, lineText, offsetAt, positionAt } from '../../../server/core/text/lineIndex.ts';

const text = fc.array(fc.constantFrom('a', 'bc', '\n', '\r\n', '\r', '😀', '\u2028', '\t')).map((parts) => parts.join(''));

test('lines, breaks and texts make up the whole text', () => {
  fc.assert(
    fc.property(text, (content) => {
      const index = indexLines(content);
      assert.equal(index.starts.map((_, line) => lineText(index, line) + lineBreak(index, line)).join(''), content);
      assert.equal(index.starts.length, TextDocument.create('', '', 0, content).lineCount);
    }),
  );
});

test('positions and offsets are those of vscode-languageserver-textdocument', () => {
  fc.assert(
    fc.property(text, fc.integer({ min: -3, max: 60 }), fc.nat(20), fc.nat(20), (content, offset, line, character) => {
      const index = indexLines(content);
      const other = TextDocument.create('', '', 0, content);
      assert.deepEqual(positionAt(index, offset), other.positionAt(offset));
      assert.equal(offsetAt(index, { line, character }), other.offsetAt({ line, character }));
    }),
    { numRuns: 1000 },
  );
});

test('a position within a line comes back from its offset', () => {
  const index = indexLines('ab\r\n😀c\n');
  assert.equal(offsetAt(index, { line: 1, character: 2 }), 6);
  assert.deepEqual(positionAt(index, 6), { line: 1, character: 2 });
  assert.equal(lineEnd(index, 0), 2);
  assert.equal(lineText(index, 7), '');
});
