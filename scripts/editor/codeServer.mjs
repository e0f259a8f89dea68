// Starts code-server on the loopback address and installs extensions into its profile. It is what `npm start` and the editor tests share; it
// knows nothing of either, nor of browsers.
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Settings under which the editor asks nothing of the network and nothing of its user before the extension can be seen. */
export const privateProfileSettings = {
  'security.workspace.trust.enabled': false,
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.enableExperiments': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'editor.inlineSuggest.enabled': true,
  'typescript.disableAutomaticTypeAcquisition': true,
  // The product's own assistant would draw its ghost text and chat over ours.
  'chat.disableAIFeatures': true,
};

/** @typedef {{node: string, entry: string, profile: string}} CodeServer `profile` is the folder for its settings, extensions and log */

/**
 * @param {CodeServer & {port?: number, settings?: Record<string, unknown>, env?: Record<string, string>, startTimeoutMs?: number}} options
 *   `settings` are written only into a profile that has none yet, so that a person's own changes stay
 */
export async function startCodeServer({ node, entry, profile, port, settings = {}, env = {}, startTimeoutMs = 60_000 }) {
  const settingsFile = path.join(profile, 'user/User/settings.json');
  mkdirSync(path.dirname(settingsFile), { recursive: true });
  writeUnlessThere(settingsFile, `${JSON.stringify({ ...privateProfileSettings, ...settings }, null, 2)}\n`);
  const chosenPort = port ?? (await freePort());
  const logFile = path.join(profile, 'code-server.log');
  const log = openSync(logFile, 'w');
  const listen = ['--bind-addr', `127.0.0.1:${chosenPort}`, '--auth', 'none'];
  const quiet = ['--disable-telemetry', '--disable-update-check', '--disable-workspace-trust', '--disable-getting-started-override'];
  const child = spawn(node, [entry, ...profileArguments(profile), ...listen, ...quiet], {
    stdio: ['ignore', log, log],
    env: codeServerEnvironment(env),
    // A group of its own, so that the extension hosts below it can be ended together.
    detached: true,
  });
  closeSync(log);
  /** @type {string | undefined} */
  let ended;
  const exit = new Promise((resolve) => {
    child.once('error', (error) => resolve((ended = error.message)));
    child.once('exit', (code, signal) => resolve((ended = String(signal ?? `status ${code}`))));
  });
  const stop = async () => {
    signalGroup(child.pid, 'SIGTERM');
    await Promise.race([exit, sleep(5000, undefined, { ref: false })]);
    signalGroup(child.pid, 'SIGKILL');
  };
  const url = `http://127.0.0.1:${chosenPort}`;
  const startedMs = Date.now();
  while (!(await answers(`${url}/healthz`))) {
    const why = ended ?? (Date.now() - startedMs > startTimeoutMs ? `no answer in ${startTimeoutMs / 1000} s` : undefined);
    if (why) {
      await stop();
      throw new Error(`code-server did not start (${why}):\n${readFileSync(logFile, 'utf8').slice(-3000)}`);
    }
    await sleep(100);
  }
  return { url, port: chosenPort, profile, logFile, startMs: Date.now() - startedMs, exit, stop };
}

/**
 * Installs a VSIX into a profile, in place of an earlier one.
 * @param {CodeServer & {vsix: string}} options
 * @returns {Promise<void>}
 */
export async function installExtension({ node, entry, profile, vsix }) {
  const child = spawn(node, [entry, ...profileArguments(profile), '--install-extension', vsix, '--force'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: codeServerEnvironment({}),
  });
  let output = '';
  child.stdout.on('data', (text) => (output += text));
  child.stderr.on('data', (text) => (output += text));
  const status = await new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', resolve);
  });
  if (status !== 0) throw new Error(`code-server did not install ${path.basename(vsix)}:\n${output.slice(-3000)}`);
}

/**
 * @param {string} url
 * @param {{folder?: string}} what
 */
export const workbenchUrl = (url, { folder }) => `${url}/${folder ? `?${new URLSearchParams({ folder })}` : ''}`;

/** @param {string} profile */
function profileArguments(profile) {
  // Without a file of its own code-server would read and write the user's.
  mkdirSync(profile, { recursive: true });
  const config = path.join(profile, 'config.yaml');
  writeUnlessThere(config, 'auth: none\n');
  return ['--config', config, '--user-data-dir', path.join(profile, 'user'), '--extensions-dir', path.join(profile, 'extensions')];
}

/** @param {string} file @param {string} content */
function writeUnlessThere(file, content) {
  try {
    writeFileSync(file, content, { flag: 'wx' });
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
  }
}

/** @param {Record<string, string>} extra */
function codeServerEnvironment(extra) {
  // A terminal inside VS Code, npm and a hosting platform each leave variables that would change how code-server starts.
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(VSCODE_|npm_|CODE_SERVER_|NODE_OPTIONS$|NODE_TEST_CONTEXT$|PORT$|PASSWORD$|HASHED_PASSWORD$)/.test(name),
  );
  // An empty address turns the extension gallery off, and with it all requests to it.
  return { ...Object.fromEntries(inherited), EXTENSIONS_GALLERY: '{"serviceUrl":""}', ...extra };
}

/** @param {string} url */
async function answers(url) {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2000) })).ok;
  } catch {
    return false; // Not listening yet; the caller counts the time and sees whether the process lives.
  }
}

/** @param {number | undefined} pid @param {NodeJS.Signals} signal */
function signalGroup(pid, signal) {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH') throw error;
  }
}

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
