// llama-server as a peer: the same llama.cpp behind a C++ server. It knows how to start and end it; it must not know
// what is measured.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { LlamaEndpoint } from './llamaEndpoint.ts';

const root = path.resolve(import.meta.dirname, '../../..');
/** scripts/bench.mjs installs it and says where. */
const python =
  process.env['TRAMONTANE_BENCH_PEER_PYTHON'] ?? path.join(root, '.tools/bench-peer', process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
const startTimeoutMs = 60_000;

export const peerName = 'llama-server';

export interface LlamaServerOptions {
  readonly model: string;
  readonly threads: number;
  /** Tokens for each sequence. */
  readonly contextSize: number;
  readonly parallel?: number;
}

export class LlamaServer extends LlamaEndpoint {
  readonly pid: number;
  /** From the start of the process to its readiness. */
  readonly startedInMs: number;
  readonly #process: ChildProcess;

  private constructor(child: ChildProcess & { readonly pid: number }, address: string, startedInMs: number) {
    super(address);
    this.#process = child;
    this.pid = child.pid;
    this.startedInMs = startedInMs;
  }

  /** Why the peer cannot be run here, as a sentence, or undefined. */
  static get missing(): string | undefined {
    return existsSync(python) ? undefined : `${path.relative(root, python)} is missing: "npm run bench" installs it.`;
  }

  static async start(options: LlamaServerOptions): Promise<LlamaServer> {
    if (LlamaServer.missing) throw new Error(LlamaServer.missing);
    const startedAt = performance.now();
    const script = path.join(import.meta.dirname, 'llama_server.py');
    const args = [
      '--model',
      options.model,
      '--port',
      '0',
      '--threads',
      `${options.threads}`,
      '--context',
      `${options.contextSize}`,
      '--parallel',
      `${options.parallel ?? 1}`,
    ];
    const child = spawn(python, [script, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
    let errors = '';
    // Read to the end of its life: a full pipe would stop the server.
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors = (errors + text).slice(-4000);
    });
    try {
      const address = await addressOf(child);
      await waitUntilHealthy(address);
      if (child.pid === undefined) throw new Error('it has no process id');
      return new LlamaServer(Object.assign(child, { pid: child.pid }), address, performance.now() - startedAt);
    } catch (error) {
      child.kill('SIGKILL');
      throw new Error(`llama-server did not start: ${error instanceof Error ? error.message : String(error)}\n${errors}`, { cause: error });
    }
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    // Its input's end is what it waits for; a server that hangs is killed.
    this.#process.stdin?.end();
    const killing = setTimeout(() => this.#process.kill('SIGKILL'), 5000);
    await ended;
    clearTimeout(killing);
  }
}

async function addressOf(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error('its output is not a pipe');
  const lines = createInterface({ input: child.stdout });
  const timer = setTimeout(() => lines.close(), startTimeoutMs);
  try {
    for await (const line of lines) if (line.startsWith('{')) return (JSON.parse(line) as { address: string }).address;
    throw new Error('it ended without an address');
  } finally {
    clearTimeout(timer);
  }
}

async function waitUntilHealthy(address: string): Promise<void> {
  const deadline = AbortSignal.timeout(startTimeoutMs);
  // It listens before the model is loaded and says 503 until then; there is no event to wait for.
  while (!deadline.aborted) {
    const response = await fetch(`${address}/health`, { signal: deadline });
    await response.arrayBuffer();
    if (response.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error('its model was not ready in time');
}
