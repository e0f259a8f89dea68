// The engine's parts that need no model.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Queue } from '../../native/queue.ts';
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
  const step = turns.mayStep('chat', forever).then(() => {
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
  await turns.mayStep('inline', forever);
});
test('a step that is given up does not wait on', async () => {
  const turns = new Turns();
  turns.enter('inline');
  const controller = new AbortController();
  const step = turns.mayStep('background', controller.signal);
  controller.abort();
  await step;
});

test('a queue lets one in at a time, in order', async () => {
  const queue = new Queue();
  const order: number[] = [];
  await Promise.all(
    [0, 1, 2].map(async (index) => {
      const release = await queue.enter(forever);
      order.push(index);
      await nextTurn();
      order.push(index);
      release?.();
    }),
  );
  assert.deepEqual(order, [0, 0, 1, 1, 2, 2]);
});
test('who gives up while waiting never starts, and does not block the next', async () => {
  const queue = new Queue();
  const first = await queue.enter(forever);
  const controller = new AbortController();
  const given = queue.enter(controller.signal);
  const third = queue.enter(forever);
  controller.abort();
  assert.equal(await given, undefined);
  first?.();
  assert.ok(await third);
});
