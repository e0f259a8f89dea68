import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SymbolSource } from '../../../server/core/retrieval/facts.ts';
import { findPieces } from '../../../server/core/retrieval/findPieces.ts';
import { readProjectFacts } from '../../bench/context/projectFacts.ts';

async function sourceOf(files: Readonly<Record<string, string>>, over: Partial<SymbolSource> = {}): Promise<SymbolSource> {
  const { source } = await readProjectFacts({ name: 'small', folder: '', language: 'typescript', files: new Map(Object.entries(files)) });
  return new Proxy(source, {
    get: (target, key) => {
      const value: unknown = Reflect.get(over, key) ?? Reflect.get(target, key, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

const twins = { 'a/run.ts': 'export function runJob(): void {}\n', 'b/run.ts': 'export function runJob(): void {}\n', 'c.ts': 'export const c = 1;\n' };

test('of two of one name, the one whose file changed together with the active one comes first, and says so', async () => {
  const source = await sourceOf(twins, { coChangedWith: (path) => (path === 'c.ts' ? [{ path: 'b/run.ts', count: 4 }] : []) });
  const [first, second] = findPieces(source, { text: 'runJob()', activePath: 'c.ts' }, 10);
  assert.equal(first?.path, 'b/run.ts');
  assert.match(first.reason, /changed together 4 times/);
  assert.equal(second?.path, 'a/run.ts');
});
test('a member named with its type is meant more than others of that name', async () => {
  const source = await sourceOf({
    'a.ts': 'export class Pool {\n  take(): void {}\n}\n',
    'b.ts': 'export class Cache {\n  take(): void {}\n}\n',
  });
  assert.equal(findPieces(source, { text: 'what does Cache.take do' }, 10).find(({ name }) => name === 'take')?.path, 'b.ts');
});
test('a test stands behind what it tests, unless the question is about tests', async () => {
  const source = await sourceOf({ 'test/job.test.ts': 'export function runJob(): void {}\n', 'src/job.ts': 'export function runJob(): void {}\n' });
  assert.equal(findPieces(source, { text: 'runJob()' }, 10)[0]?.path, 'src/job.ts');
});
test('a file that has no facts is not told, whatever the question says', async () => {
  const source = await sourceOf({ 'c.ts': 'export const c = 1;\n' }, { paths: () => ['config/.env', 'c.ts'] });
  assert.deepEqual(
    findPieces(source, { text: 'what is in config/.env and c.ts?' }, 10)
      .map(({ path }) => path)
      .filter((path) => path !== 'c.ts'),
    [],
  );
});
test('a question of any length or form is answered', async () => {
  const source = await sourceOf(twins);
  for (const text of ['', '((((', '$', '\u0000', 'runJob '.repeat(5000), '`', '../../etc/passwd.ts', '$runJob$'])
    assert.ok(findPieces(source, { text }, 5).length <= 5);
});
test('what is close in meaning is found without a word in common, behind what is named, and says why', async () => {
  const source = await sourceOf({
    'pay.ts': 'export function charge(): void {\n  send();\n}\n',
    'named.ts': 'export function costOf(): number {\n  return 1;\n}\n',
  });
  const near = [{ path: 'pay.ts', startLine: 0, endLine: 2, kind: 'function' as const, name: 'charge', score: 0.8 }];
  const pieces = findPieces(source, { text: 'how do people spend their money with `costOf`', near }, 10);
  assert.deepEqual(
    pieces.slice(0, 2).map(({ name }) => name),
    ['costOf', 'charge'],
  );
  assert.equal(pieces[1]?.reason, 'close to the question in meaning');
  assert.deepEqual(findPieces(source, { text: 'how do people spend their money' }, 10), [], 'without an embedding model it is not');
});
