// What only a finished bundle can prove: no native code in any of them, no editor in the server's, the engine's and the webview's.
import assert from 'node:assert/strict';
import { cpSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import * as esbuild from 'esbuild';
import { Overlay, repositoryRoot } from './overlay.ts';

interface BundleRules {
  readonly brokenBundleRules: (bundle: { readonly name: string; readonly forbidVscode?: boolean }, metafile: esbuild.Metafile) => string[];
}

const builder = path.join(repositoryRoot, 'esbuild.js');
const { brokenBundleRules } = (await import(pathToFileURL(builder).href)) as BundleRules;

let overlay: Overlay;
before(() => {
  overlay = new Overlay();
  // Packages of this test's own: what a rule goes by is the path of an input, not what the real package does.
  rmSync(path.join(overlay.root, 'node_modules'));
  overlay.plant('node_modules/node-llama-cpp/index.js', 'export const getLlama = 1;\n');
  overlay.plant('node_modules/@node-llama-cpp/linux-x64/index.js', 'export const binding = 1;\n');
  overlay.plant('node_modules/innocent/index.js', "import addon from './build/addon.node';\nexport const value = addon;\n");
  overlay.plant('node_modules/innocent/build/addon.node', 'ELF');
  overlay.plant('node_modules/detour/index.js', "export { getLlama } from 'node-llama-cpp';\n");
});
after(() => overlay[Symbol.dispose]());

async function rulesBrokenBy(bundle: { readonly name: string; readonly forbidVscode?: boolean }, text: string, external: string[] = []): Promise<string[]> {
  overlay.plant('server/entry.ts', text);
  const { metafile } = await esbuild.build({
    absWorkingDir: overlay.root,
    entryPoints: ['server/entry.ts'],
    outfile: 'dist/entry.mjs',
    bundle: true,
    format: 'esm',
    platform: 'node',
    loader: { '.node': 'copy' },
    external,
    metafile: true,
    logLevel: 'silent',
  });
  return brokenBundleRules(bundle, metafile);
}

const server = { name: 'server', forbidVscode: true };
const client = { name: 'client' };
const engine = { name: 'engine', forbidVscode: true };

test('node-llama-cpp must not be in a bundle', async () => {
  const broken = await rulesBrokenBy(server, "import { getLlama } from 'node-llama-cpp';\nexport const a = getLlama;\n");
  assert.deepEqual(broken, ['the server bundle contains native code: node_modules/node-llama-cpp/index.js']);
});

test('node-llama-cpp must not be in a bundle by way of another package', async () => {
  const broken = await rulesBrokenBy(client, "import { getLlama } from 'detour';\nexport const a = getLlama;\n");
  assert.deepEqual(broken, ['the client bundle contains native code: node_modules/node-llama-cpp/index.js']);
});

test('a package of prebuilt binaries must not be in a bundle', async () => {
  const broken = await rulesBrokenBy(engine, "export { binding } from '@node-llama-cpp/linux-x64';\n");
  assert.deepEqual(broken, ['the engine bundle contains native code: node_modules/@node-llama-cpp/linux-x64/index.js']);
});

test('another native .node module must not be in a bundle', async () => {
  const broken = await rulesBrokenBy(server, "export { value } from 'innocent';\n");
  assert.deepEqual(broken, ['the server bundle contains native code: node_modules/innocent/build/addon.node']);
});

test('only the engine bundle may leave node-llama-cpp outside and load it', async () => {
  const text = "export const load = () => import('node-llama-cpp');\n";
  assert.deepEqual(await rulesBrokenBy(server, text, ['node-llama-cpp']), ['the server bundle imports node-llama-cpp']);
  assert.deepEqual(await rulesBrokenBy(engine, text, ['node-llama-cpp']), []);
});

test('vscode must not be imported by the server bundle', async () => {
  const text = "import { window } from 'vscode';\nexport const a = window;\n";
  assert.deepEqual(await rulesBrokenBy(server, text, ['vscode']), ['the server bundle imports vscode']);
  assert.deepEqual(await rulesBrokenBy(client, text, ['vscode']), []);
});

test('a clean bundle breaks no rule', async () => {
  assert.deepEqual(await rulesBrokenBy(server, "import path from 'node:path';\nexport const a = path.sep;\n"), []);
});

/** Every installed package, with a stand-in for the one of which the real code would not bundle anywhere. */
function plantPackages(tree: Overlay): void {
  const installed = path.join(repositoryRoot, 'node_modules');
  rmSync(path.join(tree.root, 'node_modules'));
  tree.plant('node_modules/node-llama-cpp/index.js', 'export const getLlama = 1;\n');
  for (const name of readdirSync(installed)) {
    if (!name.includes('node-llama-cpp')) symlinkSync(path.join(installed, name), path.join(tree.root, 'node_modules', name), 'junction');
  }
}

test('the build itself ends with an error for a bundle that breaks a rule, and with none otherwise', async () => {
  using tree = new Overlay();
  plantPackages(tree);
  cpSync(builder, path.join(tree.root, 'esbuild.js'));
  const entries = [
    'client/extension.ts',
    'server/main.ts',
    'server/project/parseWorker.ts',
    'native/main.ts',
    'native/renderProcessMain.ts',
    'media/chat/main.ts',
  ];
  for (const entry of entries) tree.plant(entry, 'export const entry = 1;\n');
  tree.plant('media/chat/chat.css', 'main {\n  color: red;\n}\n');
  const clean = await tree.run('esbuild.js', []);
  assert.equal(clean.exitCode, 0, clean.output);
  // Reached through a chain, so that the entry's own text says nothing.
  tree.plant('server/main.ts', "export { load } from './inner/load.ts';\n");
  tree.plant('server/inner/load.ts', "export const load = () => import('node-llama-cpp');\n");
  const broken = await tree.run('esbuild.js', []);
  assert.notEqual(broken.exitCode, 0);
  assert.match(broken.output, /the server bundle contains native code: node_modules.node-llama-cpp.index\.js/);
});
