// Runs one test process: with a runtime directory of its own, a time limit, and nothing left running behind it.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { endProcessesUsing } from '../setup/leftovers.mjs';
import { childEnvironment, readIfThere, root } from '../setup/steps.mjs';

/** @typedef {import('./reporter.mjs').TestCounts} TestCounts */

/**
 * @param {{title: string, command: string, args: string[] | ((folder: string) => string[]), timeoutMs: number, env?: Record<string, string>, live: boolean, readCounts?: (folder: string) => TestCounts | undefined}} options
 *   `live` shows output as it comes, otherwise in one piece at the end; `readCounts` finds the counts in the process's own folder
 * @returns {Promise<TestCounts>} at least one failure when the process crashed, hung or ran no test
 */
export async function runTestProcess({ title, command, args, timeoutMs, env = {}, live, readCounts = readReportedCounts }) {
  // Short and readable by this user only: the engine's socket goes in here, and a socket's path may have no more than 104 bytes.
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tm-'));
  const startedMs = Date.now();
  let output = '';
  const show = (/** @type {string} */ text) => (live ? process.stdout.write(text) : (output += text));
  try {
    const child = spawn(command, typeof args === 'function' ? args(folder) : args, {
      cwd: root,
      // Nothing of a test may be kept in the user's own cache.
      env: childEnvironment({
        TRAMONTANE_STATE_DIR: path.join(folder, 'kv'),
        ...env,
        TRAMONTANE_RUNTIME_DIR: folder,
        TRAMONTANE_TEST_RESULT: path.join(folder, 'result.json'),
      }),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
    });
    running.add(child);
    child.stdout.setEncoding('utf8').on('data', show);
    child.stderr.setEncoding('utf8').on('data', show);
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      endProcessGroup(child);
    }, timeoutMs);
    // 'exit', not 'close': something that outlived the tests may hold the pipes, and it is ended just below.
    const ended = await new Promise((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, signal) => resolve(signal ?? `status ${code}`));
    });
    clearTimeout(timer);
    running.delete(child);
    endProcessGroup(child);
    for (const pid of endProcessesUsing(folder)) show(`  (ended process ${pid}, which outlived its tests)\n`);
    const counts = (timedOut ? undefined : readCounts(folder)) ?? { passed: 0, failed: 0, skipped: [] };
    if (counts.failed === 0 && (timedOut || ended !== 'status 0')) {
      counts.failed++;
      show(
        timedOut
          ? `\n  FAILED  ${title} did not end in ${timeoutMs / 1000} s: a test hangs, or something it opened is never closed.\n`
          : `\n  FAILED  ${title} ended with ${ended} before its tests were reported.\n`,
      );
    } else if (counts.passed + counts.failed + counts.skipped.length === 0) {
      counts.failed++;
      show(`\n  FAILED  ${title} ran no test.\n`);
    }
    const summary = [`${counts.passed} passed`, counts.failed ? `${counts.failed} FAILED` : '', counts.skipped.length ? `${counts.skipped.length} skipped` : '']
      .filter(Boolean)
      .join(', ');
    process.stdout.write(`${output}  ${counts.failed ? '✗' : '✓'} ${title}: ${summary} (${((Date.now() - startedMs) / 1000).toFixed(1)} s)\n`);
    return counts;
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();

/** Ends what runs when the user presses Ctrl+C: test processes have groups of their own, which the terminal does not reach. */
export function endTestProcesses() {
  for (const child of running) endProcessGroup(child);
}

/** @param {string} folder @returns {TestCounts | undefined} */
function readReportedCounts(folder) {
  const text = readIfThere(path.join(folder, 'result.json'));
  return text === undefined ? undefined : JSON.parse(text);
}

/** @param {import('node:child_process').ChildProcess} child */
function endProcessGroup(child) {
  if (child.pid === undefined) return;
  try {
    if (process.platform === 'win32') child.kill();
    else process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH') throw error;
  }
}
