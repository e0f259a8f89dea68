// Bundles the in-host tests into the one CommonJS file that an extension host loads, and shows what they found.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './environment.ts';

/** What mochaRunner.ts leaves, a little more than what scripts/test.mjs reads. */
export interface InHostResult {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly { readonly name: string; readonly reason: string }[];
  readonly failures: readonly { readonly name: string; readonly explanation: string }[];
}

/** @returns the path of the bundle */
export async function bundleInHostSuite(): Promise<string> {
  const esbuild = await import('esbuild');
  const outfile = path.join(root, 'out/inhost/suite.cjs');
  const folder = path.join(root, 'test/editor/inhost');
  const files = readdirSync(folder).filter((name) => name.endsWith('.test.ts'));
  // The test files run when imported, so that must wait until mocha is there to collect their tests.
  const loaders = files.map((name) => `() => import('./${name}')`);
  await esbuild.build({
    stdin: {
      contents: `import { runMocha } from './mochaRunner.ts';\nexport const run = () => runMocha([${loaders.join(', ')}]);`,
      resolveDir: folder,
      loader: 'ts',
    },
    outfile,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node22',
    external: ['vscode'],
    sourcemap: 'inline',
    // mocha looks up its parallel mode's files, which is not used here.
    logOverride: { 'require-resolve-not-external': 'silent' },
    logLevel: 'warning',
  });
  return outfile;
}

export function readInHostResult(file: string): InHostResult {
  return JSON.parse(readFileSync(file, 'utf8')) as InHostResult;
}

export function describeFailures({ failures }: InHostResult): string {
  return failures.map(({ name, explanation }) => `\n  FAILED  ${name}\n${explanation.replace(/^/gm, '          ')}\n`).join('');
}
