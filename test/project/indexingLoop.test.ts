// How much of a core's time indexing takes: the loop alone, with a worker whose times are written down.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IndexingLoop } from '../../server/project/indexingLoop.ts';
import type { ParseWorkerThread } from '../../server/project/parseWorkerThread.ts';
import { Progress } from '../../server/project/progress.ts';
import { priorities, WorkQueue } from '../../server/project/workQueue.ts';
import type { WorkerRequest } from '../../server/project/workerMessages.ts';

const busyMs = 100;

test('after each slice of the rest the machine is left alone for as long as the share says, which may change on the way', async () => {
  const queue = new WorkQueue();
  const paths = Array.from({ length: 48 }, (_, at) => `f${at}.ts`);
  queue.add(paths, priorities.rest);
  queue.releaseRest();
  const ended = new AbortController();
  const pauses: number[] = [];
  const shares = [1, 0.5, 0.2, 0.05];
  let share = 1;
  const ask = async (request: WorkerRequest) => {
    if (request.kind !== 'index') return { outcome: 'ok', value: false };
    // One file a slice, and another share for each.
    const next = shares.shift();
    if (next === undefined) ended.abort();
    share = next ?? share;
    return { outcome: 'ok', value: { files: [{ path: request.paths[0], outcome: 'parsed' }], left: request.paths.slice(1), busyMs } };
  };
  const loop = new IndexingLoop({
    root: '/project',
    queue,
    worker: { canStart: true, request: ask } as unknown as ParseWorkerThread,
    progress: new Progress({ isWaiting: () => false, onDone: () => undefined }),
    clock: { now: () => 0, wait: async (ms) => void pauses.push(Math.round(ms)) },
    log: { error: () => undefined, warn: () => undefined, info: () => undefined, debug: () => undefined },
    cpuShare: () => share,
    onLooked: () => undefined,
    onCulprit: () => undefined,
    onDamage: () => Promise.resolve(),
    onProblem: () => undefined,
  });
  await loop.run(ended.signal);
  assert.deepEqual(pauses, [100, 400, 1900]);
});
