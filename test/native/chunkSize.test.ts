// How much of a prompt is evaluated at a time, with the speeds of a processor and of a GPU.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ChunkSize } from '../../native/chunkSize.ts';

/** Tokens a ms below 64 at a time, and from there on. */
const slow = { few: 0.18, many: 0.3 };
const fast = { few: 2, many: 20 };

function sizeAfter(speed: typeof slow): ChunkSize {
  const size = new ChunkSize();
  for (const tokens of [128, 64, 16, 64]) size.note(tokens, tokens / (tokens < 64 ? speed.few : speed.many));
  return size;
}

suite('a chunk of a prompt', () => {
  test('takes about 50 ms while somebody types', () => {
    const tokens = sizeAfter(slow).next({ pending: 3000, mustBeShort: true });
    assert.ok(tokens >= 8 && tokens / slow.few <= 60, `${tokens} tokens`);
  });

  test('has the size that is evaluated fastest while nobody does', () => {
    assert.equal(sizeAfter(slow).next({ pending: 3000, mustBeShort: false }), 64);
  });

  test('is as long as 50 ms allow where that is many tokens, in whole steps', () => {
    for (const mustBeShort of [true, false]) assert.equal(sizeAfter(fast).next({ pending: 3000, mustBeShort }), 960);
  });

  test('takes a tail with it that would cost more alone', () => {
    const size = sizeAfter(slow);
    assert.equal(size.next({ pending: 110, mustBeShort: false }), 110);
    assert.equal(size.next({ pending: 128, mustBeShort: false }), 64);
    assert.ok(size.next({ pending: 110, mustBeShort: true }) < 16);
  });

  test('stays short where even the fastest size takes too long', () => {
    const size = sizeAfter({ few: 0.05, many: 0.09 });
    assert.equal(size.next({ pending: 3000, mustBeShort: false }), 8);
  });

  test('comes to the fastest size also when only short ones were tried before', () => {
    const size = new ChunkSize();
    for (let times = 0; times < 5; times++) size.note(8, 8 / 0.155);
    assert.equal(size.next({ pending: 3000, mustBeShort: false }), 64);
  });

  test('goes back to the fastest size when what made it too slow is over', () => {
    const size = sizeAfter({ few: 0.05, many: 0.09 });
    assert.equal(size.next({ pending: 3000, mustBeShort: false }), 8);
    for (let times = 0; times < 8; times++) size.note(8, 8 / slow.few);
    assert.equal(size.next({ pending: 3000, mustBeShort: false }), 64);
  });

  test('begins with a guess, and a smaller one while somebody types', () => {
    assert.equal(new ChunkSize().next({ pending: 3000, mustBeShort: false }), 128);
    assert.equal(new ChunkSize().next({ pending: 3000, mustBeShort: true }), 32);
  });

  test('a tiny batch and one without a time say nothing', () => {
    const size = sizeAfter(slow);
    const before = size.next({ pending: 3000, mustBeShort: true });
    size.note(2, 100);
    size.note(64, 0);
    assert.equal(size.next({ pending: 3000, mustBeShort: true }), before);
  });
});
