// Builds every bundle into dist/, once or in watch mode, and refuses bundles that break a rule of ARCHITECTURE.md.
// usage: node esbuild.js [--watch] [--minify] [--outdir DIR]
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as esbuild from 'esbuild';

const root = path.dirname(fileURLToPath(import.meta.url));

/** Packages that load native code or import the editor: `forbidden` in a bundle's inputs, whatever pulled them in. */
const nativeModule = /node_modules[\\/](?:@node-llama-cpp|node-llama-cpp|@reflink)[\\/]|\.node$/;

/** @param {string} outdir */
const bundles = (outdir) => [
  // VS Code loads extensions as CommonJS.
  { name: 'client', entry: 'client/extension.ts', out: path.join(outdir, 'client.cjs'), format: 'cjs', platform: 'node', external: ['vscode'] },
  { name: 'server', entry: 'server/main.ts', out: path.join(outdir, 'server.mjs'), format: 'esm', platform: 'node', external: [], forbidVscode: true },
  // Apart from the server's, since it runs in a worker thread.
  {
    name: 'parseWorker',
    entry: 'server/project/parseWorker.ts',
    out: path.join(outdir, 'parseWorker.mjs'),
    format: 'esm',
    platform: 'node',
    external: [],
    forbidVscode: true,
  },
  {
    name: 'engine',
    entry: 'native/main.ts',
    out: path.join(outdir, 'engine.mjs'),
    format: 'esm',
    platform: 'node',
    external: ['node-llama-cpp'],
    forbidVscode: true,
  },
  // Apart from the engine's, since importing the native library would make its start slow and its memory large.
  {
    name: 'renderTemplate',
    entry: 'native/renderProcessMain.ts',
    out: path.join(outdir, 'renderTemplate.mjs'),
    format: 'esm',
    platform: 'node',
    external: [],
    forbidVscode: true,
  },
  {
    name: 'chat',
    entry: 'media/chat/main.ts',
    out: path.join(outdir, 'media', 'chat.js'),
    format: 'iife',
    platform: 'browser',
    external: [],
    forbidVscode: true,
  },
];

/**
 * The rules that only the finished bundle can prove.
 * @param {{name: string, forbidVscode?: boolean}} bundle
 * @param {esbuild.Metafile} metafile
 * @returns {string[]} one sentence for each broken rule
 */
export function brokenBundleRules(bundle, metafile) {
  const broken = [];
  for (const input of Object.keys(metafile.inputs)) {
    if (nativeModule.test(input)) broken.push(`the ${bundle.name} bundle contains native code: ${input}`);
  }
  for (const output of Object.values(metafile.outputs)) {
    for (const imported of output.imports) {
      if (bundle.forbidVscode && imported.path === 'vscode') broken.push(`the ${bundle.name} bundle imports vscode`);
      if (bundle.name !== 'engine' && /node-llama-cpp/.test(imported.path)) broken.push(`the ${bundle.name} bundle imports ${imported.path}`);
    }
  }
  return broken;
}

/** @returns {esbuild.Plugin} */
const enforceRules = (bundle) => ({
  name: 'bundle-rules',
  setup(build) {
    build.onEnd((result) => {
      if (!result.metafile) return {};
      return { errors: brokenBundleRules(bundle, result.metafile).map((text) => ({ text })) };
    });
  },
});

/** @returns {esbuild.BuildOptions} */
const optionsFor = (bundle, { minify }) => ({
  entryPoints: [path.join(root, bundle.entry)],
  outfile: bundle.out,
  bundle: true,
  format: bundle.format,
  platform: bundle.platform,
  target: bundle.platform === 'browser' ? 'chrome128' : 'node22',
  external: bundle.external,
  // A bundled CommonJS dependency asks for node's modules with require, which ES modules lack.
  banner:
    bundle.format === 'esm'
      ? { js: "import { createRequire as createRequireForBundle } from 'node:module'; const require = createRequireForBundle(import.meta.url);" }
      : {},
  sourcemap: true,
  sourcesContent: false,
  minify,
  metafile: true,
  logLevel: 'info',
  legalComments: 'none',
  plugins: [enforceRules(bundle)],
});

/** Files that the webview loads beside its script. */
function copyMedia(outdir) {
  mkdirSync(path.join(outdir, 'media'), { recursive: true });
  for (const name of ['codicon.css', 'codicon.ttf']) cpSync(path.join(root, 'node_modules/@vscode/codicons/dist', name), path.join(outdir, 'media', name));
  cpSync(path.join(root, 'media/chat/chat.css'), path.join(outdir, 'media', 'chat.css'));
}

/** Only the grammars of server/project/languages/languages.ts: those of all languages would be 22 MB. */
const grammars = ['c-sharp', 'cpp', 'go', 'java', 'javascript', 'python', 'rust', 'tsx', 'typescript'];

/** The parser's runtime and grammars, which the parse worker loads from beside its bundle. */
function copyGrammars(outdir) {
  mkdirSync(path.join(outdir, 'grammars'), { recursive: true });
  cpSync(path.join(root, 'node_modules/web-tree-sitter/web-tree-sitter.wasm'), path.join(outdir, 'grammars/web-tree-sitter.wasm'));
  for (const name of grammars) {
    const file = `tree-sitter-${name}.wasm`;
    cpSync(path.join(root, 'node_modules/@vscode/tree-sitter-wasm/wasm', file), path.join(outdir, 'grammars', file));
  }
}

export async function build({ watch = false, minify = false, outdir = path.join(root, 'dist') } = {}) {
  mkdirSync(outdir, { recursive: true });
  copyMedia(outdir);
  copyGrammars(outdir);
  if (watch) {
    for (const bundle of bundles(outdir)) await (await esbuild.context(optionsFor(bundle, { minify }))).watch();
    return;
  }
  const results = await Promise.all(bundles(outdir).map((bundle) => esbuild.build(optionsFor(bundle, { minify }))));
  bundles(outdir).forEach((bundle, index) => {
    writeFileSync(path.join(root, 'out', `${bundle.name}.meta.json`), JSON.stringify(results[index]?.metafile));
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { watch: { type: 'boolean' }, minify: { type: 'boolean' }, outdir: { type: 'string' } } });
  mkdirSync(path.join(root, 'out'), { recursive: true });
  await build({ watch: values.watch, minify: values.minify, ...(values.outdir ? { outdir: path.resolve(values.outdir) } : {}) });
}
