// What must not stop the parse worker for long: grammars that hang or crash, a worker that cannot start, a standard output that is the protocol's.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { Project } from '../../server/project/project.ts';
import { comesTrue } from '../patience.ts';
import { symbolsOf, TemporaryProject, until } from './temporaryProject.ts';

const loopingWorker = path.join(import.meta.dirname, 'loopingWorker.ts');
const names = (project: Project, name: string) => symbolsOf(project).definitionsNamed(name).length;
const many = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`f${at}.ts`, `export class Named${at} {\n${'  a = 1;\n'.repeat(20)}}\n`]));

test('a file on which a grammar hangs is left out, and everything else is indexed', async () => {
  await using files = new TemporaryProject({ ...many(20), 'hang.ts': '// LOOP FOREVER\n', 'z.ts': 'export class Last {}\n' });
  const project = await files.index({ worker: loopingWorker, limits: { fileTimeoutMs: 1500 } });
  assert.deepEqual([names(project, 'Named19'), names(project, 'Last'), project.status[0]?.skippedByReason], [1, 1, { tooSlow: 1 }]);
  await project.dispose();
  // It is remembered: the next start does not hang again.
  const again = await files.index({ worker: loopingWorker, limits: { fileTimeoutMs: 60_000 } });
  assert.deepEqual([again.status[0]?.parsed, again.status[0]?.skippedByReason], [0, { tooSlow: 1 }]);
  files.write({ 'hang.ts': 'export class Mended {}\n' });
  again.noteChanged([files.at('hang.ts')]);
  await again.whenIdle();
  assert.equal(names(again, 'Mended'), 1);
});

test('a grammar that ends the worker costs one file', async () => {
  await using files = new TemporaryProject({ ...many(20), 'crash.ts': '// CRASH NOW\n' });
  const project = await files.index({ worker: loopingWorker });
  assert.deepEqual([names(project, 'Named0'), names(project, 'Named19'), project.status[0]?.skippedByReason], [1, 1, { tooSlow: 1 }]);
});

test('an open document on which a grammar hangs does not stop the others', async () => {
  await using files = new TemporaryProject(many(5));
  const project = await files.index({ worker: loopingWorker, limits: { fileTimeoutMs: 1000 } });
  project.openDocument(files.at('f1.ts'), 'typescript', '// LOOP FOREVER\n');
  project.openDocument(files.at('f2.ts'), 'typescript', 'export class Second {}\n');
  await until(project, () => names(project, 'Second') === 1);
  assert.equal(names(project, 'Named4'), 1);
});

test('a document that hangs the grammar is open before the folder, and the folder is indexed in its database all the same', async () => {
  await using files = new TemporaryProject(many(5));
  const project = files.project({ worker: loopingWorker, limits: { fileTimeoutMs: 1000 } });
  // Two of them: each ends the worker before it has come to the database.
  for (const name of ['f1.ts', 'f2.ts']) project.openDocument(files.at(name), 'typescript', '// LOOP FOREVER\n');
  await project.open([files.root]);
  await until(project, () => names(project, 'Named4') === 1 && project.status[0]?.isComplete === true);
  const { store, parsed, problem } = project.status[0] ?? {};
  assert.deepEqual({ store, parsed, problem }, { store: 'sqlite', parsed: 5, problem: undefined });
  await project.dispose();
  const again = await files.index();
  assert.deepEqual([names(again, 'Named4'), again.status[0]?.parsed], [1, 0]);
});

test('a database that was deleted from outside is made anew by the next worker, and read from then on', async () => {
  await using files = new TemporaryProject(many(5));
  const project = await files.index({ limits: { workerIdleMs: 1 } });
  // As another window does that deletes all indexes. The worker has gone meanwhile, or goes on in the old file until it goes.
  rmSync(path.join(files.storage, 'index'), { recursive: true });
  let saves = 0;
  await comesTrue(
    async () => {
      files.write({ 'f1.ts': `export class Later${++saves} {}\n` });
      project.noteChanged([files.at('f1.ts')]);
      await project.whenIdle();
      return existsSync(path.join(files.storage, 'index'));
    },
    { seen: () => project.status },
  );
  assert.deepEqual([names(project, `Later${saves}`), names(project, 'Named1'), names(project, 'Named4'), project.status[0]?.store], [1, 0, 1, 'sqlite']);
});

test('a worker that cannot start is said once and does not stop the server', async () => {
  await using files = new TemporaryProject(many(3));
  const project = files.project({ worker: path.join(files.root, 'missing.mjs') });
  await project.open([files.root]);
  await until(project, () => project.status[0]?.problem !== undefined);
  assert.match(project.status[0]?.problem ?? '', /cannot be started/);
  assert.deepEqual([...symbolsOf(project).paths()].sort(), ['f0.ts', 'f1.ts', 'f2.ts']);
});

test('standard output stays the protocol’s: the index writes nothing there', async () => {
  await using files = new TemporaryProject(many(3));
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'indexForEver.ts'), files.root, files.storage, 'once'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  await new Promise((resolve) => child.once('close', resolve));
  assert.deepEqual(
    output
      .trim()
      .split('\n')
      .map((line) => line.split(' ')[0]),
    ['stored', 'done'],
  );
});
