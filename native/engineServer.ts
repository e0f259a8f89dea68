// Serves the engine's methods on the private socket. It knows clients, validation, how much each may ask for at once, and how an engine
// that a newer build replaces takes its leave; it must not know models.
import net from 'node:net';
import * as v from 'valibot';
import type { CancellationToken, MessageConnection } from 'vscode-jsonrpc/node';
import { ProgressType, ResponseError } from 'vscode-jsonrpc/node';
import { removeEngineRecord, writeEngineRecord } from './channel/engineRecord.ts';
import { FramedSocket } from './channel/framedSocket.ts';
import { connectJsonRpc } from './channel/jsonRpc.ts';
import { admitClient, maxProofFrameBytes } from './channel/proof.ts';
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
  ModelSpec,
  PartialText,
  SavedStatesSize,
} from './protocol/messages.ts';
import {
  buildAgeSchema,
  countTokensParamsSchema,
  embedParamsSchema,
  engineMethods,
  engineNotices,
  generateParamsSchema,
  joinParamsSchema,
  maxMessageBytes,
  modelParamsSchema,
} from './protocol/messages.ts';
import { messageOf } from './messageOf.ts';
import { isNewer, mostPending, superseded, tooManyRequests, why } from './refusals.ts';

const mostClients = 64;
const invalidParams = -32602;
const internalError = -32603;
const partialText = new ProgressType<PartialText>();

/** What is served: the engine, or a script that stands in for it in a test. */
export interface EngineWork {
  /** `client` is a number that no other connection has. */
  generate(
    params: GenerateParams,
    options: { readonly client: number; readonly signal: AbortSignal; readonly onText: (text: string, confidence: readonly number[]) => void },
  ): Promise<GenerateResult>;
  describeModel(spec: ModelSpec, signal: AbortSignal): Promise<DescribeModelResult>;
  countTokens(params: CountTokensParams, signal: AbortSignal): Promise<CountTokensResult>;
  embed(params: EmbedParams, signal: AbortSignal): Promise<EmbedResult>;
  status(clients: number): Promise<EngineStatus>;
  deleteSavedStates(): Promise<SavedStatesSize>;
}

export interface EngineServerOptions {
  readonly engine: EngineWork;
  readonly secret: Buffer;
  /** Where it stands which process listens; nowhere when absent. */
  readonly recordFile?: string;
  readonly age: BuildAge;
  /** Process-wide, told to every client that joins. */
  readonly inForce: EngineOptions;
  readonly log: (line: string) => void;
  readonly onClientCame: () => void;
  /** `keepAliveMs`: how long this client wishes the engine to stay. */
  readonly onClientLeft: (keepAliveMs: number) => void;
  readonly onShutdown: () => void;
  /** A newer build has asked for the memory, and nothing is under way any more. */
  readonly onDrained: () => void;
}

export class EngineServer {
  readonly #options: EngineServerOptions;
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();
  readonly #connections = new Set<MessageConnection>();
  #lastClient = 0;
  #pending = 0;
  #isDraining = false;

  constructor(options: EngineServerOptions) {
    this.#options = options;
    this.#server = net.createServer((socket) => void this.#accept(socket));
    this.#server.maxConnections = mostClients;
  }

  /** Rejects with EADDRINUSE when the path is taken. */
  async listen(socketPath: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(socketPath, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    const { recordFile, log } = this.#options;
    // Without it everything works but ending this process when it hangs.
    if (recordFile !== undefined) await writeEngineRecord(recordFile).catch((error: unknown) => log(`It is not on record who listens: ${messageOf(error)}`));
  }

  /** Tells every client. */
  notify(notice: string, params: object): void {
    for (const connection of this.#connections) this.#tell(connection, notice, params);
  }

  /** What has been written to the clients still reaches those that read. */
  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroySoon();
    this.#takeRecordBack();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #accept(socket: net.Socket): Promise<void> {
    this.#sockets.add(socket);
    socket.on('error', (error) => this.#options.log(`A connection failed: ${error.message}`));
    socket.once('close', () => this.#sockets.delete(socket));
    const framed = new FramedSocket(socket, maxProofFrameBytes);
    try {
      await admitClient(framed, this.#options.secret);
    } catch (error) {
      this.#options.log(`A client was turned away: ${messageOf(error)}`);
      socket.destroy();
      return;
    }
    framed.allowFrames(maxMessageBytes);
    this.#serve(connectJsonRpc(framed));
  }

  #serve(connection: MessageConnection): void {
    const { engine } = this.#options;
    // One controller a request, ended by hand: AbortSignal.any keeps something of every request with the longest-lived signal.
    const running = new Set<AbortController>();
    const abandonAll = () => {
      for (const request of running) request.abort();
    };
    const client = ++this.#lastClient;
    let keepAliveMs = 0;
    this.#connections.add(connection);
    this.#options.onClientCame();
    connection.onClose(() => {
      abandonAll();
      connection.dispose();
      this.#connections.delete(connection);
      this.#options.onClientLeft(keepAliveMs);
    });
    connection.onError(([error]) => this.#options.log(`A connection failed: ${error.message}`));
    const answer = <Params, Result>(method: string, schema: v.GenericSchema<unknown, Params>, act: (params: Params) => Promise<Result>) => {
      connection.onRequest(method, (params: unknown): Promise<unknown> => {
        const parsed = v.safeParse(schema, params);
        if (!parsed.success) throw new ResponseError(invalidParams, `${method}: ${parsed.issues[0].message}`);
        return act(parsed.output);
      });
    };
    /** What costs the engine work: bounded for each client, and refused while draining. */
    const handle = <Params, Result>(
      method: string,
      schema: v.GenericSchema<unknown, Params>,
      act: (params: Params, signal: AbortSignal) => Promise<Result>,
    ) => {
      connection.onRequest(method, async (params: unknown, token: CancellationToken): Promise<unknown> => {
        const parsed = v.safeParse(schema, params);
        if (!parsed.success) throw new ResponseError(invalidParams, `${method}: ${parsed.issues[0].message}`);
        if (this.#isDraining) return superseded;
        if (running.size >= mostPending) return tooManyRequests;
        const request = new AbortController();
        running.add(request);
        this.#pending++;
        // A request that was cancelled before it was taken up comes with a token whose event never fires.
        if (token.isCancellationRequested) request.abort();
        const cancelling = token.onCancellationRequested(() => request.abort());
        try {
          return await act(parsed.output, request.signal);
        } catch (error) {
          // A client learns that this one request failed, which is something else than an engine that is gone.
          this.#options.log(`${method} failed: ${messageOf(error)}`);
          throw error instanceof ResponseError ? error : new ResponseError(internalError, messageOf(error));
        } finally {
          cancelling.dispose();
          running.delete(request);
          this.#pending--;
          this.#endWhenDrained();
        }
      });
    };
    handle(engineMethods.generate, generateParamsSchema, (params, signal) => {
      const { progressToken } = params;
      const onText = (text: string, confidence: readonly number[]) => {
        const partial = confidence.length > 0 ? { text, confidence: [...confidence] } : { text };
        if (progressToken !== undefined && !signal.aborted) void connection.sendProgress(partialText, progressToken, partial).catch(abandonAll);
      };
      return engine.generate(params, { client, signal, onText });
    });
    handle(engineMethods.describeModel, modelParamsSchema, (params, signal) => engine.describeModel(params.model, signal));
    handle(engineMethods.countTokens, countTokensParamsSchema, (params, signal) => engine.countTokens(params, signal));
    handle(engineMethods.embed, embedParamsSchema, (params, signal) => engine.embed(params, signal));
    answer(engineMethods.deleteSavedStates, v.any(), () => engine.deleteSavedStates());
    answer(engineMethods.status, v.any(), () => engine.status(this.#connections.size));
    answer(engineMethods.join, joinParamsSchema, async (params): Promise<JoinResult> => {
      ({ keepAliveMs } = params.engine);
      return { pid: process.pid, inForce: this.#options.inForce };
    });
    answer(engineMethods.ping, v.any(), async () => ({ pid: process.pid }));
    answer(engineMethods.shutdown, v.any(), async () => this.#options.onShutdown());
    answer(engineMethods.drain, buildAgeSchema, async (asking) => {
      if (isNewer(asking, this.#options.age)) this.#drain();
      return { isDraining: this.#isDraining };
    });
    connection.listen();
    // It was just being admitted when the newer build asked.
    if (this.#isDraining) this.#tell(connection, engineNotices.superseded, why);
  }

  /** While this process still listens: afterwards the file may be another one's. */
  #takeRecordBack(): void {
    const { recordFile } = this.#options;
    if (recordFile !== undefined && this.#server.listening) removeEngineRecord(recordFile);
  }

  #tell(connection: MessageConnection, notice: string, params: object): void {
    connection.sendNotification(notice, params).catch((error: unknown) => {
      this.#options.log(`A client was not told: ${messageOf(error)}`);
    });
  }

  #drain(): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    this.#options.log('A newer build asks for the memory.');
    // Listens no more, so that an engine of this build can be started beside it by a window that is opened later.
    this.#takeRecordBack();
    this.#server.close();
    this.notify(engineNotices.superseded, why);
    this.#endWhenDrained();
  }

  #endWhenDrained(): void {
    if (!this.#isDraining || this.#pending > 0) return;
    // In a later turn the last answer is on its way; what is written behind it says when it has gone.
    setImmediate(() => {
      const written = [...this.#connections].map((connection) => connection.sendNotification(engineNotices.superseded, why));
      void Promise.allSettled(written).then(() => this.#pending === 0 && this.#options.onDrained());
    });
  }
}
