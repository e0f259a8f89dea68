// Types by the places of their declarations, where names alone would be wrong.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { membersOfType, typeDeclaredAt, typesOfNamed } from '../../../server/core/retrieval/placedTypes.ts';
import { situationIn } from './smallProject.ts';

const files = {
  'a/pool.ts': `import { Base } from './base';
export class Pool extends Base {
  take(): Lease { return new Lease(); }
  give(): void { const local = { x: 1 }; }
}
export class Lease { end(): void {} }
export const config = { size: 1 };
export function openPool(): Pool { return new Pool(); }
export type Size = { width: number; height: number };
export type Name = string;
`,
  'a/base.ts': 'export class Base {\n  close(): void {}\n}\n',
  // The same names again: whoever goes by them mixes the two up.
  'b/pool.ts': 'export class Pool {\n  drain(): void {}\n}\nexport class Base {\n  other(): void {}\n}\n',
  'main.ts': 'const x = 1;\n|\n',
};

test('the members of a type are those of its own file and of its own base, not those of homonyms', async () => {
  const { source } = await situationIn(files);
  const membersAt = (path: string, line: number) => {
    const type = typeDeclaredAt(source, { path, line });
    return type && membersOfType(source, type).map(({ name }) => name);
  };
  assert.deepEqual(membersAt('a/pool.ts', 1), ['take', 'give', 'close']);
  assert.deepEqual(membersAt('b/pool.ts', 0), ['drain']);
  assert.deepEqual(membersAt('a/pool.ts', 5), ['end'], 'a type and its member on one line');
  assert.deepEqual(membersAt('a/pool.ts', 8), ['width', 'height']);
  assert.deepEqual(membersAt('a/pool.ts', 9), ['Name'], 'an alias is told by its own signature');
});

test('what is no type gives none: an object, a place in a method, a line and a file that are not there', async () => {
  const { source } = await situationIn(files);
  for (const place of [
    { path: 'a/pool.ts', line: 6 },
    { path: 'a/pool.ts', line: 3 },
    { path: 'a/pool.ts', line: 4000 },
    { path: '../outside.ts', line: 0 },
  ])
    assert.equal(typeDeclaredAt(source, place), undefined, JSON.stringify(place));
});

test('a function stands for what it returns, a type for itself, and a local of the same line for nothing', async () => {
  const { source } = await situationIn(files);
  const named = (line: number, name: string) => typesOfNamed(source, { path: 'a/pool.ts', line }, name).map((type) => `${type.path} ${type.name}`);
  assert.deepEqual(named(7, 'openPool'), ['a/pool.ts Pool']);
  assert.deepEqual(named(2, 'take'), ['a/pool.ts Lease']);
  assert.deepEqual(named(1, 'Pool'), ['a/pool.ts Pool']);
  assert.deepEqual(named(3, 'local'), []);
});
