// What must not break the index: killed processes, newer and shared databases, a full disk.
import assert from 'node:assert/strict';
import { readdirSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import type { Project } from '../../server/project/project.ts';
import { killWhileWriting } from './killWhileWriting.ts';
import { smallDisk } from './smallDisk.ts';
import { databaseOf } from './storedIndex.ts';
import { symbolsOf, TemporaryProject } from './temporaryProject.ts';

const names = (project: Project, name: string) => symbolsOf(project).definitionsNamed(name).length;
const many = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`f${at}.ts`, `export class Named${at} {\n${'  a = 1;\n'.repeat(20)}}\n`]));

test('a process killed while it writes leaves an index that opens clean and holds every row it had acknowledged', async () => {
  for (let round = 0; round < 5; round++) await killWhileWriting(round);
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

test('what could not be written while another process kept the database to itself is written afterwards, and the problem is over', async () => {
  await using files = new TemporaryProject(many(3));
  const project = await files.index();
  const other = new DatabaseSync(databaseOf(files));
  other.exec('BEGIN IMMEDIATE');
  files.write({ 'f1.ts': 'export class Meanwhile {}\n' });
  project.noteChanged([files.at('f1.ts')]);
  await project.whenIdle();
  assert.deepEqual([names(project, 'Meanwhile'), names(project, 'Named1')], [1, 0]);
  assert.match(project.status[0]?.problem ?? '', /cannot be written \(database is locked\)/);
  other.exec('COMMIT');
  other.close();
  files.write({ 'f2.ts': 'export class After {}\n' });
  project.noteChanged([files.at('f2.ts')]);
  await project.whenIdle();
  assert.deepEqual([names(project, 'Meanwhile'), names(project, 'After'), project.status[0]?.problem], [1, 1, undefined]);
  await project.dispose();
  const again = await files.index();
  assert.deepEqual([again.status[0]?.parsed, names(again, 'Meanwhile'), names(again, 'After')], [0, 1, 1]);
});

test('on a disk that is really full everything is answered from memory, and what was kept there is written once there is room', async (t) => {
  await using files = new TemporaryProject(many(300));
  using disk = smallDisk(files.storage, 8192);
  if (!disk) return t.skip('only the super-user of a Linux machine can make a disk for this');
  const ballast = path.join(files.storage, 'ballast');
  writeFileSync(ballast, Buffer.alloc(7680 * 1024));
  const project = await files.index();
  try {
    for (let at = 0; at < 300; at++) assert.equal(names(project, `Named${at}`), 1, `Named${at}`);
    assert.match(project.status[0]?.problem ?? '', /cannot be written/);
    files.write({ 'f1.ts': 'export class Saved {}\n' });
    project.noteChanged([files.at('f1.ts')]);
    await project.whenIdle();
    assert.deepEqual([names(project, 'Saved'), names(project, 'Named1')], [1, 0]);
    truncateSync(ballast);
    files.write({ 'f2.ts': 'export class Later {}\n' });
    project.noteChanged([files.at('f2.ts')]);
    await project.whenIdle();
    assert.deepEqual([project.status[0]?.problem, files.warnings.length], [undefined, 1]);
    await project.dispose();
    const again = await files.index();
    assert.deepEqual([again.status[0]?.parsed, names(again, 'Saved'), names(again, 'Later'), names(again, 'Named299')], [0, 1, 1, 1]);
    await again.dispose();
  } finally {
    await project.dispose();
  }
});
