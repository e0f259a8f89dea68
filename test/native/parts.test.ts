// The engine's parts that need no model.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SequencePool } from '../../native/sequencePool.ts';
import { StopMatcher } from '../../native/stopMatcher.ts';
import { Turns } from '../../native/turns.ts';

const forever = new AbortController().signal;
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

test('a stop text is found wherever the pieces are cut, and nothing of it is shown', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('a', 'b', '<'), maxLength: 40 }),
      fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 60, maxLength: 60 }),
      (text, cuts) => {
        const matcher = new StopMatcher(['<b', 'aab']);
        let shown = '';
        let stopped = false;
        let at = 0;
        for (const cut of cuts) {
          if (stopped || at >= text.length) break;
          const step = matcher.push(text.slice(at, at + cut));
          shown += step.text;
          stopped = step.stopped;
          at += cut;
        }
        if (!stopped) shown += matcher.end();
        const first = Math.min(...['<b', 'aab'].map((stop) => text.indexOf(stop)).filter((index) => index >= 0), Number.POSITIVE_INFINITY);
        if (first === Number.POSITIVE_INFINITY) assert.equal(shown, text);
        else assert.ok(stopped && text.startsWith(shown) && !shown.includes('<b') && !shown.includes('aab'));
      },
    ),
  );
});

test('chat waits while an inline request is active, and goes on after it', async () => {
  const turns = new Turns();
  const leave = turns.enter('inline');
  let stepped = false;
  const step = turns.mayStep(1, forever).then(() => {
    stepped = true;
  });
  await nextTurn();
  assert.equal(stepped, false);
  leave();
  await step;
});
test('an inline step never waits for chat', async () => {
  const turns = new Turns();
  turns.enter('chat');
  await turns.mayStep(0, forever);
});
test('a step that is given up does not wait on', async () => {
  const turns = new Turns();
  turns.enter('inline');
  const controller = new AbortController();
  const step = turns.mayStep(2, controller.signal);
  controller.abort();
  await step;
});

test('a prompt gets the idle sequence that shares the longest prefix, and of equals the one not used for longest', () => {
  const pool = new SequencePool(4);
  const first = pool.take('inline', [1, 2, 3]);
  const second = pool.take('inline', [9]);
  assert.ok(first && second && first !== second);
  assert.equal(pool.take('inline', [1]), undefined);
  first.tokens = [1, 2, 3];
  second.tokens = [9, 9];
  pool.give(first);
  pool.give(second);
  assert.equal(pool.take('inline', [9, 9, 9]), second);
  pool.give(second);
  assert.equal(pool.take('inline', [1, 2, 4]), first);
  pool.give(first);
  assert.equal(pool.take('inline', [7]), second, 'neither fits: the one not used for longest');
});
test("completions and chats never take each other's sequences", () => {
  const pool = new SequencePool(2);
  const inline = pool.take('inline', [1]);
  const chat = pool.take('chat', [1]);
  assert.ok(inline && chat && inline !== chat);
  assert.equal(pool.take('inline', [1]), undefined);
  assert.equal(pool.take('background', [1]), undefined);
});

test('work ahead of a completion takes the sequence beside the current one, and the completion that follows finds it there', () => {
  const pool = new SequencePool(4);
  const current = pool.take('inline', [1, 2]);
  assert.ok(current);
  current.tokens = [1, 2];
  pool.give(current);
  const ahead = pool.take('background', [1, 2, 3, 4], true);
  assert.ok(ahead && ahead !== current);
  assert.equal(pool.take('background', [1, 2, 3, 4], true), undefined, 'the current one is left alone');
  ahead.tokens = [1, 2, 3, 4];
  pool.give(ahead);
  assert.equal(pool.take('inline', [1, 2, 3, 4, 5]), ahead);
});
test('the longest beginning is found in busy sequences and those of other priorities too', () => {
  const pool = new SequencePool(4);
  const chat = pool.take('chat', [5, 6, 7]);
  assert.ok(chat);
  chat.tokens = [5, 6, 7];
  assert.deepEqual(pool.longest([5, 6, 8]), { source: chat, common: 2 });
});
