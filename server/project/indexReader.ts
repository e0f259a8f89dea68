// Reads the index from the server's own thread, synchronously: one indexed look-up takes some tens of microseconds. It knows the tables. What
// is read may be damaged: then it says so once and answers nothing.
import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import type { Definition, DefinitionKind, Reference, TextHit } from '../core/retrieval/facts.ts';
import type { FactLayer } from './factLayer.ts';
import type { PathTails } from './imports/resolveImport.ts';
import { chunkLines, chunksSpan, closeQuietly, definitionsSpan, isDamage } from './indexSchema.ts';
import type { ContentFacts } from './parsing.ts';
import { sumOf } from './rowSum.ts';
import { searchExpression } from './searchWords.ts';

type Row = Record<string, SQLOutputValue>;

/** What the sum of a definition is made of, in this order. */
const summedColumns = ['id', 'name', 'kind', 'container', 'signature', 'docstring', 'type_name', 'start_line', 'end_line', 'is_exported'];
const definitionColumns = [...summedColumns, 'sum'].map((column) => `d.${column}`).join(', ');

export class IndexReader implements FactLayer {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #onDamage: () => void;
  #isClosed = false;

  /** `onDamage` is called at most once, in a turn of its own. */
  constructor(database: DatabaseSync, onDamage: () => void) {
    this.#database = database;
    this.#onDamage = onDamage;
  }

  close(): void {
    this.#isClosed = true;
    this.#statements.clear();
    closeQuietly(this.#database);
  }

  facts(path: string): ContentFacts | undefined {
    const row = this.#all('SELECT c.id, c.facts, c.facts_sum FROM files f JOIN contents c ON c.id = f.content_id WHERE f.path = ?', path)[0];
    const facts = row && this.#summed(text(row['facts']), row['facts_sum']);
    return facts === undefined ? undefined : this.#withDetails(parseFacts(facts), Number(row?.['id']));
  }

  /** Definitions and references are the most of it, and not everyone who asks for a file wants them. */
  #withDetails(facts: Omit<ContentFacts, 'definitions' | 'references'>, contentId: number): ContentFacts {
    let definitions: ContentFacts['definitions'] | undefined;
    let references: ContentFacts['references'] | undefined;
    const ofContent = [contentId * definitionsSpan, (contentId + 1) * definitionsSpan] as const;
    const readDefinitions = () =>
      this.#sound(this.#all(`SELECT ${definitionColumns} FROM definitions d WHERE d.id >= ? AND d.id < ? ORDER BY d.id`, ...ofContent)).map(definitionOf);
    const readReferences = () => {
      const row = this.#all('SELECT names, names_sum FROM contents WHERE id = ?', contentId)[0];
      return parseReferences((row && this.#summed(text(row['names']), row['names_sum'])) ?? '[]');
    };
    return {
      ...facts,
      get definitions() {
        definitions ??= readDefinitions();
        return definitions;
      },
      get references() {
        references ??= readReferences();
        return references;
      },
    };
  }

  definitionsNamed(name: string, limit: number): readonly Definition[] {
    return this.#definitions('d.name = ?', name, limit);
  }

  membersOf(owner: string, limit: number): readonly Definition[] {
    return this.#definitions('d.owner = ?', owner, limit);
  }

  baseTypesOf(type: string): readonly { readonly base: string; readonly path: string }[] {
    const rows = this.#all('SELECT b.base, f.path FROM base_types b JOIN files f ON f.content_id = b.content_id WHERE b.type = ? LIMIT 64', type);
    return rows.map((row) => ({ base: text(row['base']), path: text(row['path']) }));
  }

  pathsImporting({ anywhere, within }: PathTails, limit: number): readonly string[] {
    const importing = 'SELECT DISTINCT f.path FROM imports i JOIN files f ON f.content_id = i.content_id WHERE i.tail';
    const rows = within.flatMap(({ tail, folder }) =>
      folder === ''
        ? this.#all(`${importing} = ? LIMIT ?`, tail, limit)
        : // All that begins with the folder and a slash; `0` is the next character.
          this.#all(`${importing} = ? AND f.path > ? AND f.path < ? LIMIT ?`, tail, `${folder}/`, `${folder}0`, limit),
    );
    rows.push(...this.#all(`${importing} IN (${anywhere.map(() => '?').join(', ')}) LIMIT ?`, ...anywhere, limit));
    return rows.map((row) => text(row['path']));
  }

  search(query: string, limit: number): readonly TextHit[] {
    const expression = searchExpression(query);
    if (expression === undefined) return [];
    // A name that is defined in a piece says more about it than a word in it.
    const rows = this.#all(
      'SELECT hits.id, c.line_count, f.path, hits.score FROM ' +
        '(SELECT rowid AS id, bm25(words, 4.0, 1.0) AS score FROM words WHERE words MATCH ? ORDER BY score LIMIT ?) AS hits ' +
        `JOIN contents c ON c.id = hits.id / ${chunksSpan} JOIN files f ON f.content_id = c.id ORDER BY hits.score LIMIT ?`,
      expression,
      limit * 2,
      limit,
    );
    return rows.map((row) => {
      const startLine = (Number(row['id']) % chunksSpan) * chunkLines;
      const endLine = Math.min(startLine + chunkLines, Number(row['line_count'])) - 1;
      return { path: text(row['path']), startLine, endLine, score: -Number(row['score']) };
    });
  }

  /** Stored paths after `after` in their order. */
  pathsAfter(after: string, limit: number): readonly string[] {
    return this.#all('SELECT path FROM files WHERE path > ? ORDER BY path LIMIT ?', after, limit).map((row) => text(row['path']));
  }

  meta(name: string): string | undefined {
    const value = this.#all('SELECT value FROM meta WHERE name = ?', name)[0]?.['value'];
    return typeof value === 'string' ? value : undefined;
  }

  #definitions(condition: string, value: string, limit: number): readonly Definition[] {
    const rows = this.#all(
      `SELECT ${definitionColumns}, f.path FROM definitions d JOIN files f ON f.content_id = d.id / ${definitionsSpan} WHERE ${condition} LIMIT ?`,
      value,
      limit,
    );
    return this.#sound(rows).map((row) => ({ ...definitionOf(row), path: text(row['path']) }));
  }

  /** The definitions, or none when one of them is not what was written. */
  #sound(rows: readonly Row[]): readonly Row[] {
    const isSound = (row: Row) => row['sum'] === sumOf(summedColumns.map((column) => plain(row[column])));
    if (rows.every(isSound)) return rows;
    this.#foundDamage();
    return [];
  }

  /** The text, unless it is not what was written. */
  #summed(value: string, sum: SQLOutputValue | undefined): string | undefined {
    if (sumOf([value]) === sum) return value;
    this.#foundDamage();
    return undefined;
  }

  #foundDamage(): void {
    if (this.#isClosed) return;
    this.close();
    queueMicrotask(this.#onDamage);
  }

  #all(sql: string, ...values: (string | number)[]): Row[] {
    if (this.#isClosed) return [];
    try {
      let statement = this.#statements.get(sql);
      if (!statement) {
        statement = this.#database.prepare(sql);
        this.#statements.set(sql, statement);
      }
      return statement.all(...values);
    } catch (error) {
      // A busy or unreadable file answers nothing this time; a damaged one never will.
      if (isDamage(error)) this.#foundDamage();
      return [];
    }
  }
}

function definitionOf(row: Row): Omit<Definition, 'path'> {
  return {
    name: text(row['name']),
    kind: text(row['kind']) as DefinitionKind,
    ...(typeof row['container'] === 'string' ? { container: row['container'] } : {}),
    signature: text(row['signature']),
    ...(typeof row['docstring'] === 'string' ? { docstring: row['docstring'] } : {}),
    ...(typeof row['type_name'] === 'string' ? { typeName: row['type_name'] } : {}),
    startLine: Number(row['start_line']),
    endLine: Number(row['end_line']),
    isExported: row['is_exported'] === 1,
  };
}

/** Only this program writes them, and their sum says that they are what it wrote. */
function parseFacts(json: string): Omit<ContentFacts, 'definitions' | 'references'> {
  return JSON.parse(json) as ContentFacts;
}

function parseReferences(json: string): Reference[] {
  const flat = JSON.parse(json) as (string | number)[];
  const found: Reference[] = [];
  for (let at = 0; at + 2 < flat.length; at += 3) found.push({ name: String(flat[at]), line: Number(flat[at + 1]), column: Number(flat[at + 2]) });
  return found;
}

function text(value: SQLOutputValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

/** What no row of this program holds is left out, and its sum is another one then. */
function plain(value: SQLOutputValue | undefined): string | number | undefined {
  return typeof value === 'string' || typeof value === 'number' ? value : undefined;
}
