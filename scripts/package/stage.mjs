// Lays out the folder that becomes the VSIX: our own files, a reduced package.json, and of node_modules only what the engine needs at run time.
import { cpSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../setup/steps.mjs';

/** @param {string} file @returns {any} */
export const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));

/** @param {string} stage @param {{enginePackage: string}} target */
export function stageOwnFiles(stage, { enginePackage }) {
  for (const name of ['README.md', 'LICENSE', 'CHANGELOG.md']) {
    if (existsSync(path.join(root, name))) cpSync(path.join(root, name), path.join(stage, name));
  }
  for (const name of ['starter-fim.gguf', 'README.md', 'PROVENANCE.md', 'SHA256SUMS'])
    cpSync(path.join(root, 'native/starter-model', name), path.join(stage, 'native/starter-model', name));
  // media/chat is in the bundle; the icon and the walkthrough are read from here.
  const media = path.join(root, 'media');
  cpSync(media, path.join(stage, 'media'), {
    recursive: true,
    filter: (source) => source !== path.join(media, 'chat') && !/\.ts$|tsconfig\.json$/.test(source),
  });
  const { devDependencies, scripts, overrides, private: isPrivate, ...manifest } = readJson(path.join(root, 'package.json'));
  // Named as a dependency, the binary package is in the list of files that vsce asks npm for.
  manifest.dependencies = { ...manifest.dependencies, [enginePackage]: manifest.dependencies['node-llama-cpp'] };
  writeFileSync(path.join(stage, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

/**
 * Copies the packages that node-llama-cpp imports when it runs, found by following its imports. Its list of dependencies names twice as many:
 * the rest serves to compile llama.cpp, which the extension never does.
 * @param {string} stage
 * @param {{enginePackage: string, enginePackageFolder: string}} target
 * @returns {Promise<string[]>} the copied packages' folders relative to the stage
 */
export async function stageEngine(stage, { enginePackage, enginePackageFolder }) {
  const folders = await packageFoldersOfEngine();
  const shipped = new Set([enginePackage, ...folders.map(packageNameOf)]);
  for (const folder of folders) copyPackage(path.join(root, folder), path.join(stage, folder), shipped);
  const engineFolder = path.join('node_modules', enginePackage);
  copyPackage(enginePackageFolder, path.join(stage, engineFolder), shipped);
  return [...folders, engineFolder];
}

async function packageFoldersOfEngine() {
  const esbuild = await import('esbuild');
  const { metafile } = await esbuild.build({
    entryPoints: ['node_modules/node-llama-cpp/dist/index.js'],
    absWorkingDir: root,
    bundle: true,
    write: false,
    metafile: true,
    outdir: 'unused',
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
    // Binaries come by target; @reflink only speeds up copying on some file systems.
    external: ['@node-llama-cpp/*', '@reflink/*', 'electron'],
  });
  return packageFoldersOf(metafile);
}

/**
 * The folders of installed packages that a bundle took something from.
 * @param {{inputs: Record<string, unknown>}} metafile
 */
export function packageFoldersOf(metafile) {
  const folders = Object.keys(metafile.inputs).map((input) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input.replaceAll('\\', '/'))?.[0]);
  return [...new Set(folders.filter((folder) => folder !== undefined))].sort();
}

/** @param {string} folder `node_modules/a/node_modules/@b/c` is `@b/c` */
const packageNameOf = (folder) => folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length);

const notNeededToRun = /\.(map|ts|mts|cts|tsx|md|markdown|yml|yaml|html)$|(^|\/)(\.github|test|tests|docs|doc|example|examples|benchmark|coverage|\.bin)(\/|$)/;
/** llama.cpp's sources and what builds them. `llama/*.json` stays: it tells which release the binaries are, and is read when the engine loads. */
const notNeededOfEngine = /^(llama\/(gitRelease\.bundle|addon|cmake|toolchains|patches|profiles|xpack|CMakeLists\.txt)|templates)(\/|$)/;

/**
 * @param {string} source
 * @param {string} target
 * @param {ReadonlySet<string>} shipped
 */
function copyPackage(source, target, shipped) {
  const isEngine = source === path.join(root, 'node_modules/node-llama-cpp');
  mkdirSync(target, { recursive: true });
  cpSync(source, target, {
    recursive: true,
    dereference: true,
    filter: (file) => {
      const name = path.relative(source, file).replaceAll('\\', '/');
      if (name === '') return true;
      if (/(^|\/)node_modules(\/|$)/.test(name)) return false; // Nested packages that are needed have folders of their own in the list.
      if (/^(licen[cs]e|notice|copying)/i.test(name)) return true;
      return !notNeededToRun.test(name) && !(isEngine && notNeededOfEngine.test(name)) && (statSync(file).isDirectory() || name !== '.npmignore');
    },
  });
  // npm, which vsce asks for the list of files, refuses a tree in which something named is missing, so only what is shipped stays named.
  const {
    devDependencies,
    optionalDependencies,
    peerDependencies,
    peerDependenciesMeta,
    scripts,
    dependencies = {},
    ...manifest
  } = readJson(path.join(source, 'package.json'));
  manifest.dependencies = Object.fromEntries(Object.entries(dependencies).filter(([name]) => shipped.has(name)));
  writeFileSync(path.join(target, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}
