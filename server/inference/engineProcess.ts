// Starts the engine as a process of its own. It knows how to start it and how to learn that it listens; it must not know what is
// said to it.
import { spawn } from 'node:child_process';
import { promises as fs } from 'node:fs';
import path from 'node:path';
import type { EngineOptions } from '../../native/protocol/messages.ts';

const startTimeoutMs = 30_000;
const mostLogBytes = 1024 * 1024;

/** What the engine may know of the environment: where libraries and devices are, nothing of the user's secrets. */
const allowedVariables =
  /^(?:PATH|HOME|USERPROFILE|LANG|LC_\w+|TMPDIR|TEMP|TMP|SystemRoot|windir|LOCALAPPDATA|XDG_\w+|LD_LIBRARY_PATH|DYLD_\w+|CUDA_\w+|NVIDIA_\w+|GGML_\w+|VK_\w+|HIP_\w+|ROCR_\w+|OMP_\w+|MESA_\w+|LIBGL_\w+)$/;

export type EngineStart = { readonly started: 'here' | 'elsewhere' } | { readonly started: 'failed'; readonly cause: string };

export interface EngineStartOptions {
  /** The engine's bundle, or its entry file in the sources. */
  readonly module: string;
  readonly runtimeDirectory: string;
  /** Where the state of chats is kept on disk. */
  readonly stateDirectory: string;
  readonly build: string;
  readonly writtenAtMs: number;
  readonly engine: EngineOptions;
  readonly signal: AbortSignal;
}

/**
 * Starts the engine and waits until it listens. It is detached: it serves other windows too and outlives this server by its
 * keep-alive time.
 */
export async function startEngine(options: EngineStartOptions): Promise<EngineStart> {
  const logFile = path.join(options.runtimeDirectory, 'engine.log');
  await keepSmall(logFile);
  // Appended to: of several that start at once, and of builds side by side, none may wipe out what another one wrote.
  const log = await fs.open(logFile, 'a', 0o600);
  try {
    const env: NodeJS.ProcessEnv = { ELECTRON_RUN_AS_NODE: '1' };
    for (const [name, value] of Object.entries(process.env)) if (allowedVariables.test(name)) env[name] = value;
    const { runtimeDirectory, stateDirectory, build, writtenAtMs, engine } = options;
    const args = ['--runtime', runtimeDirectory, '--state', stateDirectory, '--build', build];
    args.push('--written-at', String(writtenAtMs), '--options', JSON.stringify(engine));
    // Set by a developer in their own environment, never by settings; see CONTRIBUTING.md.
    const inspectPort = Number(process.env['TRAMONTANE_INSPECT_ENGINE']);
    const nodeArgs = Number.isInteger(inspectPort) && inspectPort > 0 ? [`--inspect=127.0.0.1:${inspectPort}`] : [];
    const child = spawn(process.execPath, [...nodeArgs, options.module, ...args], {
      detached: true,
      stdio: ['ignore', log.fd, log.fd, 'ipc'],
      env,
      windowsHide: true,
    });
    const start = await new Promise<EngineStart>((resolve) => {
      const timer = setTimeout(
        () => resolve({ started: 'failed', cause: `The engine did not start within ${startTimeoutMs / 1000} s; see ${logFile}.` }),
        startTimeoutMs,
      );
      const settle = (outcome: EngineStart) => {
        clearTimeout(timer);
        options.signal.removeEventListener('abort', onAbort);
        resolve(outcome);
      };
      const onAbort = () => settle({ started: 'failed', cause: 'The start was given up.' });
      options.signal.addEventListener('abort', onAbort, { once: true });
      child.once('error', (error) => settle({ started: 'failed', cause: `The engine cannot be started: ${error.message}.` }));
      child.once('exit', (code, signal) =>
        settle({ started: 'failed', cause: `The engine ended while starting (${signal ?? `code ${code}`}); see ${logFile}.` }),
      );
      child.once('message', (message) => settle(startOf(message)));
    });
    if (start.started === 'failed' && child.pid !== undefined && child.exitCode === null) child.kill('SIGKILL');
    if (child.connected) child.disconnect();
    child.unref();
    return start;
  } finally {
    await log.close();
  }
}

async function keepSmall(logFile: string): Promise<void> {
  try {
    if ((await fs.stat(logFile)).size > mostLogBytes) await fs.rename(logFile, `${logFile}.old`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

function startOf(message: unknown): EngineStart {
  const { kind, cause } = (typeof message === 'object' && message !== null ? message : {}) as { kind?: unknown; cause?: unknown };
  if (kind === 'ready') return { started: 'here' };
  if (kind === 'taken') return { started: 'elsewhere' };
  return { started: 'failed', cause: `The engine cannot start: ${typeof cause === 'string' ? cause : 'it said nothing more'}.` };
}
