// What the index keeps of single transactions, put together in idle moments, and what goes with a content that no file has any more.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as sqlite from 'node:sqlite';
import { test, type TestContext } from 'node:test';
import { openForWriting } from '../../server/project/indexSchema.ts';
import { IndexWriter } from '../../server/project/indexWriter.ts';
import type { ContentFacts } from '../../server/project/parsing.ts';

function writerOf(t: TestContext, now = () => 0) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tm-writer-'));
  const opened = openForWriting(sqlite, path.join(folder, 'index.sqlite'), { maxBytes: 1e9 });
  if (opened.outcome !== 'ok') throw new Error(opened.outcome);
  t.after(() => {
    opened.database.close();
    rmSync(folder, { recursive: true });
  });
  return { database: opened.database, writer: new IndexWriter(opened.database, now) };
}

const factsOf = (at: number): ContentFacts => ({
  languageId: 'typescript',
  contentHash: String(at),
  lineCount: 1,
  definitions: [],
  references: [],
  bindings: [],
  exports: [],
  imports: [{ local: 'shop', imported: 'shop', specifier: `./shop${at}`, line: 0 }],
  baseTypes: [{ type: `Type${at}`, base: 'Base' }],
});

/** Each piece of text in a transaction of its own, as a save is. */
function store(writer: IndexWriter, count: number): void {
  for (let at = 0; at < count; at++)
    writer.transaction(() => {
      const contentId = writer.putContent(`key${at}`, factsOf(at), `shared words of piece${at}\n`);
      writer.putFile(`file${at}.ts`, { sizeBytes: 1, mtimeMs: 1, contentId, reason: undefined });
    });
}

test('the search table’s segments are merged in idle moments, and the same is found before and after', (t) => {
  const { database, writer } = writerOf(t);
  store(writer, 40);
  const segments = () => Number(database.prepare('SELECT count(DISTINCT segid) AS count FROM words_idx').get()?.['count']);
  const found = (query: string) => database.prepare('SELECT rowid FROM words WHERE words MATCH ? ORDER BY rowid').all(query).length;
  assert.equal(segments(), 40, 'writing merges nothing');
  assert.deepEqual([found('shared'), found('piece7')], [40, 1]);
  let steps = 0;
  for (; writer.mergeWords(); steps++) assert.ok(steps < 100, 'it comes to an end');
  assert.ok(segments() < 8, `${segments()} segments are left`);
  assert.deepEqual([found('shared'), found('piece7')], [40, 1]);
  database.exec("INSERT INTO words (words) VALUES ('integrity-check')");
});

test('without idle moments writing merges after all, before there are hundreds', (t) => {
  const { database, writer } = writerOf(t);
  store(writer, 300);
  assert.ok(Number(database.prepare('SELECT count(DISTINCT segid) AS count FROM words_idx').get()?.['count']) < 110);
});

test('a content that no file has any more goes with all that was kept of it, once it is old', (t) => {
  let now = 0;
  const { database, writer } = writerOf(t, () => now);
  store(writer, 5);
  writer.remove('file3.ts');
  assert.equal(writer.dropSpareContents(50), 0, 'a branch may come back');
  now = 40 * 86_400_000;
  assert.equal(writer.dropSpareContents(50), 1);
  const rows = (table: string) => Number(database.prepare(`SELECT count(*) AS count FROM ${table}`).get()?.['count']);
  assert.deepEqual(['contents', 'base_types', 'imports', 'words_docsize'].map(rows), [4, 4, rows('imports'), 4]);
  assert.equal(rows('imports') % 4, 0);
  assert.equal(Number(database.prepare("SELECT count(*) AS count FROM imports WHERE tail LIKE '%shop3'").get()?.['count']), 0);
  assert.equal(writer.dropSpareContents(50), 0);
});
