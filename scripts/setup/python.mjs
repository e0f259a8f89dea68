// Python environments inside this checkout: one with the independent LSP client for the tests, one with llama-server for the benches.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { once, root, run, toolsFolder } from './steps.mjs';
import { ensurePython } from './system.mjs';

/** llama.cpp's own server as a Python package, the peer that the local engine is measured against. */
const benchPeer = 'xllamacpp==2026.10.11549';
/** Its repository map is what the context bench compares with. */
const benchAider = 'aider-chat==0.86.2';

/** @returns {Promise<string>} the environment's Python, with the packages of test/process/requirements.txt */
export async function ensurePythonVenv() {
  const requirements = path.join(root, 'test/process/requirements.txt');
  const stamp = createHash('sha256').update(readFileSync(requirements)).digest('hex');
  return ensureEnvironment('python', { stamp, packages: ['-r', requirements], title: 'Installing the independent LSP client (about 15 s)' });
}

/** @returns {Promise<string>} the Python that can serve a GGUF with llama-server's HTTP API */
export async function ensureBenchPeer() {
  return ensureEnvironment('bench-peer', { stamp: benchPeer, packages: [benchPeer], title: 'Installing llama-server for the benches (about 15 s, 130 MB)' });
}

/** @returns {Promise<string>} the folder with the installed sources that the context bench measures on, and with the Tekken vocabulary */
export async function ensureBenchSources() {
  const requirements = path.join(root, 'test/bench/context/requirements.txt');
  const stamp = createHash('sha256').update(readFileSync(requirements)).digest('hex');
  const packages = ['--no-deps', '--no-compile', '--require-hashes', '-r', requirements];
  const python = await ensureEnvironment('bench-sources', {
    stamp,
    packages,
    title: 'Installing the Python sources and the vocabulary that benches measure with (20 MB)',
  });
  return (await run(python, ['-c', 'import sysconfig; print(sysconfig.get_path("purelib"))'], { quiet: true })).trim();
}

/** @returns {Promise<string>} the Python that can import aider */
export async function ensureBenchAider() {
  return ensureEnvironment('bench-aider', { stamp: benchAider, packages: [benchAider], title: 'Installing aider for the context bench (about 2 min, 600 MB)' });
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
