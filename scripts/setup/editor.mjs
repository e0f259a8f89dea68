// Installs the editor that `npm start` and the tests use: code-server, which is VS Code served to a browser, from npm. Its own install script
// compiles native modules for ten minutes; the editor works without them, so only their JavaScript is installed (about 50 s, 800 MB).
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ensurePinnedNode } from './node.mjs';
import { StepError, once, runNpm, toolsFolder } from './steps.mjs';

const codeServerVersion = '4.139.1';
const folder = path.join(toolsFolder, 'editor');

/**
 * @returns {Promise<{node: string, entry: string, version: string}>} the Node and the script that together are code-server
 */
export async function ensureEditor() {
  if (process.platform === 'win32')
    throw new StepError('code-server does not run on Windows. Use "npm start -- --desktop" to try the extension in desktop VS Code.');
  const node = await ensurePinnedNode();
  const entry = path.join(folder, 'node_modules/code-server/out/node/entry.js');
  const step = {
    stampFile: path.join(folder, '.ready'),
    stamp: codeServerVersion,
    title: `Installing the editor, code-server ${codeServerVersion} (about a minute, 800 MB)`,
  };
  await once(step, async () => {
    mkdirSync(folder, { recursive: true });
    const manifest = path.join(folder, 'package.json');
    if (!existsSync(manifest)) writeFileSync(manifest, '{"private":true}\n');
    // Its packages ask for Node 24, which npm must find on the path as well.
    const env = { PATH: `${path.dirname(node)}${path.delimiter}${process.env.PATH}` };
    const withoutScripts = ['install', '--ignore-scripts', '--omit=dev'];
    await runNpm([...withoutScripts, '--save-exact', `code-server@${codeServerVersion}`], { cwd: folder, env });
    // What code-server's install script would do next, in the two folders that bring package lists of their own.
    const inner = path.join(folder, 'node_modules/code-server/lib/vscode');
    await runNpm(withoutScripts, { cwd: inner, env });
    await runNpm(withoutScripts, { cwd: path.join(inner, 'extensions'), env });
  });
  return { node, entry, version: codeServerVersion };
}
