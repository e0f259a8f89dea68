// Files that never answer, as on a disk that is gone: each look at one ends, says so, and leaves nothing behind. No test waits for real.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { appendFileSync, mkdtempSync, promises as fs, rmSync, writeFileSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { verifyChecksum } from '../../native/checksum.ts';
import { inspectGguf } from '../../native/ggufHeader.ts';
import type { LoadedModel } from '../../native/loadedModel.ts';
import type { ModelLoaderOptions } from '../../native/loading.ts';
import { ModelCache } from '../../native/modelCache.ts';
import { ModelEstimates } from '../../native/modelEstimates.ts';
import { loadModel } from '../../native/modelLoader.ts';
import { starterModel } from './localEngine.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'tm-'));
});
afterEach(() => {
  mock.restoreAll();
  rmSync(folder, { recursive: true, force: true });
});

const never = new Promise<never>(() => undefined);
const limitMs = 20;

test('a header that never comes is unreadable, and what was opened is closed when it comes after all', async () => {
  let answer = () => {};
  const read = new Promise((resolve) => {
    answer = () => resolve({ bytesRead: 0, buffer: Buffer.alloc(0) });
  });
  let reads = 0;
  let isClosed = false;
  const handle = {
    read: () => {
      reads++;
      return read;
    },
    close: async () => {
      isClosed = true;
    },
  } as unknown as FileHandle;
  const verdict = await inspectGguf('model.gguf', { limitMs, open: async () => ({ outcome: 'ok', handle, sizeBytes: 1e9 }) });
  assert.deepEqual(verdict, { verdict: 'unreadable', detail: 'it did not answer within 0.02 s' });
  assert.equal(isClosed, false);
  const again = await inspectGguf('model.gguf', { open: () => assert.fail('a file that has not answered is not asked again') });
  assert.deepEqual(again, { verdict: 'unreadable', detail: 'it has not answered yet' });
  answer();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(isClosed, true);
  assert.equal(reads, 1, 'nothing more is read');
  assert.equal((await inspectGguf('model.gguf', { open: () => Promise.reject(new Error('asked')) })).verdict, 'unreadable', 'now it is asked again');
});

test('a file that cannot even be opened in time is unreadable', async () => {
  assert.equal((await inspectGguf('other.gguf', { limitMs, open: () => never })).verdict, 'unreadable');
});

test('where the file system says nothing about the file of a model in memory, that model is used, and it is asked once', async () => {
  let isGone = false;
  let asked = 0;
  const { stat } = fs;
  mock.method(fs, 'stat', (file: string) => {
    if (!isGone) return stat(file);
    asked++;
    return never;
  });
  let loads = 0;
  const load = async () => {
    loads++;
    const model = { isDisposed: false, use: () => () => undefined };
    return { outcome: 'ok' as const, model: model as unknown as LoadedModel };
  };
  const cache = new ModelCache({ load, onReplaced: () => undefined, log: () => undefined, now: () => 0 });
  const use = () => cache.use({ path: starterModel, contextSize: 0 }, () => 'used');
  assert.equal(await use(), 'used');
  isGone = true;
  assert.deepEqual(await Promise.all([use(), use(), use()]), ['used', 'used', 'used']);
  assert.deepEqual({ loads, asked }, { loads: 1, asked: 1 });
});

test("where the library's own reader never answers, the load ends with a problem that names the file, the cause and one action", async () => {
  mock.method(ModelEstimates, 'read', () => never);
  const lines: string[] = [];
  const options = { readLimitMs: 500, log: (line: string) => lines.push(line) } as unknown as ModelLoaderOptions;
  const result = await loadModel({ path: starterModel, contextSize: 0 }, options);
  assert.ok(result.outcome === 'modelProblem', JSON.stringify(result));
  assert.equal(result.problem.kind, 'unreadable');
  assert.equal(result.problem.cause, `${starterModel}: the file cannot be read (it did not answer within 0.5 s).`);
  assert.equal(result.problem.action, 'Check its permissions and the disk.');
});

test('of a list of checksums only the beginning is read, however long it is', async () => {
  const model = path.join(folder, 'model.gguf');
  writeFileSync(model, 'weights');
  const list = path.join(folder, 'SHA256SUMS');
  const right = `${createHash('sha256').update('weights').digest('hex')}  model.gguf\n`;
  writeFileSync(list, right);
  appendFileSync(list, 'x'.repeat(1_000_000));
  const sizeBytes = 7;
  assert.equal((await verifyChecksum(model, { sizeBytes, limitMs: 5000 })).verdict, 'matches');
  writeFileSync(list, 'x'.repeat(1_000_000));
  appendFileSync(list, `\n${right}`);
  assert.equal((await verifyChecksum(model, { sizeBytes, limitMs: 5000 })).verdict, 'notListed');
});

test('a file that was replaced by a folder after it was looked at does not match its checksum', async () => {
  const list = path.join(folder, 'SHA256SUMS');
  writeFileSync(list, `${'0'.repeat(64)}  ${path.basename(folder)}\n`);
  writeFileSync(`${folder}.sha256`, `${'0'.repeat(64)}\n`);
  try {
    assert.equal((await verifyChecksum(folder, { sizeBytes: 7, limitMs: 5000 })).verdict, 'differs');
  } finally {
    rmSync(`${folder}.sha256`);
  }
});
