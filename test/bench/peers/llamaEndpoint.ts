// llama-server's HTTP API from the asking side, wherever the server runs and whoever started it. It knows routes and the form of their answers,
// each of which is checked; it must not know the layout of prompts or what is measured.
// https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md
import { once } from 'node:events';
import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import * as v from 'valibot';
import { BenchProblem } from '../benchProblem.ts';

/** Not of an answer, which a slow machine may take its time for, but of what a server says about itself. */
const factTimeoutMs = 10_000;

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

const count = v.pipe(v.number(), v.minValue(0));
const tokenId = v.pipe(v.number(), v.integer(), v.minValue(0));
const eventSchema = v.object({
  content: v.string(),
  stop: v.optional(v.boolean(), false),
  stop_type: v.optional(v.string()),
  stopping_word: v.optional(v.string()),
  /** Ids of what is new, where they were asked for. */
  tokens: v.optional(v.array(tokenId), []),
  tokens_predicted: v.optional(count),
  timings: v.optional(
    v.object({
      cache_n: v.optional(count, 0),
      prompt_n: count,
      prompt_ms: v.number(),
      predicted_n: count,
      predicted_ms: v.number(),
    }),
  ),
  /** The natural logarithm of the chance of each new token; JSON has no word for that of 0. */
  completion_probabilities: v.optional(v.array(v.object({ logprob: v.nullish(v.number()) })), []),
});
export type StreamedEvent = v.InferOutput<typeof eventSchema>;

const tokensSchema = v.object({ tokens: v.array(tokenId) });
const piecesSchema = v.object({ tokens: v.array(v.object({ id: tokenId, piece: v.union([v.string(), v.array(v.number())]) })) });

/** A token with the bytes that it says; those of a character may be of several tokens. */
export interface Piece {
  readonly id: number;
  readonly bytes: Uint8Array;
}

export class LlamaEndpoint {
  readonly address: string;

  constructor(address: string) {
    this.address = address;
  }

  /** Greedy, streamed. */
  async complete({ prompt, maxTokens, reusePrefix, slot = 0, leastIndent, signal, onText }: CompletionRequest): Promise<Completion> {
    const limits = leastIndent ? { n_indent: leastIndent } : {};
    const figures = signal ? { timings_per_token: true } : {};
    const body = { prompt, n_predict: maxTokens, temperature: 0, cache_prompt: reusePrefix, id_slot: slot, ...limits, ...figures };
    const startedAt = performance.now();
    let firstTextMs: number | undefined;
    let text = '';
    let last: StreamedEvent | undefined;
    try {
      for await (const event of this.stream(body, signal)) {
        if (event.content !== '') firstTextMs ??= performance.now() - startedAt;
        text += event.content;
        last = event;
        if (event.content !== '') onText?.(event.content);
      }
    } catch (error) {
      if (!signal?.aborted) throw error;
    }
    const totalMs = performance.now() - startedAt;
    if (!last?.timings && !signal?.aborted) throw this.#malformed('/completion', 'it ended an answer without its timings');
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

  /** The events of one answer, as they come; with the signal the connection is closed, and so the work on the server ended. */
  async *stream(body: object, signal?: AbortSignal): AsyncGenerator<StreamedEvent> {
    const response = await this.#ask('/completion', { body: { ...body, stream: true }, ...(signal ? { signal } : {}) });
    try {
      // Server-sent events: blocks of lines that end with an empty one; only these two kinds of lines are used.
      let rest = '';
      for await (const chunk of response) {
        const lines = (rest + String(chunk)).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          const said = /^(?:data|error): (\{.*)$/.exec(line)?.[1];
          if (said !== undefined) yield this.#checked('/completion', said, eventSchema);
        }
      }
    } catch (error) {
      if (error instanceof BenchProblem || signal?.aborted) throw error;
      throw this.#malformed('/completion', `it broke off an answer: ${messageOf(error)}`);
    } finally {
      // Whoever looks at no more of it wants no more of it.
      response.destroy();
    }
  }

  /**
   * @param parseSpecial whether texts of special tokens become those tokens
   * @param addSpecial whether the tokens are added that this model wants around every text
   */
  async tokenize(text: string, { parseSpecial, addSpecial = false }: { readonly parseSpecial: boolean; readonly addSpecial?: boolean }): Promise<number[]> {
    return (await this.post('/tokenize', { content: text, add_special: addSpecial, parse_special: parseSpecial }, tokensSchema)).tokens;
  }

  /** Plain text. */
  async pieces(text: string): Promise<readonly Piece[]> {
    const { tokens } = await this.post('/tokenize', { content: text, add_special: false, parse_special: false, with_pieces: true }, piecesSchema);
    return tokens.map(({ id, piece }) => ({ id, bytes: typeof piece === 'string' ? Buffer.from(piece, 'utf8') : Uint8Array.from(piece) }));
  }

  /** What the server says about itself, without anything being asked of its model. */
  async get<Schema extends Checkable>(route: string, schema: Schema): Promise<v.InferOutput<Schema>> {
    return this.#checked(route, await textOf(await this.#ask(route, { signal: AbortSignal.timeout(factTimeoutMs) })), schema);
  }

  async post<Schema extends Checkable>(route: string, body: object, schema: Schema): Promise<v.InferOutput<Schema>> {
    return this.#checked(route, await textOf(await this.#ask(route, { body })), schema);
  }

  /** @returns the body of a good answer, as it comes */
  async #ask(route: string, { body, signal }: { readonly body?: object; readonly signal?: AbortSignal }): Promise<IncomingMessage> {
    const send = this.address.startsWith('https:') ? requestHttps : requestHttp;
    // A connection of its own, since the server closes one after a streamed answer, and the next request on it would fail.
    const outgoing = send(this.address + route, {
      method: body ? 'POST' : 'GET',
      agent: false,
      headers: { 'content-type': 'application/json' },
      ...(signal ? { signal } : {}),
    });
    outgoing.end(body && JSON.stringify(body));
    let response: IncomingMessage;
    try {
      [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    } catch (error) {
      // Given up by whoever asked; a server that is silent for too long is another matter.
      if (body && signal?.aborted) throw error;
      const why = signal?.aborted ? `it did not answer ${route} within ${factTimeoutMs / 1000} s` : messageOf(error);
      throw new BenchProblem({
        cause: `${this.address} cannot be reached: ${why}.`,
        action: 'Start llama-server there, or name the address where it listens.',
      });
    }
    response.setEncoding('utf8');
    if (response.statusCode === 200) return response;
    throw this.#malformed(route, `status ${response.statusCode}, ${(await textOf(response)).slice(0, 300)}`);
  }

  #checked<Schema extends Checkable>(route: string, text: string, schema: Schema): v.InferOutput<Schema> {
    let said: unknown;
    try {
      said = JSON.parse(text);
    } catch (error) {
      throw this.#malformed(route, `no JSON, ${messageOf(error)}`);
    }
    const result = v.safeParse(schema, said);
    if (result.success) return result.output;
    const error = v.safeParse(v.object({ error: v.object({ message: v.string() }) }), said);
    if (error.success) throw this.#malformed(route, error.output.error.message);
    const [issue] = result.issues;
    throw this.#malformed(route, `${v.getDotPath(issue) ?? 'the whole of it'}: ${issue.message}`);
  }

  #malformed(route: string, what: string): BenchProblem {
    return new BenchProblem({
      cause: `${this.address}${route} did not answer as llama-server does: ${what}.`,
      action: 'Look at what the server itself prints, or name the address of another one.',
    });
  }
}

type Checkable = v.GenericSchema<unknown, unknown>;

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return text;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
