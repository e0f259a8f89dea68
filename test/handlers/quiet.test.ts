// What makes suggestions quiet, and how the status says it.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import type { Status } from '../../server/protocol/status.ts';
import { FeedbackStore } from '../../server/storage/feedback.ts';
import { scriptedInference } from '../scriptedInference.ts';
import type { TestServer } from './inProcessServer.ts';
import { testServer } from './inProcessServer.ts';

const uri = 'file:///project/src/a.ts';
const model = { specialTokens: ['[SUFFIX]', '[PREFIX]'] };

/** One round trip, so that every notification sent before has arrived. */
async function lastStatus(server: TestServer): Promise<Status | undefined> {
  await server.client.sendRequest('tramontane/engineStatus', {});
  return server.statuses.at(-1);
}

test('the status says why nothing is shown, and no longer when something is', async () => {
  const server = await testServer({ inference: () => scriptedInference({ model, answers: ['', 'foo();', ''] }) });
  try {
    await server.open(uri, 'const a = \nconst b = \n');
    assert.equal(await server.inline(uri, 0, 10, 2), null);
    assert.equal((await lastStatus(server))?.quiet, 'modelEnded');
    assert.equal((await server.inline(uri, 1, 10, 2))?.length, 1);
    assert.equal((await lastStatus(server))?.quiet, undefined);
    assert.equal(await server.inline(uri, 0, 4, 2), null);
    assert.equal((await lastStatus(server))?.quiet, 'insideWord');
  } finally {
    server.end();
  }
});

test('a snooze ends by itself, and until then typing makes no request', async () => {
  let wake = () => {};
  const slept: number[] = [];
  const inference = scriptedInference({ model, answers: ['foo();', ''] });
  const clock = {
    now: () => 0,
    wait: (ms: number) => {
      if (ms !== 300_000) return Promise.resolve();
      slept.push(ms);
      return new Promise<void>((resolve) => {
        wake = resolve;
      });
    },
  };
  const server = await testServer({ inference: () => inference, clock });
  try {
    await server.open(uri, 'const a = \n');
    const status = await server.client.sendRequest<Status>('tramontane/setPaused', { paused: true, forMs: 300_000 });
    assert.deepEqual([status.state, status.pauseEndsInMs], ['paused', 300_000]);
    assert.equal(await server.inline(uri, 0, 10, 2), null);
    assert.equal(inference.requests.length, 0);
    assert.deepEqual(slept, [300_000]);
    wake();
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal((await lastStatus(server))?.state, 'ready');
    assert.equal((await server.inline(uri, 0, 10, 2))?.length, 1);
  } finally {
    server.end();
  }
});

test('a snooze that was ended by hand does not end a later pause', async () => {
  let wake = () => {};
  const clock = {
    now: () => 0,
    wait: (ms: number, signal: AbortSignal) =>
      ms !== 300_000
        ? Promise.resolve()
        : new Promise<void>((resolve) => {
            wake = resolve;
            signal.addEventListener('abort', () => resolve(), { once: true });
          }),
  };
  const server = await testServer({ inference: () => scriptedInference({ model }), clock });
  try {
    await server.client.sendRequest('tramontane/setPaused', { paused: true, forMs: 300_000 });
    await server.client.sendRequest('tramontane/setPaused', { paused: false });
    await server.client.sendRequest('tramontane/setPaused', { paused: true });
    wake();
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal((await lastStatus(server))?.state, 'paused');
  } finally {
    server.end();
  }
});

test('the history is kept by the server and deleted by its request', async () => {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'tramontane-history-'));
  const records: string[] = [];
  let deleted = 0;
  const server = await testServer({
    inference: () => scriptedInference({ model, answers: ['foo();', ''] }),
    makeFeedback: (log) => {
      const store = new FeedbackStore({ directory, nowMs: () => 0, log });
      const { record, deleteAll } = { record: store.record.bind(store), deleteAll: store.deleteAll.bind(store) };
      store.record = (what) => {
        records.push(what.event);
        record(what);
      };
      store.deleteAll = () => {
        deleted++;
        return deleteAll();
      };
      return store;
    },
  });
  try {
    await server.open(uri, 'const a = \n');
    const items = await server.inline(uri, 0, 10, 2);
    await server.client.sendRequest('workspace/executeCommand', items?.[0]?.command);
    assert.deepEqual(records, ['shown', 'accepted']);
    assert.equal(await server.client.sendRequest('tramontane/deleteCompletionHistory', {}), null);
    assert.equal(deleted, 1);
  } finally {
    server.end();
    rmSync(directory, { recursive: true, force: true });
  }
});
