// Where the name before the dot stands; `|` is the cursor, and the expected name stands between `«` and `»` in the text.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { receiverBefore } from '../../../server/core/retrieval/receiverText.ts';

function check(marked: string): void {
  test(JSON.stringify(marked), () => {
    const offset = marked.replace(/[«»]/g, '').indexOf('|');
    const text = marked.replace(/[«»|]/g, '');
    const found = receiverBefore(text, offset);
    const nameStart = marked.indexOf('«');
    if (nameStart < 0) assert.equal(found, undefined);
    else {
      assert.equal(found?.nameStart, nameStart);
      assert.equal(found.name, marked.slice(nameStart + 1, marked.indexOf('»')));
      assert.match(text.slice(0, found.end), /(?:\.|->|::)$/);
      assert.match(text.slice(found.end, offset), /^[\p{L}\p{N}_$]*$/u);
    }
  });
}

suite('the name before the dot', () => {
  for (const marked of [
    '«x».|',
    '«x».par| + 1',
    'return «cart».|',
    '«this».|',
    'self.«pool».ta|',
    '«größe».|',
    '«x»?.|',
    '«x»!.na|',
    '«ptr»->|',
    '«Type»::|',
    '«take»().|',
    'pool.«take»(1, f(2)).|',
    '«items»[0].|',
    '«items»[f(")")].|',
    '«rows»["a]"][1].|',
    '«make»<Cart>(1).|',
    '«make»((x) => x).|',
    'builder\n  .«first»()\n  .|',
    '«builder»\r\n\t.|',
  ])
    check(marked);
});

suite('no name before the dot', () => {
  for (const marked of [
    '|',
    'x|',
    'x. |',
    '1.|',
    '"a".|',
    '(a).|',
    'return (x).|',
    '...|',
    '0..|',
    'a..|',
    '.|',
    ').|',
    '[1, 2].|',
    `${'f('}${'1,'.repeat(1500)}1).|`,
  ])
    check(marked);
});

test('offsets outside of the text give nothing', () => {
  assert.equal(receiverBefore('', 0), undefined);
  assert.equal(receiverBefore('x.', 0), undefined);
});

test('arguments that fill pages are not searched', () => {
  const text = `f(${'1,'.repeat(1500)}1).`;
  assert.equal(receiverBefore(text, text.length), undefined);
});
