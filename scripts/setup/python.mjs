// Python environments inside this checkout: for the independent LSP client, for llama-server, for sources to measure on and for the Tekken vocabulary.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { StepError, once, root, run, toolsFolder } from './steps.mjs';
import { ensurePython } from './system.mjs';

/** Its repository map is what the context bench compares with. */
const benchAider = 'aider-chat==0.86.2';

/** @returns {Promise<string>} the environment's Python, with the packages of test/process/requirements.txt */
export async function ensurePythonVenv() {
  const requirements = path.join(root, 'test/process/requirements.txt');
  return ensureEnvironment('python', {
    stamp: checksumOf(requirements),
    packages: ['-r', requirements],
    title: 'Installing the independent LSP client (about 15 s)',
  });
}

/** @returns {Promise<string>} the Python that can serve a GGUF with llama-server's HTTP API */
export async function ensureBenchPeer() {
  const requirements = path.join(root, 'test/bench/peers/requirements.txt');
  const title = 'Installing llama-server, the peer to hold ours against (about 15 s, 130 MB)';
  return ensureEnvironment('bench-peer', { stamp: checksumOf(requirements), packages: ['-r', requirements], title });
}

/** @returns {Promise<string>} the folder with the installed sources that the context bench measures on */
export async function ensureBenchSources() {
  const requirements = path.join(root, 'test/bench/context/requirements.txt');
  return ensureSources('bench-sources', { requirements, title: 'Installing the Python sources that benches measure with (14 MB)' });
}

/** @returns {Promise<string>} the file of the Tekken vocabulary */
export async function ensureTekken() {
  const requirements = path.join(root, 'test/native/requirements.txt');
  const sitePackages = await ensureSources('tekken', { requirements, title: 'Installing the Tekken vocabulary (about 10 s, 7 MB)' });
  const file = path.join(sitePackages, 'mistral_common/data/tekken_240911.json');
  if (!existsSync(file)) throw new StepError(`mistral-common brings no Tekken vocabulary any more. Read ${requirements}.`);
  return file;
}

/** @returns {Promise<string>} the Python that can import aider */
export async function ensureBenchAider() {
  return ensureEnvironment('bench-aider', { stamp: benchAider, packages: [benchAider], title: 'Installing aider for the context bench (about 2 min, 600 MB)' });
}

/**
 * Packages that are read and never run, each held against its checksum.
 * @param {string} name
 * @param {{requirements: string, title: string}} content
 * @returns {Promise<string>} the folder that they are in
 */
async function ensureSources(name, { requirements, title }) {
  const packages = ['--no-deps', '--no-compile', '--require-hashes', '-r', requirements];
  const python = await ensureEnvironment(name, { stamp: checksumOf(requirements), packages, title });
  return (await run(python, ['-c', 'import sysconfig; print(sysconfig.get_path("purelib"))'], { quiet: true })).trim();
}

/**
 * @param {string} name
 * @param {{stamp: string, packages: readonly string[], title: string}} content
 */
async function ensureEnvironment(name, { stamp, packages, title }) {
  const folder = path.join(toolsFolder, name);
  const python = process.platform === 'win32' ? path.join(folder, 'Scripts/python.exe') : path.join(folder, 'bin/python');
  await once({ stampFile: path.join(toolsFolder, `.${name}-ready`), stamp, title }, async () => {
    const systemPython = await ensurePython();
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(toolsFolder, { recursive: true });
    await run(systemPython, ['-m', 'venv', folder], { whenItFails: 'Install python3-venv and run this again.' });
    const whenItFails = 'Check that this machine reaches the Python package index and run this again.';
    await run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages], { whenItFails });
  });
  return python;
}

/** @param {string} file @returns {string} */
const checksumOf = (file) => createHash('sha256').update(readFileSync(file)).digest('hex');
