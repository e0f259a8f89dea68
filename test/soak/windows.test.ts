// Windows that open together and windows that die, in the hundreds.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testEngine } from '../native/localEngine.ts';
import { forever } from '../native/prompts.ts';
import { enginePid, killWindow, processEnded } from '../process/faults.ts';
import { Window } from '../process/windows.ts';

const rounds = Number(process.env['TRAMONTANE_ROUNDS'] ?? 100);

test('one hundred windows die with requests in prefill and in decoding: all of them are gone with it, and memory stays flat', async () => {
  const engine = testEngine();
  try {
    await engine.inference.describeModel(forever);
    const heaps: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const { activeRequests, heapBytes } = await killWindow(engine.inference, engine.runtimeDirectory);
      assert.equal(activeRequests, 0, `round ${round}`);
      heaps.push(heapBytes);
    }
    // What is garbage at one moment is not at the next: the smallest of many samples is nearest to what is really held.
    const half = Math.floor(heaps.length / 2);
    const grown = Math.min(...heaps.slice(half)) - Math.min(...heaps.slice(0, half));
    console.log(`${rounds} windows died: the engine's heap grew by ${(grown / 1e6).toFixed(2)} MB`);
    assert.ok(grown < 5e6, `the heap grew by ${(grown / 1e6).toFixed(1)} MB`);
  } finally {
    await engine.end();
  }
});

test('twenty times ten windows open together, after an engine that was killed: one engine each time', async () => {
  const engine = testEngine();
  try {
    for (let round = 0; round < rounds / 5; round++) {
      const windows = Array.from({ length: 10 }, () => new Window(engine.runtimeDirectory));
      try {
        const pids = await Promise.all(
          windows.map(async (window) => {
            const status = await window.status();
            assert.ok(status.outcome === 'ok', JSON.stringify(status));
            return status.value.pid;
          }),
        );
        assert.equal(new Set(pids).size, 1, `round ${round}: ${pids.join(' ')}`);
        await Promise.all(windows.map((window) => window.kill()));
        // Its socket file stays behind for the next ten.
        process.kill(pids[0] ?? 0, 'SIGKILL');
        await processEnded(pids[0] ?? 0);
      } finally {
        await Promise.all(windows.map((window) => window.kill()));
      }
    }
    assert.ok((await enginePid(engine.inference)) > 0);
  } finally {
    await engine.end();
  }
});
