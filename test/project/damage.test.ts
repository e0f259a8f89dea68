// Databases in which bytes are others than were written: found at the start, while they are used, or in an idle moment; set aside and built anew.
import assert from 'node:assert/strict';
import { closeSync, openSync, readdirSync, statSync, writeSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { Project } from '../../server/project/project.ts';
import { SparseDamage } from './sparseDamage.ts';
import { databaseOf } from './storedIndex.ts';
import { symbolsOf, TemporaryProject, until } from './temporaryProject.ts';

const names = (project: Project, name: string) => symbolsOf(project).definitionsNamed(name).length;
const many = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`f${at}.ts`, `export class Named${at} {\n${'  a = 1;\n'.repeat(20)}}\n`]));

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

test('a few wrong bytes in a database or its log are found, or change no answer, and questions are answered all the while', async () => {
  await using index = await SparseDamage.prepare();
  // Bytes in the middle of texts, which SQLite itself gives back as they are.
  for (const seed of [49, 75, 87]) {
    const { wasFound, wrong, asked } = await index.round(seed);
    assert.deepEqual({ seed, wasFound, wrong, isAnswered: asked > 0 }, { seed, wasFound: true, wrong: [], isAnswered: true });
  }
});

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
