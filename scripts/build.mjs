// Builds every bundle into dist/, installing first what the build needs.
// usage: npm run build [-- --watch] [--minify]
import { spawn } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureDependencies } from './setup/dependencies.mjs';
import { ensureNode } from './setup/node.mjs';
import { childEnvironment, root, run, runScript } from './setup/steps.mjs';

/**
 * @param {{minify?: boolean, outdir?: string, quiet?: boolean}} [options]
 */
export async function buildBundles({ minify = false, outdir, quiet = false } = {}) {
  await ensureDependencies();
  const args = [path.join(root, 'esbuild.js'), ...(minify ? ['--minify'] : []), ...(outdir ? ['--outdir', outdir] : [])];
  await run(await ensureNode(), args, { quiet, whenItFails: 'Mend the errors above and build again.' });
}

/** Watches until Ctrl+C, which reaches esbuild as well because both belong to the terminal's process group. */
async function watchBundles() {
  await ensureDependencies();
  const child = spawn(await ensureNode(), [path.join(root, 'esbuild.js'), '--watch'], { cwd: root, env: childEnvironment(), stdio: 'inherit' });
  process.exitCode = await new Promise((resolve) => child.once('close', (code) => resolve(code ?? 0)));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await runScript(() => (process.argv.includes('--watch') ? watchBundles() : buildBundles({ minify: process.argv.includes('--minify') })));
}
