// Rules that are no room's own: each is planted once and must be refused by its own name, on its own line.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { lint, type LintRun } from './lint.ts';
import { Overlay } from './overlay.ts';

interface Plant {
  readonly name: string;
  readonly file: string;
  readonly text: string;
  readonly rule: string;
}

const promise = 'export async function wait(): Promise<boolean> {\n  return await Promise.resolve(true);\n}\n';
const inCore = 'server/core/planted';

const plants: readonly Plant[] = [
  { name: 'a promise that nobody awaits', file: 'server/session/floating.ts', text: `${promise}wait();\n`, rule: 'typescript(no-floating-promises)' },
  {
    name: 'a promise where a condition is meant',
    file: 'server/session/misused.ts',
    text: `${promise}export const answer = wait() ? 1 : 2;\n`,
    rule: 'typescript(no-misused-promises)',
  },
  { name: 'await of a plain value', file: 'native/thenable.ts', text: 'export const one = await 1;\n', rule: 'typescript(await-thenable)' },
  { name: 'the console', file: 'server/features/console.ts', text: "console.log('hello');\n", rule: 'eslint(no-console)' },
  {
    name: 'an empty catch',
    file: 'server/tools/emptyCatch.ts',
    text: 'export function run(action: () => void): void {\n  try {\n    action();\n  } catch {}\n}\n',
    rule: 'eslint(no-empty)',
  },
  { name: 'a loose comparison', file: 'server/core/loose.ts', text: 'export const same = (a: unknown, b: unknown) => a == b;\n', rule: 'eslint(eqeqeq)' },
  { name: 'any', file: 'server/core/any.ts', text: 'export const id = (a: any): unknown => a;\n', rule: 'typescript(no-explicit-any)' },
  {
    name: 'any that comes from elsewhere',
    file: 'server/models/unsafe.ts',
    text: "export const count: number = JSON.parse('1');\n",
    rule: 'typescript(no-unsafe-assignment)',
  },
  { name: 'ts-ignore', file: 'server/core/ignore.ts', text: '// @ts-ignore\nexport const n: number = 1;\n', rule: 'typescript(ban-ts-comment)' },
  { name: 'a default export', file: 'client/defaultExport.ts', text: 'export default function run(): void {}\n', rule: 'import(no-default-export)' },
  { name: 'a barrel file', file: 'server/core/barrel.ts', text: "export * from './any.ts';\n", rule: 'oxc(no-barrel-file)' },
  {
    name: 'a switch that forgets a case',
    file: 'server/core/forgets.ts',
    text: "export function sizeOf(kind: 'small' | 'large'): number {\n  switch (kind) {\n    case 'small':\n      return 1;\n  }\n  return 2;\n}\n",
    rule: 'typescript(switch-exhaustiveness-check)',
  },
  {
    name: 'an error thrown as text',
    file: 'native/throws.ts',
    text: "export function fail(): never {\n  throw 'no';\n}\n",
    rule: 'typescript(only-throw-error)',
  },
  { name: 'require', file: 'client/requires.ts', text: "export const fs: unknown = require('node:fs');\n", rule: 'typescript(no-require-imports)' },
  {
    name: 'a type imported in passing, which the bans of rooms cannot see',
    file: `${inCore}ImportType.ts`,
    text: "export type Engine = import('../inference/inference.ts').Inference;\n",
    rule: 'typescript(consistent-type-imports)',
  },
  {
    name: 'a re-export across rooms',
    file: `${inCore}Export.ts`,
    text: "export { x } from '../inference/router.ts';\n",
    rule: 'eslint(no-restricted-imports)',
  },
  { name: 'an import for its effects', file: `${inCore}Effect.ts`, text: "import '../inference/router.ts';\n", rule: 'eslint(no-restricted-imports)' },
  {
    name: 'a dynamic import across rooms',
    file: 'server/project/dynamic.ts',
    text: "export const load = () => import('../inference/router.ts');\n",
    rule: 'eslint(no-restricted-imports)',
  },
  { name: 'vscode in a script', file: 'scripts/script.mjs', text: "import * as vscode from 'vscode';\nvscode.x();\n", rule: 'eslint(no-restricted-imports)' },
  { name: 'node-llama-cpp in a test', file: 'test/core/a.test.ts', text: "import 'node-llama-cpp';\n", rule: 'eslint(no-restricted-imports)' },
  { name: 'server/main in a test', file: 'test/core/b.test.ts', text: "import '../../server/main.ts';\n", rule: 'eslint(no-restricted-imports)' },
  ...[
    'Date.now()',
    'new Date()',
    'performance.now()',
    'setTimeout(() => {}, 1)',
    'setInterval(() => {}, 1)',
    'process.pid',
    "fetch('')",
    'crypto.randomUUID()',
  ].map((expression, index) => ({
    name: `${expression} in core`,
    file: `${inCore}Global${index}.ts`,
    text: `export const value: unknown = ${expression};\n`,
    rule: 'eslint(no-restricted-globals)',
  })),
  { name: 'Math.random in core', file: `${inCore}Random.ts`, text: 'export const dice = Math.random();\n', rule: 'eslint(no-restricted-properties)' },
  { name: 'async in core', file: `${inCore}Async.ts`, text: 'export async function later(): Promise<void> {}\n', rule: 'oxc(no-async-await)' },
  ...['media/chat', 'client', 'server/handlers', 'server/features', 'server/session', 'server/project', 'server/storage', 'native'].map((room) => ({
    name: `fetch in ${room}`,
    file: `${room}/fetches.ts`,
    text: "export const page: unknown = fetch('');\n",
    rule: 'eslint(no-restricted-globals)',
  })),
];

const cycle = ['first', 'second'].map((name, index, names) => ({
  file: `server/core/${name}.ts`,
  text: `import type { Of${1 - index} } from './${names[1 - index]}.ts';\n\nexport interface Of${index} {\n  readonly other?: Of${1 - index};\n}\n`,
}));

let run: LintRun;
let clean: LintRun;

before(async () => {
  using overlay = new Overlay();
  for (const plant of [...plants, ...cycle]) overlay.plant(plant.file, plant.text);
  run = await lint(overlay);
  using harmless = new Overlay();
  harmless.plant('server/core/sum.ts', 'export function sum(numbers: readonly number[]): number {\n  return numbers.reduce((a, b) => a + b, 0);\n}\n');
  harmless.plant('server/tools/wait.ts', `${promise}await wait();\n`);
  harmless.plant('server/inference/fetches.ts', "export const page = await fetch('http://127.0.0.1/');\n");
  clean = await lint(harmless);
});

for (const plant of plants) {
  test(`oxlint refuses ${plant.name}`, () => {
    const rules = run.findings.get(plant.file)?.map((finding) => finding.rule) ?? [];
    assert.ok(rules.includes(plant.rule), `${plant.rule} is not among: ${rules.join(', ')}`);
  });
}

test('oxlint refuses two files that import each other, be it only types', () => {
  for (const { file } of cycle)
    assert.deepEqual(
      run.findings.get(file)?.map((finding) => finding.rule),
      ['import(no-cycle)'],
    );
});

test('oxlint ends with an error when a rule is broken', () => assert.notEqual(run.exitCode, 0));

test('oxlint accepts clean files', () => {
  assert.deepEqual(Object.fromEntries(clean.findings), {});
  assert.equal(clean.exitCode, 0);
});
