// How every set-up step runs: a heading, a child process with inherited output, a time limit, a stamp that makes the second run free, and a
// lock so that two scripts started at once do not install into one folder. It knows nothing of what is installed.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
/** Everything that scripts install besides node_modules; ignored by git and safe to delete. */
export const toolsFolder = path.join(root, '.tools');

/** An expected failure of a step: its message is one sentence with the cause and one action, shown without a stack. */
export class StepError extends Error {}

/** @param {string} title */
export const heading = (title) => process.stderr.write(`\n> ${title}\n`);

/**
 * The environment for a child process, without what `npm run` adds to its own: a nested npm would take those for its configuration.
 * A registry or proxy that the user has configured stays.
 * @param {Record<string, string | undefined>} [extra]
 * @returns {Record<string, string | undefined>}
 */
export function childEnvironment(extra = {}) {
  const addedByNpm = /^npm_(?!config_)|^npm_config_(user_agent|local_prefix|global_prefix|prefix|dir|npm_version|node_gyp|init_module)$/;
  const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => !addedByNpm.test(name) && name !== 'NODE_OPTIONS'));
  return { ...own, ...extra };
}

/** @typedef {{cwd?: string, env?: Record<string, string | undefined>, timeoutMs?: number, quiet?: boolean, whenItFails?: string}} RunOptions */

/**
 * Runs a program to its end with inherited output.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {RunOptions} [options] `quiet` keeps standard output to itself and shows it only after a failure
 * @returns {Promise<string>} standard output if `quiet`, otherwise nothing
 */
export async function run(
  command,
  args,
  { cwd = root, env, timeoutMs = 15 * 60_000, quiet = false, whenItFails = 'Read the output above and run this again.' } = {},
) {
  // npm and VS Code's command line are .cmd files on Windows, which only a shell can start, and that wants its arguments quoted.
  const shell = process.platform === 'win32' && (command === 'npm' || command.endsWith('.cmd'));
  const quoted = (/** @type {string} */ text) => (shell && /\s/.test(text) ? `"${text}"` : text);
  const child = spawn(quoted(command), args.map(quoted), {
    cwd,
    env: childEnvironment(env),
    shell,
    stdio: ['ignore', quiet ? 'pipe' : 'inherit', quiet ? 'pipe' : 'inherit'],
  });
  let output = '';
  let standardOutput = '';
  child.stdout?.setEncoding('utf8').on('data', (text) => ((output += text), (standardOutput += text)));
  child.stderr?.setEncoding('utf8').on('data', (text) => (output += text));
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    child.kill('SIGKILL');
  }, timeoutMs);
  /** @type {string | undefined} */
  const failure = await new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(code === 0 ? undefined : `ended with ${signal ?? `status ${code}`}`));
  });
  clearTimeout(timer);
  if (failure === undefined) return standardOutput;
  if (output) process.stderr.write(output.slice(-4000));
  const what = [path.basename(command), ...args.slice(0, 2)].join(' ');
  throw new StepError(
    timedOut ? `"${what}" did not finish in ${Math.round(timeoutMs / 60_000)} minutes. ${whenItFails}` : `"${what}" failed (${failure}). ${whenItFails}`,
  );
}

/** @param {readonly string[]} args @param {RunOptions} [options] */
export const runNpm = (args, options = {}) =>
  run('npm', [...args, '--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error'], {
    whenItFails: 'Check that this machine reaches the npm registry and run this again.',
    ...options,
  });

/** @param {string} file */
export function readIfThere(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Does `work` unless `stampFile` already says `stamp`; whoever comes second while it runs waits and finds it done.
 * @param {{stampFile: string, stamp: string, title: string}} step
 * @param {() => Promise<void>} work
 * @returns {Promise<boolean>} whether there was work to do
 */
export async function once({ stampFile, stamp, title }, work) {
  if (readIfThere(stampFile) === stamp) return false;
  return withLock(path.basename(stampFile), async () => {
    if (readIfThere(stampFile) === stamp) return false;
    heading(title);
    rmSync(stampFile, { force: true });
    await work();
    mkdirSync(path.dirname(stampFile), { recursive: true });
    writeFileSync(stampFile, stamp);
    return true;
  });
}

/**
 * Runs `work` while no other process of this checkout runs under the same name. mkdir is the one atomic operation every file system has.
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(name, work) {
  const folder = path.join(toolsFolder, 'locks', name);
  const ownerFile = path.join(folder, 'pid');
  mkdirSync(path.dirname(folder), { recursive: true });
  for (let attempt = 0; ; attempt++) {
    try {
      mkdirSync(folder);
      break;
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
    }
    const owner = Number(readIfThere(ownerFile));
    // The owner writes its number right after mkdir, so a folder that stays without one belongs to nobody, as one whose owner has gone.
    if (owner ? !isRunning(owner) : attempt > 10) rmSync(folder, { recursive: true, force: true });
    else if (attempt === 0) process.stderr.write(`Waiting for process ${owner || '(starting)'}, which does the same step (${name}).\n`);
    await sleep(200);
  }
  try {
    writeFileSync(ownerFile, String(process.pid));
    return await work();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {number} pid */
function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}

/**
 * Runs a script's main function: an expected failure is shown as its sentence, anything else with its stack; both exit with 1.
 * @param {() => Promise<void>} main
 */
export async function runScript(main) {
  try {
    await main();
  } catch (error) {
    process.stderr.write(`\n${error instanceof StepError ? error.message : error instanceof Error ? error.stack : error}\n`);
    process.exitCode = 1;
  }
}
