// Waiting for what another thread or process does, where nothing tells of it. A busy machine makes this slow, never wrong: the limit is there so that a wait
// in vain says what was there instead, and is long enough never to be the reason.
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';

/** Below the time that a test of the fast suites has (`scripts/test/suites.mjs`). */
const limitMs = 24_000;
const pollMs = 20;

/** Resolves once it is true; fails with what `seen` gives when it never is. `step` is done between two looks, in place of a short pause. */
export async function comesTrue(
  isTrue: () => boolean | Promise<boolean>,
  { seen = () => '', step = () => delay(pollMs) }: { readonly seen?: () => unknown; readonly step?: () => Promise<unknown> } = {},
): Promise<void> {
  const startedMs = performance.now();
  while (!(await isTrue())) {
    assert.ok(performance.now() - startedMs < limitMs, `this never came true; ${JSON.stringify(seen())}`);
    await step();
  }
}
