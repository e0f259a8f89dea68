// What is done about changes that are heard of: real folders, a list of files that counts how often it is gone through.
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { test } from 'node:test';
import { DiskChanges } from '../../server/project/diskChanges.ts';
import { FileSet } from '../../server/project/fileSet.ts';
import { Progress } from '../../server/project/progress.ts';
import { TemporaryProject } from './temporaryProject.ts';

class CountingFiles extends FileSet {
  rounds = 0;

  override [Symbol.iterator](): Iterator<string> {
    this.rounds++;
    return super[Symbol.iterator]();
  }

  override folders(): Iterable<string> {
    this.rounds++;
    return super.folders();
  }
}

interface Followed {
  readonly looked: readonly string[];
  readonly isListed: boolean;
  readonly rounds: number;
}

/** What comes of one burst of changes. */
async function follow(root: string, files: CountingFiles, changed: readonly string[]): Promise<Followed> {
  const ended = new AbortController();
  const looked: string[] = [];
  let isListed = false;
  const changes: DiskChanges = new DiskChanges({
    root,
    files,
    progress: new Progress({ isWaiting: () => changes.isWaiting, onDone: () => ended.abort() }),
    clock: { now: () => 0, wait: () => Promise.resolve() },
    debounceMs: 1,
    isElsewhere: () => false,
    onConfiguration: () => undefined,
    onChanged: (paths) => looked.push(...paths),
    list: () => {
      isListed = true;
      return Promise.resolve(0);
    },
  });
  changes.note(changed);
  await changes.follow(ended.signal);
  return { looked, isListed, rounds: files.rounds };
}

const listed = ['src/deep/a.ts', 'src/b.ts', 'top.ts'];

test('however many ignored files vanish at once, the listed ones are gone through once, and nothing is listed', async () => {
  await using project = new TemporaryProject({ 'src/deep/a.ts': '1', 'src/b.ts': '1', 'top.ts': '1' });
  const vanished = Array.from({ length: 400 }, (_, at) => `dist/${at % 20}/f${at}.js`);
  const { looked, isListed, rounds } = await follow(project.root, new CountingFiles(listed), vanished);
  assert.deepEqual({ looked, isListed }, { looked: [], isListed: false });
  assert.ok(rounds <= 1, `${rounds} times`);
});
for (const [what, changed, isListed] of [
  ['a listed file', 'src/b.ts', false],
  ['a folder with listed files', 'src/deep', true],
  ['a folder of folders with listed files', 'src', true],
  ['a folder whose name only begins a listed one', 'sr', false],
  ['a folder that had listed files once', 'old', false],
] as const)
  test(`${what} that vanished ${isListed ? 'makes the folder be listed' : 'needs no list'}`, async () => {
    await using project = new TemporaryProject({ 'top.ts': '1' });
    const files = new CountingFiles([...listed, 'old/c.ts']);
    // The groups by folder are there before one of them empties.
    Array.from(files.in('old'));
    files.delete('old/c.ts');
    assert.equal((await follow(project.root, files, [changed])).isListed, isListed);
  });
test('a new file makes the folder be listed', async () => {
  await using project = new TemporaryProject({ 'new.ts': '1' });
  assert.equal((await follow(project.root, new CountingFiles(listed), ['new.ts'])).isListed, true);
  rmSync(project.at('new.ts'));
  assert.equal((await follow(project.root, new CountingFiles(listed), ['new.ts'])).isListed, false);
});
