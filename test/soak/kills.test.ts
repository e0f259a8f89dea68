// kill -9 of the engine, one hundred times in each thing that it does.
import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import type { Inference } from '../../server/inference/inference.ts';
import type { LocalInference } from '../../server/inference/localInference.ts';
import { starterModel, type TestEngine, testEngine } from '../native/localEngine.ts';
import { forever, holeRequest } from '../native/prompts.ts';
import { enginePid, enginesOf, type Killed, killInLoading, killInPrefill, killMidToken, processEnded } from '../process/faults.ts';

const rounds = Number(process.env['TRAMONTANE_ROUNDS'] ?? 100);

/** Four minutes a round, so that the restart budget does not end the run. */
let clockMs = 0;

async function soak(
  phase: string,
  kill: (engine: TestEngine, round: number) => Promise<{ readonly killed: Killed; readonly inference: Inference }>,
): Promise<void> {
  const engine = testEngine({ now: () => clockMs });
  let inPhase = 0;
  let longestMs = 0;
  try {
    await engine.inference.describeModel(forever);
    for (let round = 0; round < rounds; round++) {
      clockMs += 4 * 60_000;
      const before = await enginePid(engine.inference);
      const { killed, inference } = await kill(engine, round);
      if (killed.wasInPhase) inPhase++;
      longestMs = Math.max(longestMs, killed.elapsedMs);
      assert.ok(
        killed.outcomes.every((outcome) => outcome.outcome === 'engineUnavailable'),
        `round ${round}: ${JSON.stringify(killed.outcomes)}`,
      );
      assert.ok(killed.elapsedMs < 2000, `round ${round}: ${killed.elapsedMs} ms`);
      const next = await inference.generate(holeRequest('def add(a, b):\n    return '), { signal: forever });
      assert.equal(next.outcome, 'ok', `round ${round}: ${JSON.stringify(next)}`);
      await processEnded(before);
      const others = enginesOf(engine.runtimeDirectory).filter((pid) => pid !== before);
      assert.deepEqual(others, [await enginePid(engine.inference)], `round ${round}`);
    }
  } finally {
    await engine.end();
  }
  console.log(`${phase}: ${inPhase} of ${rounds} kills came in time, all requests settled after at most ${longestMs.toFixed(0)} ms`);
  // A kill may come a moment too late on a machine that is busy with other things.
  assert.ok(inPhase >= rounds * 0.9, `${inPhase} of ${rounds}`);
}

test('one hundred kills in the middle of a token: every request settles, the next completion works, no engine is left', () =>
  soak('decoding', async ({ inference }) => ({ killed: await killMidToken(inference), inference })));
test('one hundred kills in a prefill', () => soak('prefill', async ({ inference }) => ({ killed: await killInPrefill(inference), inference })));
test('one hundred kills while a model is loaded', async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tm-models-'));
  let last: LocalInference | undefined;
  try {
    await soak('loading', async ({ connect, runtimeDirectory }, round) => {
      // Under a name of its own, so that it is not in memory.
      const file = path.join(folder, `${round}.gguf`);
      copyFileSync(starterModel, file);
      await last?.dispose();
      last = connect(file);
      return { killed: await killInLoading(last, runtimeDirectory), inference: last };
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
