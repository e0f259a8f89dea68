// llama-server as a peer: the same llama.cpp behind a C++ server. It knows how to start, ask and end it; it must not know what is measured.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import path from 'node:path';
import { createInterface } from 'node:readline';

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

export interface CompletionRequest {
  /** A text, in which special tokens are recognized, or token ids. */
  readonly prompt: string | readonly number[];
  readonly maxTokens: number;
  /** Whether the KV state of a common prefix with the request before may be used. */
  readonly reusePrefix: boolean;
  /** Which of the parallel sequences; the first one when absent. */
  readonly slot?: number;
  /** Ends before the first later line that is indented less, in characters. */
  readonly leastIndent?: number;
  /** Ends the request on the server, too. What it has cost until then is what the last token said. */
  readonly signal?: AbortSignal;
  readonly onText?: (piece: string) => void;
}

export interface Completion {
  readonly text: string;
  readonly isAborted: boolean;
  /** From the request to the first text, ms, on this side of the connection. */
  readonly firstTextMs: number;
  /** From the request to its end, ms, on this side of the connection. */
  readonly totalMs: number;
  readonly evaluatedTokens: number;
  readonly reusedTokens: number;
  readonly generatedTokens: number;
  readonly timings: { readonly prefillMs: number; readonly decodeMs: number };
}

interface StreamedEvent {
  readonly content: string;
  readonly stop: boolean;
  readonly tokens_predicted?: number;
  readonly timings?: {
    readonly cache_n: number;
    readonly prompt_n: number;
    readonly prompt_ms: number;
    readonly predicted_n: number;
    readonly predicted_ms: number;
  };
}

export class LlamaServer {
  readonly pid: number;
  /** From the start of the process to its readiness. */
  readonly startedInMs: number;
  readonly #process: ChildProcess;
  readonly #address: string;

  private constructor(child: ChildProcess & { readonly pid: number }, address: string, startedInMs: number) {
    this.#process = child;
    this.#address = address;
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

  /** Greedy, streamed. */
  async complete({ prompt, maxTokens, reusePrefix, slot = 0, leastIndent, signal, onText }: CompletionRequest): Promise<Completion> {
    const limits = leastIndent ? { n_indent: leastIndent } : {};
    const figures = signal ? { timings_per_token: true } : {};
    const body = { prompt, n_predict: maxTokens, temperature: 0, cache_prompt: reusePrefix, stream: true, id_slot: slot, ...limits, ...figures };
    const startedAt = performance.now();
    let firstTextMs: number | undefined;
    let text = '';
    let last: StreamedEvent | undefined;
    try {
      const response = await this.#post('/completion', body, signal);
      for await (const event of eventsOf(response)) {
        if (event.content !== '') firstTextMs ??= performance.now() - startedAt;
        text += event.content;
        last = event;
        if (event.content !== '') onText?.(event.content);
      }
    } catch (error) {
      if (!signal?.aborted) throw error;
    }
    const totalMs = performance.now() - startedAt;
    if (!last?.timings && !signal?.aborted) throw new Error('llama-server ended a completion without its timings.');
    const timings = last?.timings ?? { prompt_n: 0, cache_n: 0, predicted_n: 0, prompt_ms: 0, predicted_ms: 0 };
    return {
      text,
      isAborted: signal?.aborted ?? false,
      firstTextMs: firstTextMs ?? totalMs,
      totalMs,
      evaluatedTokens: timings.prompt_n,
      reusedTokens: timings.cache_n,
      generatedTokens: last?.tokens_predicted ?? timings.predicted_n,
      timings: { prefillMs: timings.prompt_ms, decodeMs: timings.predicted_ms },
    };
  }

  /** @param parseSpecial whether texts of special tokens become those tokens */
  async tokenize(text: string, { parseSpecial }: { readonly parseSpecial: boolean }): Promise<number[]> {
    const response = await this.#post('/tokenize', { content: text, add_special: false, parse_special: parseSpecial });
    return (JSON.parse(await textOf(response)) as { tokens: number[] }).tokens;
  }

  /** Plain text with the ids of its tokens and what each of them says; a token that is part of a character says nothing. */
  async pieces(text: string): Promise<readonly { readonly id: number; readonly piece: string }[]> {
    const response = await this.#post('/tokenize', { content: text, add_special: false, parse_special: false, with_pieces: true });
    const { tokens } = JSON.parse(await textOf(response)) as { tokens: { id: number; piece: unknown }[] };
    return tokens.map(({ id, piece }) => ({ id, piece: typeof piece === 'string' ? piece : '' }));
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

  /** @returns the body of a good answer, as it comes */
  async #post(route: string, body: unknown, signal?: AbortSignal): Promise<IncomingMessage> {
    // A connection of its own, since the server closes one after a streamed answer, and the next request on it would fail.
    const outgoing = request(this.#address + route, {
      method: 'POST',
      agent: false,
      headers: { 'content-type': 'application/json' },
      ...(signal ? { signal } : {}),
    });
    outgoing.end(JSON.stringify(body));
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    response.setEncoding('utf8');
    if (response.statusCode === 200) return response;
    throw new Error(`llama-server answered ${route} with ${response.statusCode}: ${await textOf(response)}`);
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return text;
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

/** Server-sent events: blocks of lines that end with an empty one; only `data:` lines are used here. */
async function* eventsOf(response: IncomingMessage): AsyncGenerator<StreamedEvent> {
  let rest = '';
  for await (const chunk of response) {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.startsWith('data: {')) yield JSON.parse(line.slice('data: '.length)) as StreamedEvent;
  }
}
