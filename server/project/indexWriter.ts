// Writes facts into the index. It runs in the parse worker, the one writer of this window; another window writes the same values, so that
// order does not matter. It knows the tables; it must not know listing or parsing.
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { importTails } from './imports/resolveImport.ts';
import { chunkLines, chunksSpan, definitionsSpan, rollBack } from './indexSchema.ts';
import type { ContentFacts } from './parsing.ts';
import { sumOf } from './rowSum.ts';
import type { SkipReason } from './skipRules.ts';
import { WordBuffer } from './wordBuffer.ts';

export interface StoredFile {
  readonly sizeBytes: number;
  readonly mtimeMs: number;
  readonly contentId: number | undefined;
  readonly reason: SkipReason | undefined;
}

/** Of a larger text only the head is searchable: beyond it is data. It has at most `chunksSpan` pieces, even if all its lines are empty. */
const maxSearchedLength = 256 * 1024;
const encoder = new TextEncoder();
const maxSpareContents = 2000;
const dayMs = 86_400_000;
/** Of about 4 KB each. */
const mergedPages = 500;

export class IndexWriter {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #now: () => number;
  readonly #body = new WordBuffer();
  readonly #names = new WordBuffer();
  #encoded = new Uint8Array(64 * 1024);

  constructor(database: DatabaseSync, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  /** All of it or nothing; what returns from here is on disk, short of a power cut. */
  transaction(work: () => void): void {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      work();
      this.#database.exec('COMMIT');
    } catch (error) {
      rollBack(this.#database);
      throw error;
    }
  }

  /** Undefined also for a row that is damaged: it is written anew. */
  file(path: string): StoredFile | undefined {
    const row = this.#run('SELECT content_id, size, mtime_ms, reason, sum FROM files WHERE path = ?').get(path);
    const contentId = typeof row?.['content_id'] === 'number' ? row['content_id'] : undefined;
    const reason = typeof row?.['reason'] === 'string' ? (row['reason'] as SkipReason) : undefined;
    if (row?.['sum'] !== sumOf([path, contentId, reason])) return undefined;
    return { sizeBytes: Number(row['size']), mtimeMs: Number(row['mtime_ms']), contentId, reason };
  }

  contentId(key: string): number | undefined {
    const id = this.#run('SELECT id FROM contents WHERE key = ?').get(key)?.['id'];
    return typeof id === 'number' ? id : undefined;
  }

  putFile(path: string, { sizeBytes, mtimeMs, contentId, reason }: StoredFile): void {
    this.#run(
      'INSERT INTO files (path, content_id, size, mtime_ms, reason, sum) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (path) DO UPDATE SET ' +
        'content_id = excluded.content_id, size = excluded.size, mtime_ms = excluded.mtime_ms, reason = excluded.reason, sum = excluded.sum',
    ).run(path, contentId ?? null, sizeBytes, mtimeMs, reason ?? null, sumOf([path, contentId, reason]));
    if (contentId !== undefined) this.#run('UPDATE contents SET used_at = ? WHERE id = ? AND used_at < ?').run(this.#now(), contentId, this.#now() - dayMs);
  }

  /** Stores a content's facts and words under its key, once. Returns its id. */
  putContent(key: string, facts: ContentFacts, text: string): number {
    // Another window may have been faster.
    const known = this.contentId(key);
    if (known !== undefined) return known;
    const { definitions, references, ...rest } = facts;
    const stored = JSON.stringify(rest);
    // Flat, since it is the largest part and read only when somebody asks for it.
    const flat: (string | number)[] = [];
    for (const { name, line, column } of references) flat.push(name, line, column);
    const names = JSON.stringify(flat);
    const { lastInsertRowid } = this.#run(
      'INSERT INTO contents (key, line_count, facts, facts_sum, names, names_sum, used_at) VALUES (?, ?, ?, ?, ?, ?, ?)',
    ).run(key, facts.lineCount, stored, sumOf([stored]), names, sumOf([names]), this.#now());
    const id = Number(lastInsertRowid);
    const define = this.#run(
      'INSERT INTO definitions (id, name, kind, container, signature, docstring, type_name, start_line, end_line, is_exported, owner, sum) ' +
        'VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    );
    for (const [at, item] of definitions.slice(0, definitionsSpan).entries()) {
      const { name, kind, container, signature, docstring, typeName, startLine, endLine, isExported } = item;
      const rowId = id * definitionsSpan + at;
      const exported = isExported ? 1 : 0;
      const owner = container?.slice(container.lastIndexOf('.') + 1) ?? null;
      const sum = sumOf([rowId, name, kind, container, signature, docstring, typeName, startLine, endLine, exported]);
      const [inside, doc, type] = [container ?? null, docstring ?? null, typeName ?? null];
      define.run(rowId, name, kind, inside, signature, doc, type, startLine, endLine, exported, owner, sum);
    }
    const derive = this.#run('INSERT OR IGNORE INTO base_types (type, base, content_id) VALUES (?, ?, ?)');
    for (const { type, base } of facts.baseTypes) derive.run(type, base, id);
    const tails = new Set<string>();
    for (const { specifier, imported } of [...facts.imports, ...facts.exports])
      if (specifier !== undefined) for (const tail of importTails({ specifier, imported }, facts.languageId)) tails.add(tail);
    const bringIn = this.#run('INSERT OR IGNORE INTO imports (tail, content_id) VALUES (?, ?)');
    for (const tail of tails) bringIn.run(tail, id);
    this.#putWords(id, facts, text);
    return id;
  }

  #putWords(contentId: number, facts: ContentFacts, text: string): void {
    const searched = this.#encode(text.length > maxSearchedLength ? text.slice(0, maxSearchedLength) : text);
    const insert = this.#run('INSERT INTO words (rowid, names, body) VALUES (?, ?, ?)');
    let next = 0;
    for (let start = 0, chunk = 0; start < searched.length; chunk++) {
      start = this.#body.write(searched, start, chunkLines);
      const names: string[] = [];
      for (let item = facts.definitions[next]; item && item.startLine < (chunk + 1) * chunkLines; item = facts.definitions[++next]) names.push(item.name);
      if (this.#body.words.length === 0) continue;
      this.#names.write(Buffer.from(names.join(' ')), 0, Infinity);
      // Full-text search takes bytes for text.
      insert.run(contentId * chunksSpan + chunk, this.#names.words, this.#body.words);
    }
  }

  /** UTF-8, valid until the next call: one buffer for all, since each of its own would have to be collected. */
  #encode(text: string): Uint8Array {
    if (this.#encoded.length < text.length * 3) this.#encoded = new Uint8Array(text.length * 3);
    return this.#encoded.subarray(0, encoder.encodeInto(text, this.#encoded).written);
  }

  remove(path: string): void {
    this.#run('DELETE FROM files WHERE path = ?').run(path);
  }

  /**
   * Contents that no file has any more are kept for a while, since a branch comes back; beyond a number and an age they go. At most `limit`
   * at once; returns how many went.
   */
  dropSpareContents(limit: number): number {
    const spare = this.#run(
      'SELECT id, used_at FROM contents WHERE NOT EXISTS (SELECT 1 FROM files WHERE files.content_id = contents.id) ORDER BY used_at DESC LIMIT -1 OFFSET ?',
    ).all(0);
    const oldest = this.#now() - 30 * dayMs;
    const drop = spare.filter((row, at) => at >= maxSpareContents || Number(row['used_at']) < oldest).slice(-limit);
    const ids = drop.map(({ id }) => Number(id));
    for (const id of ids) this.#dropContent(id);
    // One look at the whole table for all of them: an index for this alone would cost as much at every file that is stored.
    for (const table of ids.length > 0 ? ['base_types', 'imports'] : [])
      this.#run(`DELETE FROM ${table} WHERE content_id IN (SELECT value FROM json_each(?))`).run(JSON.stringify(ids));
    return ids.length;
  }

  #dropContent(id: number): void {
    this.#run('DELETE FROM words WHERE rowid IN (SELECT id FROM words_docsize WHERE id >= ? AND id < ?)').run(id * chunksSpan, (id + 1) * chunksSpan);
    this.#run('DELETE FROM definitions WHERE id >= ? AND id < ?').run(id * definitionsSpan, (id + 1) * definitionsSpan);
    this.#run('DELETE FROM contents WHERE id = ?').run(id);
  }

  /** Merges what full-text search keeps of single transactions, some tens of milliseconds' worth at a time. Returns whether there may be more. */
  mergeWords(): boolean {
    const before = this.#totalChanges();
    this.#run("INSERT INTO words (words, rank) VALUES ('merge', ?)").run(mergedPages);
    // One is the statement itself (https://sqlite.org/fts5.html#the_merge_command).
    return this.#totalChanges() - before >= 2;
  }

  #totalChanges(): number {
    return Number(this.#run('SELECT total_changes() AS count').get()?.['count']);
  }

  setMeta(name: string, value: string): void {
    this.#run('INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value').run(name, value);
  }

  #run(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}
