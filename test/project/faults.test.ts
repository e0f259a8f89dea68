// What must not break the index: killed processes, damaged, newer and shared databases, a full disk.
import assert from 'node:assert/strict';
import { closeSync, openSync, readdirSync, statSync, writeSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import type { Project } from '../../server/project/project.ts';
import { killWhileWriting } from './killWhileWriting.ts';
import { symbolsOf, TemporaryProject, until } from './temporaryProject.ts';

const names = (project: Project, name: string) => symbolsOf(project).definitionsNamed(name).length;
const many = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`f${at}.ts`, `export class Named${at} {\n${'  a = 1;\n'.repeat(20)}}\n`]));

function databaseOf(files: TemporaryProject): string {
  const folder = path.join(files.storage, 'index');
  const name = readdirSync(folder).find((entry) => entry.endsWith('.sqlite'));
  assert.ok(name);
  return path.join(folder, name);
}

/** Random bytes over the whole file, header included or not. */
function damage(file: string, { from }: { readonly from: number }): void {
  const descriptor = openSync(file, 'r+');
  try {
    const { size } = statSync(file);
    for (let at = from; at < size; at += 512)
      writeSync(descriptor, Buffer.from(Array.from({ length: 64 }, (_, byte) => (at * 31 + byte * 17) % 256)), 0, 64, at);
  } finally {
    closeSync(descriptor);
  }
}

test('a process killed while it writes leaves an index that opens clean and holds every row it had acknowledged', async () => {
  for (let round = 0; round < 5; round++) await killWhileWriting(round);
});

for (const [what, from] of [
  ['its header', 0],
  ['its pages', 4096 + 100],
] as const) {
  test(`a database damaged in ${what} is set aside at the next start and built anew`, async () => {
    await using files = new TemporaryProject(many(60));
    await (await files.index()).dispose();
    damage(databaseOf(files), { from });
    const project = await files.index();
    assert.equal(names(project, 'Named30'), 1);
    assert.equal(project.status[0]?.store, 'sqlite');
    assert.equal(project.status[0].parsed, 60);
    assert.ok(readdirSync(path.join(files.storage, 'index')).some((name) => /\.damaged-\d+$/.test(name)));
  });
}

test('a database damaged while it is used is set aside and built anew, and questions are answered all the while', async () => {
  await using files = new TemporaryProject(many(300));
  await (await files.index()).dispose();
  const project = await files.index();
  project.openDocument(files.at('f0.ts'), 'typescript', 'export class Unsaved {}\n');
  await until(project, () => names(project, 'Unsaved') === 1);
  damage(databaseOf(files), { from: 0 });
  // What is in a cache is right still; sooner or later a question or a write meets the damage.
  files.write({ 'f1.ts': 'export class Later {}\n' });
  project.noteChanged([files.at('f1.ts')]);
  let asked = 0;
  const isRebuilt = () => {
    for (let at = 0; at < 300; at += 7) names(project, `Named${at}`);
    asked++;
    assert.equal(names(project, 'Unsaved'), 1);
    return files.warnings.some((warning) => warning.includes('damaged')) && project.status[0]?.isComplete === true;
  };
  for (let at = 0; !isRebuilt(); at++) {
    files.write({ 'f1.ts': `export class Later${at} {}\n` });
    project.noteChanged([files.at('f1.ts')]);
    await project.whenIdle();
  }
  assert.ok(asked > 0);
  assert.deepEqual([names(project, 'Named200'), project.status[0]?.store], [1, 'sqlite']);
});

test('a database from a newer version is set aside untouched', async () => {
  await using files = new TemporaryProject(many(3));
  await (await files.index()).dispose();
  const file = databaseOf(files);
  const newer = new DatabaseSync(file);
  newer.exec('PRAGMA user_version = 99; CREATE TABLE from_the_future (a)');
  newer.close();
  const project = await files.index();
  assert.equal(names(project, 'Named1'), 1);
  const aside = readdirSync(path.dirname(file)).find((name) => /\.newer-\d+$/.test(name));
  assert.ok(aside);
  const kept = new DatabaseSync(path.join(path.dirname(file), aside), { readOnly: true });
  assert.equal(kept.prepare('PRAGMA user_version').get()?.['user_version'], 99);
  kept.close();
});

test('two windows on one folder both index it and both answer', async () => {
  await using files = new TemporaryProject(many(150));
  const [one, two] = await Promise.all([files.index(), files.index()]);
  assert.deepEqual([names(one, 'Named149'), names(two, 'Named149')], [1, 1]);
  files.write({ 'new.ts': 'export class Fresh {}\n' });
  for (const project of [one, two]) project.noteChanged([files.at('new.ts')]);
  await Promise.all([one.whenIdle(), two.whenIdle()]);
  assert.deepEqual([names(one, 'Fresh'), names(two, 'Fresh')], [1, 1]);
  assert.deepEqual([one.status[0]?.store, two.status[0]?.store, files.warnings], ['sqlite', 'sqlite', []]);
});

test('where the disk is full, new facts are kept in memory, and it is said once', async () => {
  await using files = new TemporaryProject(many(200));
  const project = await files.index({ limits: { maxDatabaseBytes: 300 * 1024 } });
  assert.deepEqual([names(project, 'Named0'), names(project, 'Named100'), names(project, 'Named199')], [1, 1, 1]);
  assert.match(project.status[0]?.problem ?? '', /cannot be written/);
  assert.equal(files.warnings.length, 1);
});
