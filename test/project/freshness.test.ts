// The index follows changes: saves, renames, deleted folders, checkouts, storms, unsaved text. Real files, real git, the real worker.
import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, renameSync, rmSync, utimesSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { contentKey, hashOf } from '../../server/project/parsing.ts';
import type { Project } from '../../server/project/project.ts';
import { databaseOf } from './storedIndex.ts';
import { symbolsOf, TemporaryProject, until } from './temporaryProject.ts';

const shop = {
  'src/money.ts': 'export interface Money { amount: number }\nexport class Wallet implements Money {\n  amount = 0;\n  spend(sum: number): void {}\n}\n',
  'src/index.ts': "export * from './money.ts';\nexport { open as openShop } from './shop.ts';\n",
  'src/shop.ts': "import { Wallet } from './money.ts';\nexport function open(wallet: Wallet): void {}\nconst hidden = 1;\n",
  'app/main.ts': "import { Wallet, openShop } from '../src/index.ts';\nopenShop(new Wallet());\n",
  'notes.md': 'How the purple elephant opens its wallet.\n',
};

/** A file written just now is looked at again by everyone: what is to be believed is older. */
const longAgo = new Date(1_000_000_000_000);

const names = (project: Project, name: string) =>
  symbolsOf(project)
    .definitionsNamed(name)
    .map((item) => `${item.path}: ${item.signature}`);

for (const storage of [undefined, ''] as const) {
  const where = storage === undefined ? 'in a database' : 'in memory';

  test(`a save, a new file, a rename and a deleted folder are followed ${where}`, async () => {
    await using files = new TemporaryProject(shop);
    const project = await files.index(storage === undefined ? {} : { storage });
    files.write({ 'src/shop.ts': 'export function shut(): void {}\n', 'src/extra.ts': 'export class Extra {}\n' });
    project.noteChanged([files.at('src/shop.ts'), files.at('src/extra.ts')]);
    await project.whenIdle();
    assert.deepEqual(
      [names(project, 'open'), names(project, 'shut'), names(project, 'Extra')],
      [[], ['src/shop.ts: function shut(): void'], ['src/extra.ts: class Extra']],
    );
    const { parsed } = project.status[0] ?? {};
    renameSync(files.at('src/extra.ts'), files.at('src/renamed.ts'));
    project.noteChanged([files.at('src/extra.ts'), files.at('src/renamed.ts')]);
    await project.whenIdle();
    assert.deepEqual(names(project, 'Extra'), ['src/renamed.ts: class Extra']);
    // The content is known already.
    if (storage === undefined) assert.equal(project.status[0]?.parsed, parsed);
    rmSync(files.at('src'), { recursive: true });
    project.noteChanged([files.at('src')]);
    await project.whenIdle();
    assert.deepEqual([names(project, 'Extra'), names(project, 'Money'), [...symbolsOf(project).paths()].sort()], [[], [], ['app/main.ts', 'notes.md']]);
  });
}

test('nothing is parsed at the next start if nothing has changed, and only what has', async () => {
  await using files = new TemporaryProject(shop);
  files.commitAll();
  await (await files.index()).dispose();
  const again = await files.index();
  assert.equal(again.status[0]?.parsed, 0);
  assert.deepEqual(names(again, 'Wallet'), ['src/money.ts: class Wallet implements Money']);
  await again.dispose();
  files.write({ 'src/shop.ts': 'export class Changed {}\n' });
  rmSync(files.at('app/main.ts'));
  // Another time on the same content, as a checkout leaves it, is no change.
  utimesSync(files.at('src/money.ts'), new Date(), new Date(Date.now() + 5000));
  const third = await files.index();
  assert.equal(third.status[0]?.parsed, 1);
  assert.deepEqual([names(third, 'Changed').length, names(third, 'open').length, [...symbolsOf(third).paths()].includes('app/main.ts')], [1, 0, false]);
});

test('a clock that goes back and a size that stays do not hide a change', async () => {
  await using files = new TemporaryProject({ 'a.ts': 'export class One {}\n' });
  await (await files.index()).dispose();
  files.write({ 'a.ts': 'export class Two {}\n' });
  utimesSync(files.at('a.ts'), new Date(0), new Date(1000));
  const project = await files.index();
  assert.deepEqual([names(project, 'One').length, names(project, 'Two').length], [0, 1]);
});

test('a branch switch parses what changed, and the way back parses nothing', async () => {
  await using files = new TemporaryProject(Object.fromEntries(Array.from({ length: 60 }, (_, at) => [`f${at}.ts`, `export class First${at} {}\n`])));
  files.commitAll();
  const project = await files.index();
  const before = project.status[0]?.parsed ?? 0;
  files.git('checkout', '--quiet', '-b', 'other');
  files.write(Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`f${at}.ts`, `export class Second${at} {}\n`])));
  files.git('commit', '--quiet', '--all', '--message=Second');
  project.noteChanged([files.at('.git/HEAD')]);
  await until(project, () => names(project, 'Second19').length === 1 && project.status[0]?.isComplete === true);
  assert.deepEqual([names(project, 'First0').length, names(project, 'First30').length, (project.status[0]?.parsed ?? 0) - before], [0, 1, 20]);
  files.git('checkout', '--quiet', 'main');
  project.noteChanged([files.at('.git/HEAD')]);
  await until(project, () => names(project, 'First19').length === 1 && project.status[0]?.isComplete === true);
  assert.deepEqual([names(project, 'Second0').length, (project.status[0]?.parsed ?? 0) - before], [0, 20]);
});

test('a checkout is noticed without any word of the client', async () => {
  await using files = new TemporaryProject({ 'a.ts': 'export class One {}\n' });
  files.commitAll();
  files.git('checkout', '--quiet', '-b', 'other');
  files.write({ 'b.ts': 'export class Two {}\n' });
  files.git('add', 'b.ts');
  files.git('commit', '--quiet', '--message=Two');
  files.git('checkout', '--quiet', 'main');
  const project = await files.index();
  assert.equal(names(project, 'Two').length, 0);
  files.git('checkout', '--quiet', 'other');
  await until(project, () => names(project, 'Two').length === 1);
});

test('a storm of thousands of changes converges', async () => {
  await using files = new TemporaryProject({ 'keep.ts': 'export class Keep {}\n' });
  const project = await files.index();
  const many = Array.from({ length: 5000 }, (_, at) => `d${at % 30}/f${at}.ts`);
  for (const name of many) {
    files.write({ [name]: `export const storm${name.replace(/\W/g, '_')} = 1;\n` });
    project.noteChanged([files.at(name)]);
  }
  for (const name of many.slice(0, 4000)) {
    rmSync(files.at(name));
    project.noteChanged([files.at(name)]);
  }
  await project.whenIdle();
  assert.equal([...symbolsOf(project).paths()].length, 1001);
  assert.equal(names(project, `storm${many[4500]?.replace(/\W/g, '_')}`).length, 1);
  assert.equal(names(project, `storm${many[5]?.replace(/\W/g, '_')}`).length, 0);
});

test('an answer that was given before is forgotten as soon as a file that it is about changes, and no sooner', async () => {
  await using files = new TemporaryProject({ 'a.ts': 'export class One {\n  first = 1;\n}\n', 'b.ts': 'export class Two {}\n' });
  const project = await files.index();
  const symbols = symbolsOf(project);
  const members = () => symbols.membersOf('One').map((item) => item.name);
  const other = symbols.definitionsNamed('Two');
  assert.deepEqual([names(project, 'One').length, names(project, 'Three').length, members()], [1, 0, ['first']]);
  files.write({ 'a.ts': 'export class Three {}\nexport class One {\n  second = 1;\n}\n' });
  project.noteChanged([files.at('a.ts')]);
  await project.whenIdle();
  assert.deepEqual([names(project, 'One').length, names(project, 'Three').length, members()], [1, 1, ['second']]);
  files.write({ 'a.ts': 'export class Four {}\n' });
  project.noteChanged([files.at('a.ts')]);
  await project.whenIdle();
  assert.deepEqual([names(project, 'One').length, names(project, 'Three').length, names(project, 'Four').length, members()], [0, 0, 1, []]);
  assert.equal(symbols.definitionsNamed('Two'), other);
});

test('what another window has indexed first is no longer answered from what was asked before', async () => {
  await using files = new TemporaryProject({ 'a.ts': 'export class One {\n  first = 1;\n}\n', 'b.ts': 'export class Two {}\n' });
  const [here, there] = [await files.index(), await files.index()];
  const ask = () => [names(here, 'One').length, names(here, 'Three').length, symbolsOf(here).file('a.ts')?.definitions[0]?.name];
  assert.deepEqual(ask(), [1, 0, 'One']);
  files.write({ 'a.ts': 'export class Three {}\n' });
  utimesSync(files.at('a.ts'), longAgo, longAgo);
  there.noteChanged([files.at('a.ts')]);
  await there.whenIdle();
  here.noteChanged([files.at('a.ts')]);
  await here.whenIdle();
  assert.deepEqual(ask(), [0, 1, 'Three']);
});

test('what another window has indexed first is forgotten also after a checkout, when the folder is listed anew', async () => {
  await using files = new TemporaryProject({ 'a.ts': 'export class One {}\n' });
  const here = await files.index({ worker: path.join(import.meta.dirname, 'loopingWorker.ts'), limits: { fileTimeoutMs: 3000 } });
  const there = await files.index();
  files.write({ 'a.ts': 'export class Two {}\n' });
  utimesSync(files.at('a.ts'), longAgo, longAgo);
  // The worker here has something else to do, so that the other window is faster.
  here.openDocument(files.at('unsaved.ts'), 'typescript', '// LOOP FOREVER\n');
  const isListed = new Promise<void>((resolve) => {
    const stop = here.onChange(() => {
      stop();
      // Asked between the list and the look.
      names(here, 'One');
      resolve();
    });
  });
  here.noteChanged([files.at('.git/HEAD')]);
  await isListed;
  there.noteChanged([files.at('a.ts')]);
  await there.whenIdle();
  await here.whenIdle();
  assert.deepEqual([names(here, 'One').length, names(here, 'Two').length], [0, 1]);
});

test('another version of the extraction or of the rules looks at every file again, and parses only what it has no facts of', async () => {
  await using files = new TemporaryProject({
    'a.ts': 'export class One {}\n',
    'b.ts': 'export class Two {}\n',
    'c.ts': '// A word in capitals.\nexport class Three {}\n',
  });
  for (const name of ['a.ts', 'b.ts', 'c.ts']) utimesSync(files.at(name), longAgo, longAgo);
  await (await files.index()).dispose();
  const change = (sql: string) => {
    const database = new DatabaseSync(databaseOf(files));
    database.exec(sql);
    database.close();
  };
  // As an older version left it: it found something else, and left out a file that is indexed now.
  change(`UPDATE meta SET value = 'older' WHERE name = 'factsVersion'; UPDATE contents SET key = key || 'older';
    UPDATE definitions SET name = 'Older'`);
  const newer = await files.index();
  assert.deepEqual([newer.status[0]?.parsed, names(newer, 'Older').length, names(newer, 'One').length], [3, 0, 1]);
  await newer.dispose();
  change(`UPDATE meta SET value = 'older' WHERE name = 'skipRulesVersion'; UPDATE files SET reason = 'generated', content_id = NULL WHERE path = 'c.ts'`);
  const mended = await files.index();
  assert.deepEqual([mended.status[0]?.parsed, mended.status[0]?.skippedByReason, names(mended, 'Three').length], [0, {}, 1]);
  await mended.dispose();
  // The facts that there are may be those of a file that the rules leave out today.
  files.write({ 'c.ts': '// @generated by a tool\nexport class Three {}\n' });
  utimesSync(files.at('c.ts'), longAgo, longAgo);
  await (await files.index()).dispose();
  change(`UPDATE meta SET value = 'older' WHERE name = 'skipRulesVersion';
    UPDATE contents SET key = '${contentKey(hashOf(readFileSync(files.at('c.ts'))), 'typescript')}' WHERE id = (SELECT content_id FROM files WHERE path = 'b.ts');
    UPDATE files SET reason = NULL, content_id = (SELECT content_id FROM files WHERE path = 'b.ts') WHERE path = 'c.ts'`);
  const strict = await files.index();
  assert.deepEqual(strict.status[0]?.skippedByReason, { generated: 1 });
  await strict.dispose();
  // Nothing is done twice.
  assert.equal((await files.index()).status[0]?.parsed, 0);
});

test('what a window of an older version stores meanwhile is looked at again', async () => {
  await using files = new TemporaryProject({ 'a.ts': 'export class One {}\n' });
  const older = await files.index();
  // Another window has begun with other rules; this one goes on with its own.
  const database = new DatabaseSync(databaseOf(files));
  database.exec("UPDATE meta SET value = 'newer' WHERE name = 'factsVersion'");
  const timeOf = (name: string) => database.prepare('SELECT mtime_ms FROM files WHERE path = ?').get(name)?.['mtime_ms'];
  files.write({ 'a.ts': 'export class Changed {}\n' });
  utimesSync(files.at('a.ts'), longAgo, longAgo);
  older.noteChanged([files.at('a.ts')]);
  await older.whenIdle();
  assert.deepEqual([timeOf('a.ts'), names(older, 'Changed').length], [0, 1]);
  database.close();
});

test('words of unsaved text are found where they stand now, and those it no longer has are not', async () => {
  await using files = new TemporaryProject({ ...shop, '.gitignore': 'local.md\n', 'local.md': 'nothing\n' });
  const project = await files.index();
  const found = (query: string) =>
    symbolsOf(project)
      .searchText(query, 10)
      .map(({ path, startLine }) => `${path}:${startLine}`);
  assert.deepEqual(found('purple elephant'), ['notes.md:0']);
  const moved = `${'An empty line.\n'.repeat(50)}How the yellow elephant shuts its purse.\n`;
  project.openDocument(files.at('notes.md'), 'markdown', moved);
  project.openDocument(files.at('src/shop.ts'), 'typescript', `${shop['src/shop.ts']}// elephant\n-----BEGIN RSA PRIVATE KEY-----\n${'A'.repeat(64)}\n`);
  project.openDocument(files.at('local.md'), 'markdown', 'A yellow elephant that is nobody else’s business.\n');
  await until(project, () => found('yellow purse').length > 0);
  await project.whenIdle();
  assert.deepEqual([found('yellow elephant'), found('purple'), found('elephant')], [['notes.md:40'], [], ['notes.md:40']]);
  project.closeDocument(files.at('notes.md'));
  assert.deepEqual([found('yellow elephant'), found('purple')], [['notes.md:0'], ['notes.md:0']]);
});

test('unsaved text counts from the moment it is parsed until the document is closed', async () => {
  await using files = new TemporaryProject(shop);
  const project = await files.index();
  const file = files.at('src/shop.ts');
  project.openDocument(file, 'typescript', 'export function unsaved(box: Box): void {}\n');
  await until(project, () => names(project, 'unsaved').length === 1);
  assert.equal(names(project, 'open').length, 0);
  assert.deepEqual(
    symbolsOf(project)
      .file('src/shop.ts')
      ?.bindings.map((item) => `${item.name}: ${item.typeName}`),
    ['box: Box'],
  );
  project.openDocument(file, 'typescript', "import { Wallet } from './money.ts';\nexport function typed(): void {}\n");
  await until(project, () => names(project, 'typed').length === 1);
  assert.equal(names(project, 'unsaved').length, 0);
  // It imports another file now, and only in the editor.
  assert.ok(symbolsOf(project).importersOf('src/money.ts').includes('src/shop.ts'));
  project.closeDocument(file);
  await project.whenIdle();
  assert.deepEqual([names(project, 'typed').length, names(project, 'open').length], [0, 1]);
});

test('a file that grows while it is read is read to some end and found whole at the next look', async () => {
  await using files = new TemporaryProject({ 'a.ts': 'export class Zero {}\n' });
  const project = await files.index();
  for (let at = 1; at <= 200; at++) {
    appendFileSync(files.at('a.ts'), `export class Grown${at} {}\n`);
    project.noteChanged([files.at('a.ts')]);
    if (at % 20 === 0) await new Promise(setImmediate);
  }
  await project.whenIdle();
  assert.equal(names(project, 'Grown200').length, 1);
});

test('a changed ignore file and a changed configuration count at once', async () => {
  await using files = new TemporaryProject({
    'src/thing.ts': 'export class Thing {}\n',
    'main.ts': "import { Thing } from '@/thing';\n",
    'tsconfig.json': '{}',
    'private/own.ts': 'export class Own {}\n',
  });
  const project = await files.index();
  const resolved = () => symbolsOf(project).file('main.ts')?.imports[0]?.resolvedPaths;
  assert.deepEqual([resolved(), names(project, 'Own').length], [[], 1]);
  files.write({ 'tsconfig.json': '{ "compilerOptions": { "paths": { "@/*": ["./src/*"] } } }', '.tramontaneignore': 'private\n' });
  project.noteChanged([files.at('tsconfig.json'), files.at('.tramontaneignore')]);
  await project.whenIdle();
  assert.deepEqual([resolved(), names(project, 'Own').length], [['src/thing.ts'], 0]);
  files.write({ '.tramontaneignore': '' });
  project.noteChanged([files.at('.tramontaneignore')]);
  await project.whenIdle();
  assert.equal(names(project, 'Own').length, 1);
});
