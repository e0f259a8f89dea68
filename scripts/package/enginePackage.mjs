// Finds the engine's binary package for a target: installed here for this platform, fetched with npm and checked for another.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { enginePackages } from '../setup/dependencies.mjs';
import { StepError, once, root, run, runNpm, toolsFolder } from '../setup/steps.mjs';
import { readJson } from './stage.mjs';

/**
 * @param {string} target such as linux-x64
 * @returns {Promise<{enginePackage: string, enginePackageFolder: string}>}
 */
export async function ensureEnginePackage(target) {
  const enginePackage = enginePackages[target];
  if (!enginePackage) throw new StepError(`There is no target "${target}". Choose from: ${Object.keys(enginePackages).join(', ')}.`);
  const installed = path.join(root, 'node_modules', enginePackage);
  if (existsSync(installed)) return { enginePackage, enginePackageFolder: installed };
  return { enginePackage, enginePackageFolder: await fetchEnginePackage(enginePackage, target) };
}

/**
 * Fetches one of the engine's binary packages beside node_modules.
 * @param {string} enginePackage
 * @param {string} name of its folder in .tools
 * @returns {Promise<string>} the package's folder
 */
export async function fetchEnginePackage(enginePackage, name) {
  const locked = readJson(path.join(root, 'package-lock.json')).packages;
  const { version } = locked['node_modules/node-llama-cpp'];
  const integrity = locked[`node_modules/${enginePackage}`]?.integrity;
  if (!integrity)
    throw new StepError(
      `package-lock.json holds no checksum for ${enginePackage}@${version}, so nothing can vouch for it. Lock it where the npm registry has that version, then package again.`,
    );
  const folder = path.join(toolsFolder, 'engine-packages', name);
  await once({ stampFile: path.join(folder, '.ready'), stamp: integrity, title: `Fetching ${enginePackage}@${version}` }, async () => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const file = (await runNpm(['pack', '--pack-destination', folder, `${enginePackage}@${version}`], { quiet: true })).trim().split('\n').at(-1) ?? '';
    const archive = path.join(folder, file);
    if (integrityOf(archive) !== integrity)
      throw new StepError(`${enginePackage}@${version} is not the package that package-lock.json names. Do not use it; find out where it came from.`);
    await run('tar', ['-xzf', file], { cwd: folder });
    rmSync(archive);
  });
  return path.join(folder, 'package');
}

/** @param {string} file */
const integrityOf = (file) => `sha512-${createHash('sha512').update(readFileSync(file)).digest('base64')}`;
