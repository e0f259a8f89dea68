// Serves the engine's methods on the private socket. It knows clients, validation and when the last one has gone; it must not know models.
import net from 'node:net';
import * as v from 'valibot';
import type { CancellationToken, MessageConnection } from 'vscode-jsonrpc/node';
import { ProgressType, ResponseError } from 'vscode-jsonrpc/node';
import { FramedSocket } from './channel/framedSocket.ts';
import { connectJsonRpc } from './channel/jsonRpc.ts';
import { admitClient, maxProofFrameBytes } from './channel/proof.ts';
import type {
  CountTokensParams,
  CountTokensResult,
  DescribeModelResult,
  EmbedParams,
  EmbedResult,
  EngineStatus,
  GenerateParams,
  GenerateResult,
  ModelSpec,
  PartialText,
} from './protocol/messages.ts';
import { countTokensParamsSchema, embedParamsSchema, engineMethods, generateParamsSchema, maxMessageBytes, modelParamsSchema } from './protocol/messages.ts';

const mostClients = 64;
const invalidParams = -32602;
const partialText = new ProgressType<PartialText>();

/** What is served: the engine, or a script that stands in for it in a test. */
export interface EngineWork {
  generate(params: GenerateParams, signal: AbortSignal, onText: (text: string) => void): Promise<GenerateResult>;
  describeModel(spec: ModelSpec): Promise<DescribeModelResult>;
  countTokens(params: CountTokensParams): Promise<CountTokensResult>;
  embed(params: EmbedParams, signal: AbortSignal): Promise<EmbedResult>;
  status(clients: number): Promise<EngineStatus>;
}

export interface EngineServerOptions {
  readonly engine: EngineWork;
  readonly secret: Buffer;
  readonly log: (line: string) => void;
  /** Called when the last client has gone, and when one has come. */
  readonly onClients: (count: number) => void;
  readonly onShutdown: () => void;
}

export class EngineServer {
  readonly #options: EngineServerOptions;
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();
  #clients = 0;

  constructor(options: EngineServerOptions) {
    this.#options = options;
    this.#server = net.createServer((socket) => void this.#accept(socket));
    this.#server.maxConnections = mostClients;
  }

  /** Rejects with EADDRINUSE when the path is taken. */
  listen(socketPath: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(socketPath, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
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
      this.#options.log(`A client was turned away: ${error instanceof Error ? error.message : String(error)}`);
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
    this.#options.onClients(++this.#clients);
    connection.onClose(() => {
      abandonAll();
      connection.dispose();
      this.#options.onClients(--this.#clients);
    });
    connection.onError(([error]) => this.#options.log(`A connection failed: ${error.message}`));
    const handle = <Params, Result>(
      method: string,
      schema: v.GenericSchema<unknown, Params>,
      act: (params: Params, signal: AbortSignal) => Promise<Result>,
    ) => {
      connection.onRequest(method, async (params: unknown, token: CancellationToken): Promise<unknown> => {
        const parsed = v.safeParse(schema, params);
        if (!parsed.success) throw new ResponseError(invalidParams, `${method}: ${parsed.issues[0].message}`);
        const request = new AbortController();
        running.add(request);
        // A request that was cancelled before it was taken up comes with a token whose event never fires.
        if (token.isCancellationRequested) request.abort();
        const cancelling = token.onCancellationRequested(() => request.abort());
        try {
          return await act(parsed.output, request.signal);
        } finally {
          cancelling.dispose();
          running.delete(request);
        }
      });
    };
    handle(engineMethods.generate, generateParamsSchema, (params, signal) => {
      const { progressToken } = params;
      return engine.generate(params, signal, (text) => {
        if (progressToken !== undefined && !signal.aborted) void connection.sendProgress(partialText, progressToken, { text }).catch(abandonAll);
      });
    });
    handle(engineMethods.describeModel, modelParamsSchema, (params) => engine.describeModel(params.model));
    handle(engineMethods.countTokens, countTokensParamsSchema, (params) => engine.countTokens(params));
    handle(engineMethods.embed, embedParamsSchema, (params, signal) => engine.embed(params, signal));
    handle(engineMethods.status, v.any(), () => engine.status(this.#clients));
    handle(engineMethods.ping, v.any(), async () => ({ pid: process.pid }));
    handle(engineMethods.shutdown, v.any(), async () => this.#options.onShutdown());
    connection.listen();
  }
}
