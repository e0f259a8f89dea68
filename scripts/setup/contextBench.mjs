// What the context bench needs besides the development packages: sources of real packages at pinned versions, a type checker for Python, the
// Tekken vocabulary and, when asked for, aider. It knows registries and checksums; it must not know what is measured.
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { ensureBenchAider, ensureBenchSources, ensureTekken } from './python.mjs';
import { StepError, once, run, runNpm, toolsFolder } from './steps.mjs';

/** npm packages: the TypeScript ones ship their sources. `sources` is the folder inside the package that becomes the repository's. */
const npmPackages = [
  {
    name: 'rxjs',
    version: '7.8.2',
    sources: 'src',
    integrity: 'sha512-dhKf903U/PQZY6boNNtAGdWbG85WAbjT/1xYoZIC7FAY0yWapOBQVsVrDl58W86//e1VpMNBtRV4MaXfdMySFA==',
  },
  {
    name: 'ethers',
    version: '6.17.0',
    sources: 'src.ts',
    integrity: 'sha512-BpyrpIPJ3ydEVow8zGaz1DuPS7YU8DcWxuBnY9a0UA/lvAPwrMr+EPXsfrul628SRaekPNeIM4UFh/91GWZang==',
  },
  {
    name: 'fabric',
    version: '7.4.0',
    sources: 'src',
    integrity: 'sha512-NalYDc3eifTl1C33zryQwpH6+XA/2ClxQrH9vkASkZw3tbkRmorpikhYMmxhUTmi7O3e9ODz0vOT8qfaCh9IVA==',
  },
  {
    name: 'pyright',
    version: '1.1.414',
    sources: '',
    integrity: 'sha512-FPZZb51jepDX4eP7TEYDeNFtmE3WgwkkEcJpvH3/QmUSsj0EAy3LXu+xB4T/FWDejtsXlCfFr/rbWFjwuwuXww==',
  },
];
const pythonPackages = ['django', 'rich', 'sqlalchemy', 'celery'];

const folder = path.join(toolsFolder, 'context-bench');

/**
 * @param {{withAider: boolean}} options
 * @returns {Promise<Record<string, string>>} environment variables for the bench
 */
export async function ensureContextBench({ withAider }) {
  for (const one of npmPackages) await ensureNpmPackage(one);
  const sitePackages = await ensureBenchSources();
  for (const name of pythonPackages) {
    const version = (readdirSync(sitePackages).find((file) => file.startsWith(`${name}-`) && file.endsWith('.dist-info')) ?? '').replace('.dist-info', '');
    if (version === '') throw new StepError(`The Python package ${name} is not in ${sitePackages}. Delete .tools and run this again.`);
    const repository = path.join(folder, 'repositories', version);
    await once({ stampFile: path.join(folder, `.${name}-ready`), stamp: version, title: `Copying the sources of ${version}` }, async () => {
      rmSync(repository, { recursive: true, force: true });
      copySources(path.join(sitePackages, name), path.join(repository, name), '.py');
    });
  }
  return {
    TRAMONTANE_BENCH_REPOSITORIES: path.join(folder, 'repositories'),
    TRAMONTANE_BENCH_PYRIGHT: path.join(folder, 'pyright', 'langserver.index.js'),
    TRAMONTANE_TEKKEN: await ensureTekken(),
    TRAMONTANE_BENCH_TRUTH: path.join(folder, 'truth'),
    ...(withAider ? { TRAMONTANE_BENCH_AIDER_PYTHON: await ensureBenchAider() } : {}),
  };
}

/** @param {{name: string, version: string, sources: string, integrity: string}} wanted */
async function ensureNpmPackage({ name, version, sources, integrity }) {
  const target = sources === '' ? path.join(folder, name) : path.join(folder, 'repositories', `${name}-${version}`);
  await once({ stampFile: path.join(folder, `.${name}-ready`), stamp: `${version} ${integrity}`, title: `Fetching ${name} ${version}` }, async () => {
    const download = path.join(folder, 'download', name);
    rmSync(download, { recursive: true, force: true });
    mkdirSync(download, { recursive: true });
    await runNpm(['pack', `${name}@${version}`, '--silent'], { cwd: download, quiet: true });
    const archive = readdirSync(download).find((file) => file.endsWith('.tgz'));
    if (archive === undefined) throw new StepError(`npm fetched no archive of ${name} ${version}. Run this again.`);
    const found = `sha512-${createHash('sha512')
      .update(readFileSync(path.join(download, archive)))
      .digest('base64')}`;
    if (found !== integrity) throw new StepError(`${name} ${version} has another checksum than scripts/setup/contextBench.mjs says. Do not use it.`);
    await run('tar', ['xzf', archive], { cwd: download, whenItFails: 'Install tar and run this again.' });
    rmSync(target, { recursive: true, force: true });
    const unpacked = path.join(download, 'package');
    if (sources === '') cpSync(unpacked, target, { recursive: true });
    else copySources(path.join(unpacked, sources), path.join(target, 'src'), '.ts');
    rmSync(download, { recursive: true, force: true });
  });
}

/**
 * @param {string} from
 * @param {string} to
 * @param {string} ending
 */
function copySources(from, to, ending) {
  for (const file of readdirSync(from, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith(ending) || file.endsWith('.d.ts')) continue;
    mkdirSync(path.dirname(path.join(to, file)), { recursive: true });
    cpSync(path.join(from, file), path.join(to, file));
  }
}
