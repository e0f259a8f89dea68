// How much time a small model takes for its guesses, with a clock that goes on with each batch of it.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { DraftModel } from '../../native/speculation/draftModel.ts';
import type { Drafter } from '../../native/speculation/drafter.ts';
import { type RecordedAddon, recorded, scriptedAddon } from './recordedAddon.ts';

const stepMs = 10;

function drafterFor({ mock }: TestContext, promptLength: number): { readonly drafter: Drafter; readonly addon: RecordedAddon } {
  let now = 1000;
  mock.method(performance, 'now', () => now);
  const decode = async () => {
    now += stepMs;
  };
  const addon = recorded(scriptedAddon(decode));
  const model = new DraftModel({ addon, sequences: 3, contextSize: 4096, threads: 1 });
  const drafter = model.drafterFor(new Uint32Array(promptLength).fill(7), 'chat');
  assert.ok(drafter);
  return { drafter, addon };
}

test('all that is wanted is guessed while there is time', async (context) => {
  const { drafter } = drafterFor(context, 10);
  assert.equal((await drafter.draft(63, Number.POSITIVE_INFINITY)).length, 63);
});

test('while somebody may ask for more urgent work, guessing ends when its time is over, whatever was wanted', async (context) => {
  const { drafter } = drafterFor(context, 10);
  assert.equal((await drafter.draft(63, 50)).length, 5);
});

test('a prompt is read in shorter pieces then', async (context) => {
  const { drafter, addon } = drafterFor(context, 300);
  assert.deepEqual(await drafter.draft(8, Number.POSITIVE_INFINITY), []);
  assert.deepEqual(await drafter.draft(8, 50), []);
  assert.deepEqual(
    addon.batches.map(({ parts }) => parts[0]?.tokens.length),
    [64, 16],
  );
});
