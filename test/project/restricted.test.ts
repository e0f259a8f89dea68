// An index where something is missing: the right to read files or to write its folder, or SQLite. Each in a process of its own.
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync } from 'node:fs';
import { test } from 'node:test';
import { indexAlone } from './indexAlone.ts';
import { TemporaryProject } from './temporaryProject.ts';

test('what the system forbids to read is left out and counted, a folder as a file, until it is allowed', async () => {
  await using files = new TemporaryProject({
    'a.ts': 'export class Open {}\n',
    'locked.ts': 'export class Locked {}\n',
    'in/b.ts': 'export class Behind {}\n',
  });
  chmodSync(files.at('locked.ts'), 0);
  const lookUp = ['Open', 'Locked', 'Behind', 'Saved'];
  // For the super-user every file is readable, so that another user looks.
  const first = await indexAlone(files, { lookUp, asNobody: true });
  assert.deepEqual([first.found, first.status.skippedByReason, first.status.store], [['Open', 'Behind', 'Saved'], { unreadable: 1 }, 'sqlite']);
  chmodSync(files.at('locked.ts'), 0o644);
  chmodSync(files.at('in'), 0);
  const second = await indexAlone(files, { lookUp, asNobody: true });
  assert.deepEqual([second.found, second.status.skippedByReason], [['Open', 'Locked', 'Saved'], {}]);
  chmodSync(files.at('in'), 0o755);
});

test('without a right to write its folder, the index is kept in memory, follows a save all the same, and says so', async () => {
  await using files = new TemporaryProject({ 'a.ts': 'export class Open {}\n' });
  mkdirSync(files.storage, { mode: 0o500 });
  const { found, status } = await indexAlone(files, { lookUp: ['Open', 'Saved'], asNobody: true });
  assert.deepEqual([found, status.store, status.isComplete], [['Open', 'Saved'], 'memory', true]);
  assert.match(status.problem ?? '', /^The index is kept in memory only: .*EACCES/);
});

for (const [where, environment, why] of [
  ['at all', { NODE_OPTIONS: '--no-experimental-sqlite' }, /^The index is kept in memory only: Node v\S+ has no SQLite\.$/],
  ['where it would be read', { flag: '--no-experimental-sqlite' }, /^The index is kept in memory only: its database cannot be read\.$/],
] as const)
  test(`without SQLite ${where}, everything works in memory and the status says so`, async (t) => {
    if (!process.allowedNodeEnvironmentFlags.has('--no-experimental-sqlite')) return t.skip('this Node cannot do without SQLite');
    await using files = new TemporaryProject({ 'money.ts': 'export class Wallet {\n  spend(sum: number): void {}\n}\n' });
    const { found, status } = await indexAlone(files, {
      lookUp: ['Wallet', 'spend', 'Saved'],
      ...('flag' in environment ? environment : { env: environment }),
    });
    assert.deepEqual([found, status.store, status.isComplete], [['Wallet', 'spend', 'Saved'], 'memory', true]);
    assert.match(status.problem ?? '', why);
  });
