// Vectors on disk: kept by content and model, bounded, private, and given up without harm when the file is not what it should be.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { DatabaseSync } from 'node:sqlite';
import { type EmbeddedPassages, packVectors } from '../../server/core/retrieval/vectorIndex.ts';
import { VectorStore, type VectorStoreOptions } from '../../server/project/vectorStore.ts';
import { TemporaryProject } from './temporaryProject.ts';

const content = (seed: number, count = 2): EmbeddedPassages => ({
  passages: Array.from({ length: count }, (_, at) => ({ startLine: at, endLine: at + 3, kind: 'function', name: `f${seed}` })),
  vectors: packVectors(Array.from({ length: count }, (_, at) => Array.from({ length: 32 }, (_, n) => Math.sin(seed + at + n)))),
});

function withStore(act: (open: (over?: Partial<VectorStoreOptions>) => VectorStore, file: string) => void): void {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tm-vectors-'));
  const file = path.join(folder, 'index', 'vectors.sqlite');
  const stores: VectorStore[] = [];
  try {
    act((over) => {
      const store = new VectorStore({ file, maxBytes: 64 * 1024 * 1024, nowMs: Date.now, ...over });
      stores.push(store);
      return store;
    }, file);
  } finally {
    for (const store of stores) store.close();
    rmSync(folder, { recursive: true });
  }
}

test('vectors come back as they were, by content and model, also after another start', () =>
  withStore((open) => {
    const store = open();
    assert.equal(store.get('m', 'a'), undefined);
    store.put('m', 'a', content(1));
    store.put('m', 'empty', { passages: [], vectors: packVectors([]) });
    store.close();
    const again = open();
    assert.deepEqual(again.get('m', 'a'), content(1));
    assert.deepEqual(again.get('m', 'empty')?.passages, []);
    assert.equal(again.get('other', 'a'), undefined);
    again.put('m', 'a', content(2));
    assert.deepEqual(again.get('m', 'a'), content(2));
  }));

test('two windows keep theirs in one file', () =>
  withStore((open) => {
    const [one, other] = [open(), open()];
    one.put('m', 'a', content(1));
    other.put('m', 'b', content(2));
    assert.deepEqual(one.get('m', 'b'), content(2));
    assert.deepEqual(other.get('m', 'a'), content(1));
  }));

test('only the user may read it', { skip: process.platform === 'win32' }, () =>
  withStore((open, file) => {
    open().put('m', 'a', content(1));
    for (const name of readdirSync(path.dirname(file))) assert.equal(statSync(path.join(path.dirname(file), name)).mode & 0o077, 0, name);
    assert.equal(statSync(path.dirname(file)).mode & 0o077, 0);
  }),
);

test('a full file drops what was not used for longest', () =>
  withStore((open, file) => {
    let now = 0;
    const store = open({ maxBytes: 400 * 1024, nowMs: () => now });
    const large = (seed: number) => content(seed, 200);
    for (; now < 200; now++) store.put('m', `c${now}`, large(now));
    assert.ok(statSync(file).size <= 400 * 1024);
    assert.deepEqual(store.get('m', 'c199'), large(199));
    assert.equal(store.get('m', 'c0'), undefined);
  }));

test('what nobody used for a month goes at the next start, and use is noted once a day', () =>
  withStore((open) => {
    const day = 86_400_000;
    let now = 0;
    const store = open({ nowMs: () => now });
    store.put('m', 'used', content(1));
    store.put('m', 'unused', content(2));
    now = 20 * day;
    store.get('m', 'used');
    store.close();
    now = 31 * day;
    const again = open({ nowMs: () => now });
    assert.ok(again.get('m', 'used'));
    assert.equal(again.get('m', 'unused'), undefined);
  }));

test('a damaged file is deleted and made anew', () =>
  withStore((open, file) => {
    const store = open();
    store.put('m', 'a', content(1));
    store.close();
    for (const end of ['-wal', '-shm']) rmSync(file + end, { force: true });
    writeFileSync(file, 'no database at all'.repeat(1000));
    const again = open();
    assert.equal(again.get('m', 'a'), undefined);
    again.put('m', 'a', content(2));
    assert.deepEqual(again.get('m', 'a'), content(2));
  }));

test('a row that is not what was written is as good as none', () =>
  withStore((open, file) => {
    open().put('m', 'a', content(1));
    const database = new DatabaseSync(file);
    for (const change of ["numbers = x'01'", "scales = x''", "passages = '{'", "passages = '[{}]'", 'numbers = NULL']) {
      // What the column forbids cannot happen.
      const update = () => database.exec(`UPDATE vectors SET ${change}`);
      if (change.endsWith('NULL')) assert.throws(update);
      else update();
      if (!change.endsWith('NULL')) assert.equal(open().get('m', 'a'), undefined, change);
      open().put('m', 'a', content(1));
    }
    database.close();
    assert.deepEqual(open().get('m', 'a'), content(1));
  }));

test('without a file, or with one that cannot be there, nothing is kept and nothing breaks', () =>
  withStore((open, file) => {
    open().put('m', 'a', content(1));
    for (const impossible of [undefined, path.join(file, 'below', 'a', 'file.sqlite')]) {
      const store = open({ file: impossible });
      store.put('m', 'a', content(1));
      assert.equal(store.get('m', 'a'), undefined);
    }
  }));

test('they are deleted with the indexes, and kept again afterwards', async () => {
  await using files = new TemporaryProject({ 'a.ts': 'export const a = 1;\n' });
  const project = await files.index();
  project.vectors.put('m', 'a', content(1));
  const file = path.join(files.storage, 'index', 'vectors.sqlite');
  assert.ok(existsSync(file));
  await project.deleteIndexes();
  assert.equal(project.vectors.get('m', 'a'), undefined);
  project.vectors.put('m', 'a', content(2));
  assert.deepEqual(project.vectors.get('m', 'a'), content(2));
});
