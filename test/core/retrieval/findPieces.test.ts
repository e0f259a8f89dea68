import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SymbolSource } from '../../../server/core/retrieval/facts.ts';
import { findPieces, placeOfUse } from '../../../server/core/retrieval/findPieces.ts';
import { readProjectFacts } from '../../bench/context/projectFacts.ts';
import { symbolsOf, TemporaryProject } from '../../project/temporaryProject.ts';

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

/** What is said to use the name: the file and, where it is known, the definition around. */
function usersOf(source: SymbolSource, name: string): string[] {
  const pieces = findPieces(source, { text: `who calls \`${name}\`?` }, 40).filter(({ reason }) => reason.includes(`uses ${name}`));
  return pieces.map(({ path, name: around }) => `${path}: ${around}`).sort();
}

const unrelated = Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`other/f${at}.go`, `package other\n\nfunc Unrelated${at}() {}\n`]));
const inPackages: Readonly<Record<string, readonly [name: string, files: Readonly<Record<string, string>>, users: readonly string[]]>> = {
  Go: [
    'reserveStock',
    {
      ...unrelated,
      'go.mod': 'module example.org/shop\n',
      'store/stock.go': 'package store\n\nfunc reserveStock(count int) bool { return true }\n',
      'store/order.go': 'package store\n\nfunc Order() {\n\treserveStock(1)\n}\n',
      'store/deep/inner.go': 'package deep\n\nfunc Inner() {\n\treserveStock(1)\n}\n',
      'other/own.go': 'package other\n\nfunc Mine() {\n\treserveStock(2)\n}\n',
    },
    // A name in small letters ends with its package.
    ['store/order.go: Order'],
  ],
  Java: [
    'reserveStock',
    {
      'src/shop/Stock.java': 'package shop;\nclass Stock {\n  boolean reserveStock(int count) { return true; }\n}\n',
      'src/shop/Order.java': 'package shop;\nclass Order {\n  void place(Stock stock) {\n    stock.reserveStock(1);\n  }\n}\n',
      'src/shop/Shelf.java': 'package shop;\nclass Shelf {\n  boolean reserveStock(int count) { return false; }\n}\n',
      // It was given the stock and imports nothing.
      'src/desk/Desk.java': 'package desk;\nclass Desk {\n  void serve(Place place) {\n    place.stock().reserveStock(1);\n  }\n}\n',
    },
    ['src/desk/Desk.java: serve', 'src/shop/Order.java: place'],
  ],
  'C#': [
    'ReserveStock',
    {
      'Stock.cs': 'namespace Shop;\nclass Stock {\n  public bool ReserveStock(int count) => true;\n}\n',
      'Order.cs': 'namespace Shop;\nclass Order {\n  void Place(Stock stock) {\n    stock.ReserveStock(1);\n  }\n}\n',
      'desk/Desk.cs': 'using Shop;\nclass Desk {\n  void Serve(Stock stock) {\n    stock.ReserveStock(1);\n  }\n}\n',
    },
    ['Order.cs: Place', 'desk/Desk.cs: Serve'],
  ],
  Rust: [
    'reserve_stock',
    {
      'Cargo.toml': '[package]\nname = "shop"\n',
      'src/lib.rs': 'mod stock;\nmod order;\n',
      'src/stock.rs': 'pub fn reserve_stock(count: u32) -> bool { true }\n',
      'src/order.rs': 'pub fn place() {\n    crate::stock::reserve_stock(1);\n}\n',
      'src/desk/mod.rs': 'pub fn serve() {\n    crate::stock::reserve_stock(2);\n}\n',
    },
    ['src/desk/mod.rs: serve', 'src/order.rs: place'],
  ],
};
for (const [language, [name, files, users]] of Object.entries(inPackages))
  test(`who uses a name without importing it is found in ${language}: in the package, and by text where the name may be used elsewhere`, async () => {
    await using project = new TemporaryProject(files);
    assert.deepEqual(usersOf(symbolsOf(await project.index()), name), users);
  });
test('in memory, without a search of texts, those of the same package are found', async () => {
  const [name, files] = inPackages['Java'] ?? ['', {}];
  await using project = new TemporaryProject(files);
  assert.deepEqual(usersOf(symbolsOf(await project.index({ storage: '' })), name), ['src/shop/Order.java: place']);
});
test('a package of any size and a name that is everywhere are looked at within bounds', async () => {
  const files = Object.fromEntries(
    Array.from({ length: 300 }, (_, at) => [`p/f${at}.go`, `package p\n\nfunc User${at}() {\n\tReserveStock(${at})\n}\n`.repeat(at % 2)]),
  );
  await using project = new TemporaryProject({ ...files, 'p/a.go': 'package p\n\nfunc ReserveStock(count int) {}\n' });
  const symbols = symbolsOf(await project.index());
  const asked = new Set<string>();
  const source: SymbolSource = new Proxy(symbols, {
    get: (target, key) => {
      if (key === 'file') return (path: string) => (asked.add(path), target.file(path));
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
  assert.equal(usersOf(source, 'ReserveStock').length, 6);
  assert.ok(asked.size <= 150, `${asked.size} files`);
});
test('in TypeScript, whose imports tell who uses what, nobody else is said to use a name', async () => {
  await using project = new TemporaryProject({
    'stock.ts': 'export function reserveStock(): void {}\n',
    'order.ts': "import { reserveStock } from './stock';\nexport function place() {\n  reserveStock();\n}\n",
    'other.ts': 'export function mine(reserveStock: () => void) {\n  reserveStock();\n}\n',
  });
  assert.deepEqual(usersOf(symbolsOf(await project.index()), 'reserveStock'), ['order.ts: reserveStock']);
});

for (const [question, path] of [
  ['what is in src/pay.ts?', 'src/pay.ts'],
  ['see ./src/pay.ts, line 4', 'src/pay.ts'],
  ['(pay.ts)', 'src/pay.ts'],
  ['src/pay.test.ts.', 'src/pay.test.ts'],
  ['a..b...', undefined],
  ['.ts', undefined],
] as const)
  test(`${JSON.stringify(question)} names ${path ?? 'no file'}`, async () => {
    const source = await sourceOf({ 'src/pay.ts': 'export const a = 1;\n', 'src/pay.test.ts': 'export const b = 1;\n' });
    assert.equal(findPieces(source, { text: question }, 10).find(({ kind }) => kind === 'file')?.path, path);
  });
test('the place of a use is where the name stands by itself, whatever signs it has', () => {
  const piece = { path: 'a.ts', startLine: 0, endLine: -1, kind: 'text' as const, score: 1, reason: '' };
  const lines = ["import { $a } from './b';", 'x$a; $ab; é$a;', '', 'y = $a+1;', ''];
  assert.equal(placeOfUse({ ...piece, uses: '$a' }, undefined, lines)?.startLine, 1);
  for (const uses of ['', '(', 'a.*b', '[']) assert.equal(placeOfUse({ ...piece, uses }, undefined, lines), undefined, uses);
});
