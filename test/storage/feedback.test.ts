import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync, existsSync, readdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import type { FeedbackRecord } from '../../server/core/completion/feedback.ts';
import { FeedbackStore } from '../../server/storage/feedback.ts';
import { keptDirectoryFor } from '../../server/storage/keptDirectory.ts';

const root = mkdtempSync(path.join(os.tmpdir(), 'tramontane-feedback-'));
after(() => rmSync(root, { recursive: true, force: true }));
let nextFolder = 0;
const folder = () => path.join(root, String(nextFolder++), 'state');
const record: FeedbackRecord = { event: 'accepted', id: 'c1', languageId: 'go', source: 'model', characters: 9, lines: 1 };

function store(directory: string, maxBytes?: number) {
  const warnings: string[] = [];
  const log = { error: () => {}, warn: (line: string) => void warnings.push(line), info: () => {}, debug: () => {} };
  let nowMs = 1000;
  return { store: new FeedbackStore({ directory, nowMs: () => nowMs++, log, ...(maxBytes === undefined ? {} : { maxBytes }) }), warnings };
}
const fileIn = (directory: string) => path.join(directory, 'completion-feedback.jsonl');
const linesIn = (directory: string) =>
  readFileSync(fileIn(directory), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as FeedbackRecord & { atMs: number });

test('records are kept in order, with their time, readable by the user only', async () => {
  const directory = folder();
  const { store: kept } = store(directory);
  kept.record(record);
  kept.record({ ...record, id: 'c2' });
  await kept.flush();
  assert.deepEqual(
    linesIn(directory).map(({ id, atMs }) => [id, atMs]),
    [
      ['c1', 1000],
      ['c2', 1001],
    ],
  );
  if (process.platform === 'win32') return;
  assert.equal(statSync(fileIn(directory)).mode & 0o777, 0o600);
  assert.equal(statSync(directory).mode & 0o777, 0o700);
});

test('a full file loses its older half, never a half line', async () => {
  const directory = folder();
  const { store: kept } = store(directory, 4000);
  for (let index = 0; index < 100; index++) {
    kept.record({ ...record, id: `c${index}` });
    await kept.flush();
    assert.ok(statSync(fileIn(directory)).size <= 4000);
  }
  const ids = linesIn(directory).map(({ id }) => id);
  assert.equal(ids.at(-1), 'c99');
  assert.ok(!ids.includes('c0') && ids.length > 10);
  assert.deepEqual(readdirSync(directory), ['completion-feedback.jsonl']);
});

test('one call deletes it, and what comes later is kept again', async () => {
  const directory = folder();
  const { store: kept } = store(directory);
  kept.record(record);
  await kept.deleteAll();
  assert.ok(!existsSync(fileIn(directory)));
  kept.record({ ...record, id: 'later' });
  await kept.flush();
  assert.deepEqual(
    linesIn(directory).map(({ id }) => id),
    ['later'],
  );
});

test('through a link nothing is written, and that is said once', async () => {
  const directory = folder();
  const { store: kept, warnings } = store(directory);
  kept.record(record);
  await kept.flush();
  rmSync(fileIn(directory));
  const elsewhere = path.join(root, 'elsewhere');
  writeFileSync(elsewhere, 'untouched');
  symlinkSync(elsewhere, fileIn(directory));
  for (let index = 0; index < 3; index++) {
    kept.record(record);
    await kept.flush();
  }
  assert.equal(readFileSync(elsewhere, 'utf8'), 'untouched');
  assert.equal(warnings.length, 1);
});

test('a server of its own keeps its state to itself', () => {
  assert.equal(keptDirectoryFor('feedback', { TRAMONTANE_RUNTIME_DIR: '/run/mine' }), path.resolve('/run/mine/feedback'));
  assert.equal(keptDirectoryFor('feedback', { TRAMONTANE_STATE_DIR: '/state', TRAMONTANE_RUNTIME_DIR: '/run/mine' }), path.resolve('/state/feedback'));
});
