// What the status item is told, over a real connection with a scripted engine.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scriptedInference } from '../scriptedInference.ts';
import { testServer } from './inProcessServer.ts';

test('what was given up reaches the status, also while suggestions are paused, and leaves with its reason', async () => {
  const inference = scriptedInference();
  const server = await testServer({ inference: () => inference });
  try {
    const { state } = inference;
    assert.equal(state.state, 'ready');
    if (state.state !== 'ready') return;
    const status = (paused: boolean) => server.client.sendRequest('tramontane/setPaused', { paused });
    const note = 'Context reduced from 16,384 to 8,192 tokens to fit into memory.';
    const told = async (paused: boolean) => {
      const { state: name, notes } = (await status(paused)) as { state: string; notes?: readonly string[] };
      return [name, notes];
    };
    assert.deepEqual(await told(false), ['ready', undefined]);
    inference.setState({ ...state, notes: [note] });
    assert.deepEqual(await told(false), ['ready', [note]]);
    assert.deepEqual(await told(true), ['paused', [note]]);
    assert.deepEqual(server.statuses.at(-1)?.notes, [note]);
    inference.setState(state);
    assert.deepEqual(await told(false), ['ready', undefined]);
  } finally {
    server.end();
  }
});
