// Makes the VSIX of one platform: bundles, starter model, and the engine with that platform's CPU (on Apple silicon: Metal) binary.
// usage: npm run package [-- --target linux-x64|linux-arm64|darwin-arm64|darwin-x64|win32-x64] [--out FILE]
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildBundles } from './build.mjs';
import { ensureEnginePackage } from './package/enginePackage.mjs';
import { writeNotices } from './package/notices.mjs';
import { readJson, stageEngine, stageOwnFiles } from './package/stage.mjs';
import { ensureDependencies } from './setup/dependencies.mjs';
import { ensureNode } from './setup/node.mjs';
import { StepError, heading, readIfThere, root, run, runScript, withLock } from './setup/steps.mjs';

/** A user on a slow line waits for every megabyte; Open VSX refuses far larger ones only. */
const maxSizeBytes = 45 * 1024 * 1024;
const thisTarget = `${process.platform}-${process.arch}`;

/**
 * @param {{target?: string, out?: string}} options
 * @returns {Promise<string>} the path of the VSIX, which is left as it is when nothing that goes into it has changed
 */
export async function packageExtension({ target = thisTarget, out }) {
  await ensureDependencies();
  const { version } = readJson(path.join(root, 'package.json'));
  const file = path.resolve(out ?? path.join(root, 'dist/packages', `tramontane-${target}-${version}.vsix`));
  const stampFile = path.join(root, 'dist/packages', `${path.basename(file)}.stamp`);
  return withLock(`package-${target}`, async () => {
    const stamp = hashInputs(target);
    if (existsSync(file) && readIfThere(stampFile) === stamp) return file;
    await makePackage(target, file);
    mkdirSync(path.dirname(stampFile), { recursive: true });
    writeFileSync(stampFile, stamp);
    return file;
  });
}

/** @param {string} target @param {string} file */
async function makePackage(target, file) {
  heading(`Packaging for ${target}`);
  const engine = await ensureEnginePackage(target);
  // Outside the checkout, so that the probe below finds nothing but what is packed.
  const stage = mkdtempSync(path.join(os.tmpdir(), 'tramontane-stage-'));
  try {
    stageOwnFiles(stage, engine);
    await buildBundles({ minify: true, outdir: path.join(stage, 'dist'), quiet: true });
    for (const name of readdirSync(path.join(stage, 'dist'), { recursive: true, encoding: 'utf8' })) {
      if (name.endsWith('.map')) rmSync(path.join(stage, 'dist', name));
    }
    const shippedFolders = await stageEngine(stage, engine);
    writeNotices(stage, { shippedFolders, enginePackageFolder: engine.enginePackageFolder });
    const node = await ensureNode();
    if (target === thisTarget)
      await run(node, [path.join(root, 'scripts/package/probeEngine.mjs'), stage], {
        timeoutMs: 60_000,
        whenItFails: 'The packaged engine lacks something: see scripts/package/stage.mjs.',
      });
    const packed = path.join(stage, 'packed.vsix');
    const args = ['package', '--target', target, '--out', packed, '--allow-missing-repository', '--no-rewrite-relative-links', '--no-update-package-json'];
    await run(node, [path.join(root, 'node_modules/@vscode/vsce/vsce'), ...args], { cwd: stage, quiet: true });
    const sizeBytes = statSync(packed).size;
    const size = `${(sizeBytes / 1024 / 1024).toFixed(1)} MB`;
    if (sizeBytes > maxSizeBytes)
      throw new StepError(
        `The package has ${size}, more than the ${maxSizeBytes / 1024 / 1024} MB that a user should have to fetch. Find what grew with "unzip -lv".`,
      );
    mkdirSync(path.dirname(file), { recursive: true });
    cpSync(packed, file);
    process.stderr.write(`${path.relative(process.cwd(), file)}: ${size}\n`);
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

/** Everything that can change what is packed; of node_modules the lock file speaks. */
const inputs = [
  'client',
  'server',
  'native',
  'media',
  'scripts/package',
  'scripts/package.mjs',
  'esbuild.js',
  'package.json',
  'package-lock.json',
  'README.md',
  'LICENSE',
  'CHANGELOG.md',
];

/** @param {string} target */
function hashInputs(target) {
  const hash = createHash('sha256').update(target);
  for (const input of inputs) {
    const start = path.join(root, input);
    if (!existsSync(start)) continue;
    const names = statSync(start).isDirectory()
      ? readdirSync(start, { recursive: true, encoding: 'utf8' })
          .sort()
          .map((name) => path.join(start, name))
      : [start];
    for (const name of names.filter((one) => statSync(one).isFile())) {
      // Names and sizes go in too, so that moving bytes from one file to the next makes a difference.
      const content = readFileSync(name);
      hash.update(`\0${path.relative(root, name)}\0${content.length}\0`).update(content);
    }
  }
  return hash.digest('hex');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await runScript(async () => {
    const { values } = parseArgs({ options: { target: { type: 'string' }, out: { type: 'string' } } });
    process.stdout.write(`${await packageExtension(values)}\n`);
  });
}
