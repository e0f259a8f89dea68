// Requests in the thousands.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InspectedHeap } from '../bench/engine/inspectedHeap.ts';
import { testEngine } from '../native/localEngine.ts';
import { forever, holeRequest, longCode } from '../native/prompts.ts';

test('ten thousand requests that are given up at once leave the engine whole and its memory flat', async () => {
  const { engine, heap } = await InspectedHeap.of(async () => {
    const started = testEngine();
    await started.inference.describeModel(forever);
    return started;
  });
  const prompt = longCode(15, 1);
  const giveUp = async (pairs: number) => {
    for (let pair = 0; pair < pairs; pair++) {
      const controller = new AbortController();
      const pending = engine.inference.generate(holeRequest(`${prompt}\nconst x${pair} = `), { signal: controller.signal });
      if (pair % 3 === 0) controller.abort();
      else setImmediate(() => controller.abort());
      await pending;
    }
  };
  try {
    // Code is compiled and caches fill.
    await giveUp(2000);
    const before = await heap.bytes();
    await giveUp(10_000);
    const after = await heap.bytes();
    const grown = after.heap - before.heap;
    assert.ok(grown < 5e6, `the heap grew by ${(grown / 1e6).toFixed(1)} MB`);
    process.stdout.write(`# the heap grew by ${(grown / 1e6).toFixed(2)} MB, the process by ${((after.resident - before.resident) / 1e6).toFixed(2)} MB\n`);
    assert.equal((await engine.inference.generate(holeRequest('x = '), { signal: forever })).outcome, 'ok');
  } finally {
    heap.close();
    await engine.end();
  }
});
