// A small index, harmed anew for each seed in a few places of its database or of its write-ahead log, and then used: whether questions are answered all the while,
// and what is answered in the end. A seed always does the same harm to the same bytes.
import assert from 'node:assert/strict';
import { closeSync, copyFileSync, existsSync, openSync, readdirSync, rmSync, statSync, utimesSync, writeSync } from 'node:fs';
import path from 'node:path';
import type { Project } from '../../server/project/project.ts';
import { randomFrom } from '../bench/random.ts';
import { databaseOf } from './storedIndex.ts';
import { symbolsOf, TemporaryProject, until } from './temporaryProject.ts';

export interface DamageOutcome {
  /** The database was set aside and built anew. */
  readonly wasFound: boolean;
  /** Questions that were answered before all was in step again. */
  readonly asked: number;
  /** Files and names about which something else is answered than before the harm. */
  readonly wrong: readonly string[];
}

const fileCount = 40;
const nameOf = (at: number) => `Thing${at}`;
const textOf = (at: number) => `import { ${nameOf(at + 1)} } from './f${(at + 1) % fileCount}.ts';

/** What number ${at} is good for: the ${at % 2 === 0 ? 'purple elephant' : 'green umbrella'} of ${at}. */
export class ${nameOf(at)} extends ${nameOf(at + 1)} {
  readonly size${at} = ${at};
  measure${at}(other: ${nameOf(at + 1)}): number {
    return this.size${at} + other.size${at + 1};
  }
}
`;

/** The database as it is after its project was closed, and as it is while it is used: then nearly all of it is in the log. */
type Variant = 'closed' | 'used';

export class SparseDamage implements AsyncDisposable {
  readonly #files: TemporaryProject;
  readonly #database: string;
  readonly #expected: ReadonlyMap<string, string>;

  private constructor(files: TemporaryProject, database: string, expected: ReadonlyMap<string, string>) {
    this.#files = files;
    this.#database = database;
    this.#expected = expected;
  }

  static async prepare(): Promise<SparseDamage> {
    const files = new TemporaryProject(Object.fromEntries(Array.from({ length: fileCount }, (_, at) => [`f${at}.ts`, textOf(at)])));
    const longAgo = new Date(1_000_000_000_000);
    for (let at = 0; at < fileCount; at++) utimesSync(files.at(`f${at}.ts`), longAgo, longAgo);
    const project = await files.index();
    const database = databaseOf(files);
    const expected = answersOf(project);
    for (const end of ['', '-wal']) copyFileSync(database + end, kept(files, 'used', end));
    await project.dispose();
    copyFileSync(database, kept(files, 'closed', ''));
    return new SparseDamage(files, database, expected);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#files[Symbol.asyncDispose]();
  }

  /** Fails where a question throws. */
  async round(seed: number): Promise<DamageOutcome> {
    const random = randomFrom(seed);
    const variant: Variant = random() < 0.5 ? 'closed' : 'used';
    const folder = path.dirname(this.#database);
    for (const name of readdirSync(folder)) rmSync(path.join(folder, name));
    for (const end of ['', '-wal']) if (existsSync(kept(this.#files, variant, end))) copyFileSync(kept(this.#files, variant, end), this.#database + end);
    harm(this.#database + (variant === 'used' && random() < 0.7 ? '-wal' : ''), random);
    this.#files.warnings.length = 0;
    const project = this.#files.project();
    let asked = 0;
    const ask = () => {
      for (let at = 0; at < fileCount; at += 7) for (const name of [nameOf(at), `size${at}`]) symbolsOf(project).definitionsNamed(name);
      symbolsOf(project)
        .file('f3.ts')
        ?.definitions.forEach(({ signature }) => assert.equal(typeof signature, 'string'));
      symbolsOf(project).searchText('purple elephant', 5);
      symbolsOf(project).importersOf('f5.ts');
      asked++;
    };
    const stop = project.onChange(ask);
    try {
      project.openDocument(this.#files.at('unsaved.ts'), 'typescript', 'export class Unsaved {}\n');
      await project.open([this.#files.root]);
      await until(project, () => symbolsOf(project).definitionsNamed('Unsaved').length === 1);
      await project.whenIdle();
      project.closeDocument(this.#files.at('unsaved.ts'));
      // What nobody has met so far somebody meets now; it may be the first to find the harm, and then all is built anew.
      let answers = answersOf(project);
      await new Promise(setImmediate);
      while (project.status[0]?.isComplete !== true) {
        await project.whenIdle();
        answers = answersOf(project);
        await new Promise(setImmediate);
      }
      const wasFound = readdirSync(folder).some((name) => /\.damaged-\d+$/.test(name));
      // Not by giving up: what is answered comes from a database.
      assert.deepEqual([project.status[0].store, project.status[0].problem], ['sqlite', undefined]);
      return { wasFound, asked, wrong: [...this.#expected].flatMap(([key, answer]) => (answers.get(key) === answer ? [] : [key])) };
    } finally {
      stop();
      await project.dispose();
    }
  }
}

function kept(files: TemporaryProject, variant: Variant, end: string): string {
  return `${files.storage}-${variant}${end}`;
}

/** One to four places, one byte to a page each. */
function harm(file: string, random: () => number): void {
  const { size } = statSync(file);
  const descriptor = openSync(file, 'r+');
  try {
    for (let left = 1 + Math.floor(random() * 4); left > 0; left--) {
      const start = Math.floor(random() * size);
      // As many small ones as large ones.
      const length = Math.min(size - start, Math.ceil(4096 ** random()));
      writeSync(
        descriptor,
        Uint8Array.from({ length }, () => Math.floor(random() * 256)),
        0,
        length,
        start,
      );
    }
  } finally {
    closeSync(descriptor);
  }
}

/** All that can be asked, as text. */
function answersOf(project: Project): ReadonlyMap<string, string> {
  const symbols = symbolsOf(project);
  const answers = new Map<string, string>();
  for (let at = 0; at < fileCount; at++) {
    const file = symbols.file(`f${at}.ts`);
    const { definitions, references, imports, exports, baseTypes, lineCount } = file ?? {};
    answers.set(`f${at}.ts`, JSON.stringify({ definitions, references, imports, exports, baseTypes, lineCount }));
    for (const name of [nameOf(at), `size${at}`, `measure${at}`]) answers.set(name, JSON.stringify(symbols.definitionsNamed(name)));
    answers.set(`members of ${nameOf(at)}`, JSON.stringify(symbols.membersOf(nameOf(at))));
    answers.set(`bases of ${nameOf(at)}`, JSON.stringify(symbols.baseTypesOf(nameOf(at))));
    answers.set(`importers of f${at}.ts`, JSON.stringify([...symbols.importersOf(`f${at}.ts`)].sort()));
    answers.set(`text of ${at}`, JSON.stringify(symbols.searchText(`measure${at}`, 1).map((hit) => hit.path)));
  }
  return answers;
}
