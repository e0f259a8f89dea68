// One connection to the engine: typed requests, validated answers, and a clear end. It knows the socket and the engine's protocol;
// it must not know when to start or restart an engine.
import net from 'node:net';
import * as v from 'valibot';
import type { MessageConnection } from 'vscode-jsonrpc/node';
import { CancellationTokenSource, ProgressType } from 'vscode-jsonrpc/node';
import { FramedSocket } from '../../native/channel/framedSocket.ts';
import { connectJsonRpc } from '../../native/channel/jsonRpc.ts';
import { maxProofFrameBytes, proveToEngine } from '../../native/channel/proof.ts';
import type {
  BuildAge,
  CountTokensParams,
  CountTokensResult,
  DescribeModelResult,
  EmbedParams,
  EmbedResult,
  EngineOptions,
  EngineStatus,
  GenerateParams,
  GenerateResult,
  JoinResult,
  ModelParams,
  PartialText,
  SavedStatesSize,
  Superseded,
} from '../../native/protocol/messages.ts';
import {
  countTokensResultSchema,
  describeModelResultSchema,
  drainResultSchema,
  embedResultSchema,
  engineMethods,
  engineNotices,
  engineStatusSchema,
  generateResultSchema,
  joinResultSchema,
  maxMessageBytes,
  modelReplacedSchema,
  partialTextSchema,
  savedStatesSchema,
  supersededSchema,
} from '../../native/protocol/messages.ts';
import { Heartbeat } from './heartbeat.ts';

const connectTimeoutMs = 5000;
const partialText = new ProgressType<PartialText>();

export interface EngineClientOptions {
  /** The connection ended although nobody closed it. */
  readonly onGone: () => void;
  /** A request waits and the engine does not even answer a ping. */
  readonly onHung: () => void;
  /** A newer build takes over: the engine finishes what is under way and ends. */
  readonly onSuperseded: (why: Superseded) => void;
  /** The file at this path is another one than before, and is loaded anew. */
  readonly onModelReplaced: (path: string) => void;
  /** How often an engine that is waited for is asked for a sign of life, and how long that may take, ms. */
  readonly heartbeatMs: number;
}

/** The engine is gone, does not answer or answers with something that is not its protocol. */
export class EngineGoneError extends Error {}
/** The caller gave up; the engine has been told. */
export class AbandonedError extends Error {}

/**
 * Connects and proves the secret.
 * @returns undefined when nothing listens there
 * @throws ProofError when something listens that is not this user's engine.
 */
export async function connectToEngine(socketPath: string, secret: Buffer, options: EngineClientOptions): Promise<EngineClient | undefined> {
  const socket = await openSocket(socketPath);
  if (!socket) return undefined;
  const framed = new FramedSocket(socket, maxProofFrameBytes);
  try {
    await proveToEngine(framed, secret);
  } catch (error) {
    socket.destroy();
    throw error;
  }
  framed.allowFrames(maxMessageBytes);
  return new EngineClient(socket, connectJsonRpc(framed), options);
}

function openSocket(socketPath: string): Promise<net.Socket | undefined> {
  return new Promise((resolve) => {
    const socket = net.connect(socketPath);
    const timer = setTimeout(() => socket.destroy(new Error('The engine does not accept connections.')), connectTimeoutMs);
    socket.once('connect', () => {
      clearTimeout(timer);
      resolve(socket);
    });
    socket.on('error', () => {
      clearTimeout(timer);
      resolve(undefined);
    });
  });
}

export class EngineClient {
  readonly #socket: net.Socket;
  readonly #connection: MessageConnection;
  readonly #gone = new AbortController();
  readonly #heartbeat: Heartbeat;
  #nextProgress = 0;

  constructor(socket: net.Socket, connection: MessageConnection, { onGone, onHung, onSuperseded, onModelReplaced, heartbeatMs }: EngineClientOptions) {
    this.#socket = socket;
    this.#connection = connection;
    connection.onClose(() => {
      if (this.#gone.signal.aborted) return;
      this.#gone.abort();
      // Pending requests of vscode-jsonrpc never settle by themselves when the peer dies.
      connection.dispose();
      onGone();
    });
    // A connection that failed once may have lost a message, so it is not used any more.
    connection.onError(() => socket.destroy());
    connection.onNotification(engineNotices.superseded, (params: unknown) => {
      const why = v.safeParse(supersededSchema, params);
      if (why.success) onSuperseded(why.output);
    });
    connection.onNotification(engineNotices.modelReplaced, (params: unknown) => {
      const replaced = v.safeParse(modelReplacedSchema, params);
      if (replaced.success) onModelReplaced(replaced.output.path);
    });
    connection.listen();
    this.#heartbeat = new Heartbeat({ intervalMs: heartbeatMs, timeoutMs: heartbeatMs, ping: () => connection.sendRequest(engineMethods.ping, {}), onHung });
  }

  get isOpen(): boolean {
    return !this.#gone.signal.aborted;
  }

  async generate(params: GenerateParams, signal: AbortSignal, onText?: (text: string, confidence?: readonly number[]) => void): Promise<GenerateResult> {
    if (!onText) return this.#request(engineMethods.generate, generateResultSchema, params, signal);
    const progressToken = `text-${this.#nextProgress++}`;
    const listening = this.#connection.onProgress(partialText, progressToken, (value) => {
      const partial = v.safeParse(partialTextSchema, value);
      if (partial.success && !signal.aborted) onText(partial.output.text, partial.output.confidence);
    });
    try {
      return await this.#request(engineMethods.generate, generateResultSchema, { ...params, progressToken }, signal);
    } finally {
      listening.dispose();
    }
  }

  describeModel(params: ModelParams, signal: AbortSignal): Promise<DescribeModelResult> {
    return this.#request(engineMethods.describeModel, describeModelResultSchema, params, signal);
  }

  countTokens(params: CountTokensParams, signal: AbortSignal): Promise<CountTokensResult> {
    return this.#request(engineMethods.countTokens, countTokensResultSchema, params, signal);
  }

  embed(params: EmbedParams, signal: AbortSignal): Promise<EmbedResult> {
    return this.#request(engineMethods.embed, embedResultSchema, params, signal);
  }

  /** Says what this client wishes; the answer is the engine's process id and what is in force. */
  join(engine: EngineOptions, signal: AbortSignal): Promise<JoinResult> {
    return this.#request(engineMethods.join, joinResultSchema, { engine }, signal);
  }

  /** @returns whether the engine, being of an older build than the asking one, ends */
  async drain(asking: BuildAge, signal: AbortSignal): Promise<boolean> {
    return (await this.#request(engineMethods.drain, drainResultSchema, asking, signal)).isDraining;
  }

  status(signal: AbortSignal): Promise<EngineStatus> {
    return this.#request(engineMethods.status, engineStatusSchema, {}, signal);
  }

  deleteSavedStates(signal: AbortSignal): Promise<SavedStatesSize> {
    return this.#request(engineMethods.deleteSavedStates, savedStatesSchema, {}, signal);
  }

  async shutdown(): Promise<void> {
    try {
      await this.#connection.sendRequest(engineMethods.shutdown, {});
    } catch {
      // The engine may be gone before its answer is: that is what was asked for.
    }
  }

  close(): void {
    this.#gone.abort();
    this.#connection.dispose();
    this.#socket.destroy();
  }

  /** @throws EngineGoneError or AbandonedError, nothing else */
  async #request<Result>(method: string, schema: v.GenericSchema<unknown, Result>, params: unknown, signal: AbortSignal): Promise<Result> {
    if (signal.aborted) throw new AbandonedError();
    if (!this.isOpen) throw new EngineGoneError('The engine is gone.');
    const source = new CancellationTokenSource();
    const endWatch = this.#heartbeat.begin();
    let interrupt: (error: Error) => void = () => {};
    const interrupted = new Promise<never>((_resolve, reject) => {
      interrupt = reject;
    });
    // Not waiting for the engine's answer: whoever gave up must be free at once, also when the engine hangs.
    const onAbort = () => {
      source.cancel();
      interrupt(new AbandonedError());
    };
    const onGone = () => interrupt(new EngineGoneError('The engine is gone.'));
    signal.addEventListener('abort', onAbort, { once: true });
    this.#gone.signal.addEventListener('abort', onGone, { once: true });
    try {
      const sent = this.#connection.sendRequest(method, params, source.token);
      // Whichever of the two loses must not end as an unhandled rejection.
      sent.catch(() => undefined);
      const answer: unknown = await Promise.race([sent, interrupted]);
      const parsed = v.safeParse(schema, answer);
      if (!parsed.success) throw new EngineGoneError(`The engine's answer to ${method} is not valid: ${parsed.issues[0].message}`);
      return parsed.output;
    } catch (error) {
      if (error instanceof AbandonedError || error instanceof EngineGoneError) throw error;
      if (signal.aborted) throw new AbandonedError();
      throw new EngineGoneError(error instanceof Error ? error.message : String(error));
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#gone.signal.removeEventListener('abort', onGone);
      interrupted.catch(() => undefined);
      source.dispose();
      endWatch();
    }
  }
}
