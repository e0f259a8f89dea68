// One connection to the engine: typed requests, validated answers, and a clear end. It knows the socket and the engine's protocol;
// it must not know when to start or restart an engine.
import type net from 'node:net';
import * as v from 'valibot';
import type { MessageConnection } from 'vscode-jsonrpc/node';
import { CancellationTokenSource, ErrorCodes, ProgressType, ResponseError } from 'vscode-jsonrpc/node';
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
  modelReplacedSchema,
  partialTextSchema,
  savedStatesSchema,
  supersededSchema,
} from '../../native/protocol/messages.ts';
import { AbandonedError, EngineGoneError, RequestFailedError } from './engineErrors.ts';
import { Heartbeat } from './heartbeat.ts';

const partialText = new ProgressType<PartialText>();

export interface EngineClientOptions {
  /** The connection ended although nobody closed it. */
  readonly onGone: () => void;
  /** A request waits and the engine does not even answer pings. */
  readonly onHung: (client: EngineClient) => void;
  /** A newer build takes over: the engine finishes what is under way and ends. */
  readonly onSuperseded: (why: Superseded) => void;
  /** The file at this path is another one than before, and is loaded anew. */
  readonly onModelReplaced: (path: string) => void;
  /** How often an engine that is waited for is asked for a sign of life, and how long that may take, ms. */
  readonly heartbeatMs: number;
  /** Gives ms on a clock that never goes back. */
  readonly now: () => number;
}

export class EngineClient {
  readonly #socket: net.Socket;
  readonly #connection: MessageConnection;
  readonly #gone = new AbortController();
  readonly #heartbeat: Heartbeat;
  #nextProgress = 0;

  constructor(socket: net.Socket, connection: MessageConnection, options: EngineClientOptions) {
    const { onGone, onHung, onSuperseded, onModelReplaced, heartbeatMs, now } = options;
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
    const ping = async () => connection.sendRequest(engineMethods.ping, {});
    this.#heartbeat = new Heartbeat({ intervalMs: heartbeatMs, timeoutMs: heartbeatMs, ping, onHung: () => onHung(this), now });
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

  /** Aborted when the connection has ended, whoever ended it. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /** Resolves when the engine ends; false when it does not even say so within the limit. */
  async shutdown(limitMs: number): Promise<boolean> {
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), limitMs);
    try {
      await this.#request(engineMethods.shutdown, v.any(), {}, limit.signal);
      return true;
    } catch (error) {
      // The engine may be gone before its answer is: that is what was asked for.
      return !(error instanceof AbandonedError);
    } finally {
      clearTimeout(timer);
    }
  }

  /** For an engine that does not answer: what waits for it is settled as when it ends. */
  drop(): void {
    this.#socket.destroy();
  }

  close(): void {
    this.#gone.abort();
    this.#connection.dispose();
    this.#socket.destroy();
  }

  /** @throws EngineGoneError, AbandonedError or RequestFailedError, nothing else */
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
      if (!parsed.success) throw new RequestFailedError(`The engine's answer to ${method} is not valid: ${parsed.issues[0].message}`, 'mistake');
      return parsed.output;
    } catch (error) {
      if (error instanceof AbandonedError || error instanceof EngineGoneError || error instanceof RequestFailedError) throw error;
      if (signal.aborted) throw new AbandonedError();
      throw this.#failureOf(error);
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#gone.signal.removeEventListener('abort', onGone);
      interrupted.catch(() => undefined);
      source.dispose();
      endWatch();
    }
  }

  #failureOf(error: unknown): Error {
    const message = error instanceof Error ? error.message : String(error);
    if (!(error instanceof ResponseError) || !this.isOpen || this.#socket.destroyed) return new EngineGoneError(message);
    switch (error.code) {
      // What this side could not send, though it could send other things.
      case ErrorCodes.MessageWriteError:
        return new RequestFailedError(message, 'tooLarge');
      case ErrorCodes.InternalError:
        return new RequestFailedError(message, 'failed');
      default:
        return new RequestFailedError(message, 'mistake');
    }
  }
}
