// The index's database: its tables, how it is opened, and what happens to one that is damaged or from a newer version. It knows SQLite and
// files; it must not know what the facts mean.
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs';
import type * as sqliteModule from 'node:sqlite';
import type { DatabaseSync } from 'node:sqlite';
import path from 'node:path';

type Sqlite = Pick<typeof sqliteModule, 'DatabaseSync'>;

/** Raise it with every change of the tables: an older index is rebuilt, a newer one set aside. */
const schemaVersion = 4;
const busyTimeoutMs = 5000;
const pageSize = 4096;
/** Damaged files are kept for a look, not for ever. */
const maxSetAside = 2;

/**
 * What belongs to one content has ids that begin with its own: `id / span` is the content, the rest says which one it is. So neither table
 * needs a column or an index for that.
 */
export const definitionsSpan = 2 ** 20;
export const chunksSpan = 2 ** 13;
/** Text is found in pieces of so many lines, and the number of a piece says where it begins. */
export const chunkLines = 40;

/**
 * Each transaction leaves a segment of its own in the search table, and SQLite would merge them as it writes, a tenth of all the work of storing. Idle moments do that
 * (`IndexWriter.mergeWords`); until then a search looks into so many of one size at most, beyond which writing merges after all.
 */
const merging = { automerge: 48, crisismerge: 192 };

const tables = `
CREATE TABLE contents (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, line_count INTEGER NOT NULL, facts TEXT NOT NULL, facts_sum INTEGER NOT NULL,
  names TEXT NOT NULL, names_sum INTEGER NOT NULL, used_at INTEGER NOT NULL);
CREATE TABLE files (path TEXT PRIMARY KEY, content_id INTEGER, size INTEGER NOT NULL, mtime_ms REAL NOT NULL, reason TEXT, sum INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX files_by_content ON files (content_id);
CREATE TABLE definitions (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, kind TEXT NOT NULL, container TEXT, owner TEXT, signature TEXT NOT NULL,
  docstring TEXT, type_name TEXT, start_line INTEGER NOT NULL, end_line INTEGER NOT NULL, is_exported INTEGER NOT NULL,
  sum INTEGER NOT NULL
);
CREATE INDEX definitions_by_name ON definitions (name);
CREATE INDEX definitions_by_owner ON definitions (owner) WHERE owner IS NOT NULL;
CREATE TABLE base_types (type TEXT NOT NULL, base TEXT NOT NULL, content_id INTEGER NOT NULL, PRIMARY KEY (type, base, content_id)) WITHOUT ROWID;
CREATE TABLE imports (tail TEXT NOT NULL, content_id INTEGER NOT NULL, PRIMARY KEY (tail, content_id)) WITHOUT ROWID;
CREATE VIRTUAL TABLE words USING fts5(names, body, content='', contentless_delete=1, tokenize='ascii');
INSERT INTO words (words, rank) VALUES ('automerge', ${merging.automerge}), ('crisismerge', ${merging.crisismerge});
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
PRAGMA user_version = ${schemaVersion};
`;

/** Undefined where this Node has no SQLite: then everything is kept in memory. */
export function loadSqlite(): Sqlite | undefined {
  try {
    return typeof process.getBuiltinModule === 'function' ? process.getBuiltinModule('node:sqlite') : undefined;
  } catch {
    return undefined;
  }
}

export type Damage = 'damaged' | 'newer';

export type OpenedIndex =
  | { readonly outcome: 'ok'; readonly database: DatabaseSync; readonly isNew: boolean }
  | { readonly outcome: Damage }
  /** The storage folder cannot be written: nothing to do about it here. */
  | { readonly outcome: 'unusable'; readonly message: string };

/** Opens for writing and makes the tables where there are none. */
export function openForWriting(sqlite: Sqlite, file: string, { maxBytes }: { readonly maxBytes: number }): OpenedIndex {
  let database: DatabaseSync | undefined;
  try {
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    chmodSync(path.dirname(file), 0o700);
    // SQLite gives its journals the mode of the main file.
    closeSync(openSync(file, 'a', 0o600));
    chmodSync(file, 0o600);
    database = new sqlite.DatabaseSync(file);
    database.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -8000`);
    database.exec(`PRAGMA max_page_count = ${Math.floor(maxBytes / pageSize)}; PRAGMA journal_size_limit = 16777216; PRAGMA trusted_schema = OFF`);
    const isNew = makeTables(database);
    const version = versionOf(database);
    if (version === schemaVersion) return { outcome: 'ok', database, isNew };
    database.close();
    // An older index is as good as none: its tables are others.
    return { outcome: version > schemaVersion ? 'newer' : 'damaged' };
  } catch (error) {
    closeQuietly(database);
    return isDamage(error) ? { outcome: 'damaged' } : { outcome: 'unusable', message: error instanceof Error ? error.message : String(error) };
  }
}

export function openForReading(sqlite: Sqlite, file: string): DatabaseSync | undefined {
  let database: DatabaseSync | undefined;
  try {
    database = new sqlite.DatabaseSync(file, { readOnly: true });
    // A reader in WAL mode waits for nobody; what it might wait for is a recovery, and typing must not.
    database.exec('PRAGMA busy_timeout = 50; PRAGMA cache_size = -16000; PRAGMA query_only = ON; PRAGMA trusted_schema = OFF');
    versionOf(database);
    return database;
  } catch {
    closeQuietly(database);
    return undefined;
  }
}

/** Two processes that open a new file at once make the tables once. */
function makeTables(database: DatabaseSync): boolean {
  database.exec('BEGIN IMMEDIATE');
  try {
    const isNew = versionOf(database) === 0 && database.prepare('SELECT count(*) AS count FROM sqlite_master').get()?.['count'] === 0;
    if (isNew) database.exec(tables);
    database.exec('COMMIT');
    return isNew;
  } catch (error) {
    rollBack(database);
    throw error;
  }
}

function versionOf(database: DatabaseSync): number {
  const version = database.prepare('PRAGMA user_version').get()?.['user_version'];
  return typeof version === 'number' ? version : 0;
}

/** Whether the rows were last taken up by a program of these versions; another window may be of other ones. */
export function hasVersions(database: DatabaseSync, versions: Readonly<Record<string, string>>): boolean {
  const stored = new Map(
    database
      .prepare('SELECT name, value FROM meta')
      .all()
      .map((row) => [row['name'], row['value']]),
  );
  return Object.entries(versions).every(([name, value]) => stored.get(name) === value);
}

/**
 * Takes the rows up for these versions: where they are of others, each file is to be looked at again. What a file holds keeps its facts where there are
 * some of the right version.
 */
export function takeUp(database: DatabaseSync, versions: Readonly<Record<string, string>>): void {
  if (hasVersions(database, versions)) return;
  database.exec('BEGIN IMMEDIATE');
  try {
    // No file has this time: none counts as unchanged.
    database.exec('UPDATE files SET mtime_ms = 0');
    const put = database.prepare('INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value');
    for (const [name, value] of Object.entries(versions)) put.run(name, value);
    database.exec('COMMIT');
  } catch (error) {
    rollBack(database);
    throw error;
  }
}

/** The one that full-text search keeps; SQLite reads all of it to check it, which takes several times as long as all others together. */
export const searchTable = 'words';

/** The tables that a check of the database goes through, without `searchTable`, whose pages are in some of them. */
export function ordinaryTables(database: DatabaseSync): string[] {
  const rows = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name != ?").all(searchTable);
  return rows.map((row) => String(row['name']));
}

/** Some 2 ms for each MB; with `isWhole` twice that: then also whether the indexes say the same as the table. What rows hold is checked by their sums. */
export function isHealthy(database: DatabaseSync, table: string, { isWhole }: { readonly isWhole: boolean }): boolean {
  const check = isWhole ? 'integrity_check' : 'quick_check';
  try {
    const rows = database.prepare(`PRAGMA ${check}('${table.replaceAll("'", "''")}')`).all();
    return rows.length === 1 && rows[0]?.[check] === 'ok';
  } catch {
    return false;
  }
}

/** Renames the database out of the way, with its journals. Returns false where the system forbids it, as Windows does while it is open. */
export function setAside(file: string, why: Damage, now: number): boolean {
  try {
    const mark = `${why}-${now}`;
    for (const end of ['', '-wal', '-shm']) if (existsSync(file + end)) renameSync(file + end, `${file}.${mark}${end}`);
    const folder = path.dirname(file);
    const old = readdirSync(folder)
      .filter((name) => name.startsWith(`${path.basename(file)}.`) && /\.(?:damaged|newer)-\d+$/.test(name))
      .sort((a, b) => Number(b.slice(b.lastIndexOf('-') + 1)) - Number(a.slice(a.lastIndexOf('-') + 1)));
    for (const name of old.slice(maxSetAside)) for (const end of ['', '-wal', '-shm']) rmSync(path.join(folder, name + end), { force: true });
    return true;
  } catch {
    return false;
  }
}

function errorCode(error: unknown): number | undefined {
  const code = typeof error === 'object' && error !== null && 'errcode' in error ? error.errcode : undefined;
  return typeof code === 'number' ? code & 0xff : undefined;
}

/** SQLITE_CORRUPT and SQLITE_NOTADB; SQLITE_ERROR stands for tables that are not there. */
export function isDamage(error: unknown): boolean {
  const code = errorCode(error);
  return code === 11 || code === 26 || (code === 1 && error instanceof Error && /no such (?:table|column)|malformed/.test(error.message));
}

/** SQLITE_FULL, SQLITE_READONLY, SQLITE_IOERR, SQLITE_CANTOPEN, SQLITE_BUSY, SQLITE_LOCKED: the facts are right, but cannot be kept now. */
export function isNoRoom(error: unknown): boolean {
  const code = errorCode(error);
  return code === 13 || code === 8 || code === 10 || code === 14 || code === 5 || code === 6;
}

/** SQLITE_FULL: the disk is, or the database has as many pages as it may have. */
export function isFull(error: unknown): boolean {
  return errorCode(error) === 13;
}

export function rollBack(database: DatabaseSync): void {
  try {
    if (database.isTransaction !== false) database.exec('ROLLBACK');
  } catch (error) {
    // SQLite has rolled back by itself after a serious error, and says that there is nothing to roll back.
    if (!(error instanceof Error)) throw error;
  }
}

export function closeQuietly(database: DatabaseSync | undefined): void {
  try {
    database?.close();
  } catch (error) {
    // Closing what is damaged or already closed fails, and nothing follows from it.
    if (!(error instanceof Error)) throw error;
  }
}
