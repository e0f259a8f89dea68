import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProjectUsage } from '../../server/features/projectUsage.ts';
import type { ProjectFolder } from '../../server/features/projectView.ts';
import { readProjectFacts } from '../bench/context/projectFacts.ts';

const files = new Map([
  ['lib.ts', 'export function open(): void {}\nexport function close(): void {}\n'],
  ...Array.from({ length: 6 }, (_, index) => [`use${index}.ts`, "import { open, close } from './lib.js';\nopen();\nclose();\n"] as [string, string]),
]);

async function folderOf(): Promise<ProjectFolder> {
  const { source } = await readProjectFacts({ name: 'small', folder: '', language: 'typescript', files });
  return { symbols: source, name: 'small', uriOf: (path) => path, isComplete: true, searchesFast: true, version: '1' };
}

test('files are read in slices with pauses between them, and once', async () => {
  const folder = await folderOf();
  let now = 0;
  const pauses: number[] = [];
  const clock = { now: () => (now += 3), wait: async (ms: number) => void pauses.push(ms) };
  const usage = new ProjectUsage({ clock, ended: new AbortController().signal });
  const index = usage.of(folder);
  await usage.settled(folder);
  assert.ok(index.countOf('close') >= 6, `${index.countOf('close')} files`);
  assert.ok(pauses.length >= 2, `${pauses.length} pauses`);
  const before = pauses.length;
  assert.equal(usage.of(folder), index);
  await usage.settled(folder);
  assert.equal(pauses.length, before, 'nothing is read twice');
});
test('an index that is not complete is waited for, and an end ends the reading', async () => {
  const folder = await folderOf();
  const ended = new AbortController();
  let now = 0;
  const usage = new ProjectUsage({ clock: { now: () => (now += 10), wait: async () => ended.abort() }, ended: ended.signal });
  assert.equal(usage.of({ ...folder, isComplete: false }).countOf('close'), 0);
  const index = usage.of(folder);
  await usage.settled(folder);
  assert.ok(index.countOf('close') < 6);
});
