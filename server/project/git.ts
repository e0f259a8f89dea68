// Runs git for facts about a work tree. It knows how to start git safely: no shell, no hooks, no prompts, with a time and a size limit.
import { spawn } from 'node:child_process';

export interface GitOptions {
  readonly cwd: string;
  readonly timeoutMs: number;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
  /** Awaited when the first output is there, before all of it is read; git waits meanwhile. It must not reject. */
  readonly beforeReading?: () => Promise<void>;
}

/**
 * A repository's own configuration may name programs to run: the file system monitor, hooks, what verifies signatures. And a partial clone would
 * fetch what it lacks, over a transport that its configuration names.
 */
const overrides = ['core.fsmonitor=false', 'core.hooksPath=/dev/null', 'log.showSignature=false', 'protocol.allow=never', 'core.quotePath=false'];

/** Standard output, or undefined when git is missing, fails, takes too long or says too much. */
export function runGit(args: readonly string[], { cwd, timeoutMs, maxBytes, signal, beforeReading }: GitOptions): Promise<string | undefined> {
  if (signal.aborted) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const safe = [...overrides.flatMap((setting) => ['-c', setting]), '--no-optional-locks'];
    const child = spawn('git', [...safe, ...args], {
      cwd,
      env: { ...withoutGitVariables(process.env), GIT_TERMINAL_PROMPT: '0', GIT_ALLOW_PROTOCOL: '', GIT_NO_LAZY_FETCH: '1', LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'ignore'],
      windowsHide: true,
    });
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    const stop = () => child.kill('SIGKILL');
    const timer = setTimeout(stop, timeoutMs);
    signal.addEventListener('abort', stop);
    const read = () =>
      child.stdout.on('data', (chunk: Buffer) => {
        sizeBytes += chunk.length;
        if (sizeBytes > maxBytes) stop();
        else chunks.push(chunk);
      });
    // Also told of an output that ends without a word.
    if (beforeReading) child.stdout.once('readable', () => void beforeReading().then(read));
    else read();
    const finish = (output: string | undefined) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      resolve(output);
    };
    child.once('error', () => finish(undefined));
    child.once('close', (code) => finish(code === 0 ? Buffer.concat(chunks).toString('utf8') : undefined));
  });
}

/** GIT_DIR and its like would point git at another repository, for instance when the editor was started from a hook. */
function withoutGitVariables(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('GIT_')));
}
