// Vectors of passages on disk, so that nothing is computed twice: one database beside the indexes, for all folders of this user. Unlike an index it can always be
// made anew, so a damaged one is simply deleted. It knows SQLite and bytes; it must not know where vectors come from. Rows are small and idle moments are many, so
// the server's own thread writes them.
import { chmodSync, closeSync, mkdirSync, openSync, rmSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import path from 'node:path';
import * as v from 'valibot';
import type { Passage } from '../core/retrieval/passages.ts';
import type { EmbeddedPassages } from '../core/retrieval/vectorIndex.ts';
import { closeQuietly, isDamage, isFull, loadSqlite } from './indexSchema.ts';

export interface VectorStoreOptions {
  /** Undefined: nothing is kept. */
  readonly file: string | undefined;
  readonly maxBytes: number;
  readonly nowMs: () => number;
}

/** Raise it with every change of the table: an older one is deleted. */
const schemaVersion = 1;
const pageSize = 4096;
/** Another window may be writing; what cannot be kept now is made again some day. */
const busyTimeoutMs = 50;
const maxUnusedMs = 30 * 86_400_000;
const dayMs = 86_400_000;
/** Of a full database the rows not used for longest go, one in so many. */
const dropOneIn = 4;

const table = `
CREATE TABLE IF NOT EXISTS vectors (
  id INTEGER PRIMARY KEY, model TEXT NOT NULL, content TEXT NOT NULL, passages TEXT NOT NULL, scales BLOB NOT NULL, numbers BLOB NOT NULL, used_at INTEGER NOT NULL,
  UNIQUE (model, content)
);
CREATE INDEX IF NOT EXISTS vectors_by_use ON vectors (used_at);
PRAGMA user_version = ${schemaVersion};
`;

const line = v.pipe(v.number(), v.integer(), v.minValue(0));
/** The kinds are only shown, so any word will do. */
const passagesSchema = v.array(v.object({ startLine: line, endLine: line, kind: v.string(), name: v.optional(v.string()), container: v.optional(v.string()) }));

export class VectorStore {
  readonly #options: VectorStoreOptions;
  #database: DatabaseSync | undefined;
  #isOpen = false;

  constructor(options: VectorStoreOptions) {
    this.#options = options;
  }

  /** @param model names all that vectors depend on */
  get(model: string, contentHash: string): EmbeddedPassages | undefined {
    return this.#attempt((database) => {
      const row = database.prepare('SELECT id, passages, scales, numbers, used_at FROM vectors WHERE model = ? AND content = ?').get(model, contentHash);
      if (!row) return undefined;
      const now = this.#options.nowMs();
      if (Number(row['used_at']) < now - dayMs) database.prepare('UPDATE vectors SET used_at = ? WHERE id = ?').run(now, Number(row['id']));
      return contentOf(String(row['passages']), row['scales'], row['numbers']);
    });
  }

  put(model: string, contentHash: string, { passages, vectors: { scales, numbers } }: EmbeddedPassages): void {
    const row = [model, contentHash, JSON.stringify(passages), bytesOf(scales), bytesOf(numbers), this.#options.nowMs()] as const;
    const write = (database: DatabaseSync) =>
      database.prepare('INSERT OR REPLACE INTO vectors (model, content, passages, scales, numbers, used_at) VALUES (?, ?, ?, ?, ?, ?)').run(...row);
    this.#attempt((database) => {
      try {
        write(database);
      } catch (error) {
        if (!isFull(error)) throw error;
        database.exec(`DELETE FROM vectors WHERE id IN (SELECT id FROM vectors ORDER BY used_at LIMIT (SELECT count(*) / ${dropOneIn} FROM vectors))`);
        write(database);
      }
    });
  }

  /** Afterwards the file may be deleted; the next use opens a new one. */
  close(): void {
    closeQuietly(this.#database);
    this.#database = undefined;
    this.#isOpen = false;
  }

  #attempt<Value>(act: (database: DatabaseSync) => Value): Value | undefined {
    try {
      const database = this.#opened();
      return database && act(database);
    } catch (error) {
      // A full or busy disk may be another one the next time.
      if (isDamage(error)) this.#deleteAll();
      return undefined;
    }
  }

  #opened(): DatabaseSync | undefined {
    const { file, maxBytes, nowMs } = this.#options;
    const sqlite = loadSqlite();
    if (this.#isOpen || file === undefined || !sqlite) return this.#database;
    // Tried once: a folder that cannot be written is no better the next time.
    this.#isOpen = true;
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    // SQLite gives its journals the mode of the main file.
    closeSync(openSync(file, 'a', 0o600));
    chmodSync(file, 0o600);
    const database = new sqlite.DatabaseSync(file);
    this.#database = database;
    database.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA trusted_schema = OFF`);
    database.exec(`PRAGMA max_page_count = ${Math.floor(maxBytes / pageSize)}; PRAGMA cache_size = -2000; PRAGMA journal_size_limit = 4194304`);
    const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
    if (version !== 0 && version !== schemaVersion) database.exec('DROP TABLE IF EXISTS vectors');
    database.exec(table);
    database.prepare('DELETE FROM vectors WHERE used_at < ?').run(nowMs() - maxUnusedMs);
    return database;
  }

  #deleteAll(): void {
    const { file } = this.#options;
    this.close();
    if (file !== undefined) for (const end of ['', '-wal', '-shm']) rmSync(file + end, { force: true });
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array | Int8Array): Uint8Array {
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
}

/** What bytes on a disk became may be anything. */
function contentOf(json: string, scales: unknown, numbers: unknown): EmbeddedPassages | undefined {
  const passages = v.safeParse(v.pipe(v.string(), v.parseJson(), passagesSchema), json);
  if (!passages.success || !(scales instanceof Uint8Array) || !(numbers instanceof Uint8Array)) return undefined;
  const count = passages.output.length;
  const dimensions = count === 0 ? 0 : numbers.length / count;
  if (scales.length !== count * Float32Array.BYTES_PER_ELEMENT || !Number.isInteger(dimensions)) return undefined;
  // Copied: a view of floats must begin at a multiple of four.
  const vectors = { dimensions, numbers: new Int8Array(numbers), scales: new Float32Array(scales.slice().buffer) };
  return { passages: passages.output as Passage[], vectors };
}
