// Repositories to index: the sources of the packages that recall is measured on in one work tree, and a generated one of any size. It knows files and git; it
// must not know what is measured.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { randomFrom } from '../random.ts';
import { environment } from './holes.ts';

const root = path.resolve(import.meta.dirname, '../../..');

/** The worker as it is shipped. */
export const bundledWorker = {
  workerModule: path.join(root, 'dist/parseWorker.mjs'),
  grammars: { runtime: path.join(root, 'dist/grammars/web-tree-sitter.wasm'), folder: path.join(root, 'dist/grammars') },
};

/** All packages, about 20 MB of TypeScript and Python, as one committed work tree. */
export function copyPackages(folder: string): void {
  const packages = environment('TRAMONTANE_BENCH_REPOSITORIES');
  for (const name of readdirSync(packages).sort()) cpSync(path.join(packages, name), path.join(folder, name), { recursive: true });
  commit(folder);
}

const perFolder = 250;

/** TypeScript files of about 1 KB, each with a class, a function and three imports of others. The same for each seed. */
export function generateRepository(folder: string, { files, seed }: { readonly files: number; readonly seed: number }): void {
  const random = randomFrom(seed);
  for (let at = 0; at < files; at++) {
    const directory = path.join(folder, directoryOf(at));
    if (at % perFolder === 0) mkdirSync(directory, { recursive: true });
    writeFileSync(path.join(directory, `part${at}.ts`), sourceOf(at, random));
  }
  commit(folder);
}

const directoryOf = (at: number) => `src/area${Math.floor(at / perFolder / 20)}/group${Math.floor(at / perFolder)}`;
export const generatedPath = (at: number) => `${directoryOf(at)}/part${at}.ts`;
const words = ['order', 'invoice', 'basket', 'address', 'refund', 'ledger', 'parcel', 'stock', 'coupon', 'customer', 'carrier', 'receipt'];

function sourceOf(at: number, random: () => number): string {
  const word = () => words[Math.floor(random() * words.length)] as string;
  const imported = Array.from({ length: Math.min(3, at) }, () => Math.floor(random() * at));
  const name = (other: number) => `Part${other}`;
  const imports = [...new Set(imported)].map((other) => {
    const from = path.posix.relative(directoryOf(at), generatedPath(other));
    return `import { ${name(other)}, combine${other} } from '${from.startsWith('.') ? from : `./${from}`}';`;
  });
  const fields = Array.from({ length: 4 }, (_, field) => `  ${word()}${field} = ${Math.floor(random() * 1000)};`);
  const methods = Array.from({ length: 4 }, (_, index) => {
    const [verb, first, second] = [word(), word(), word()];
    return `  ${verb}Of${index}(${first}: number, ${second}Name: string): number {\n    return ${first} * ${Math.floor(random() * 90)} + ${second}Name.length;\n  }`;
  });
  const uses = [...new Set(imported)].map((other) => `  total += combine${other}(new ${name(other)}(), total);`);
  return [
    ...imports,
    '',
    `/** Keeps the ${word()} of one ${word()} beside its ${word()}. */`,
    `export class ${name(at)} {`,
    ...fields,
    ...methods,
    '}',
    '',
    `export function combine${at}(part: ${name(at)}, start: number): number {`,
    `  let total = start + part.${/^ {2}(\w+)/.exec(fields[0] as string)?.[1]};`,
    ...uses,
    '  return total;',
    '}',
    '',
  ].join('\n');
}

function commit(folder: string): void {
  const identity = ['-c', 'user.name=Bench', '-c', 'user.email=bench@example.org', '-c', 'commit.gpgsign=false', '-c', 'gc.auto=0'];
  const git = (...args: string[]) => execFileSync('git', [...identity, ...args], { cwd: folder, stdio: 'ignore' });
  git('init', '--quiet');
  git('add', '--all');
  git('commit', '--quiet', '--message=All');
}
