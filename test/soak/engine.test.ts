// Requests in the thousands.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testEngine } from '../native/localEngine.ts';
import { forever, holeRequest, longCode } from '../native/prompts.ts';

test('ten thousand requests that are given up at once leave the engine whole and its memory flat', async () => {
  const engine = testEngine();
  const heap = async () => {
    const status = await engine.inference.engineStatus(forever);
    assert.equal(status.outcome, 'ok');
    return status.outcome === 'ok' ? status.value.memory.heapBytes : 0;
  };
  const prompt = longCode(15, 1);
  /** The smallest heap seen: what is left right after the collector ran. */
  const leastHeap = async (pairs: number) => {
    let least = Number.POSITIVE_INFINITY;
    for (let pair = 0; pair < pairs; pair++) {
      const controller = new AbortController();
      const pending = engine.inference.generate(holeRequest(`${prompt}\nconst x${pair} = `), { signal: controller.signal });
      if (pair % 3 === 0) controller.abort();
      else setImmediate(() => controller.abort());
      await pending;
      if (pair % 100 === 0) least = Math.min(least, await heap());
    }
    return least;
  };
  try {
    await leastHeap(2000);
    const before = await leastHeap(4000);
    const grown = (await leastHeap(4000)) - before;
    assert.ok(grown < 5e6, `the heap grew by ${(grown / 1e6).toFixed(1)} MB`);
    assert.equal((await engine.inference.generate(holeRequest('x = '), { signal: forever })).outcome, 'ok');
  } finally {
    await engine.end();
  }
});
