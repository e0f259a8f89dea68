// A language server with a scripted engine and an LSP client, in one process over streams in memory: the real protocol without a model.
import { PassThrough } from 'node:stream';
import type { MessageConnection } from 'vscode-jsonrpc/node';
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node';
import { createConnection } from 'vscode-languageserver/node';
import type { Clock } from '../../server/features/clock.ts';
import { type LanguageServerOptions, startLanguageServer } from '../../server/languageServer.ts';
import type { Status } from '../../server/protocol/status.ts';
import type { Settings } from '../../server/session/settings.ts';
import type { ScriptedInference } from '../scriptedInference.ts';

const instantClock: Clock = { now: () => 0, wait: () => Promise.resolve() };

export interface TestServer {
  readonly client: MessageConnection;
  readonly statuses: Status[];
  readonly logLines: string[];
  /** Settings of every engine that was built, oldest first. */
  readonly built: Settings[];
  readonly open: (uri: string, text: string, languageId?: string) => Promise<void>;
  /** Replaces the whole text. */
  readonly change: (uri: string, version: number, text: string) => Promise<void>;
  readonly inline: (
    uri: string,
    line: number,
    character: number,
    triggerKind?: 1 | 2,
  ) => Promise<{ insertText: string; range: unknown; command: { command: string; arguments: string[] } }[] | null>;
  readonly end: () => void;
}

export interface TestServerOptions {
  readonly inference: () => ScriptedInference;
  readonly initializationOptions?: unknown;
  readonly config?: unknown;
  readonly trustClientOptions?: boolean;
  readonly clock?: Clock;
  readonly folder?: string;
  readonly makeFeedback?: NonNullable<LanguageServerOptions['makeFeedback']>;
  readonly makeProject?: LanguageServerOptions['makeProject'];
  readonly indexDirectory?: string;
  /** Further workspace folders. */
  readonly moreFolders?: readonly string[];
  readonly capabilities?: object;
  /** Registers what the client answers, before it says anything. */
  readonly answer?: (client: MessageConnection) => void;
}

export async function testServer(options: TestServerOptions): Promise<TestServer> {
  const toServer = new PassThrough();
  const toClient = new PassThrough();
  const built: Settings[] = [];
  startLanguageServer(createConnection(new StreamMessageReader(toServer), new StreamMessageWriter(toClient)), {
    commandLine: {
      config: options.config === undefined ? undefined : { file: '/config.json', raw: options.config },
      trustClientOptions: options.trustClientOptions ?? false,
    },
    makeInference: (settings) => {
      built.push(settings);
      return options.inference();
    },
    ...(options.makeFeedback ? { makeFeedback: options.makeFeedback } : {}),
    makeProject:
      options.makeProject ??
      (() => {
        throw new Error('This test has no project.');
      }),
    ...(options.indexDirectory === undefined ? {} : { indexDirectory: options.indexDirectory }),
    starterPath: '/models/starter.gguf',
    clock: options.clock ?? instantClock,
    version: '0.0.0-test',
  });
  const client = createMessageConnection(new StreamMessageReader(toClient), new StreamMessageWriter(toServer));
  const statuses: Status[] = [];
  const logLines: string[] = [];
  options.answer?.(client);
  client.onNotification('tramontane/status', (status: Status) => void statuses.push(status));
  client.onNotification('window/logMessage', ({ message }: { message: string }) => void logLines.push(message));
  client.listen();
  await client.sendRequest('initialize', {
    processId: null,
    capabilities: options.capabilities ?? {},
    rootUri: null,
    workspaceFolders: [options.folder ?? 'file:///project', ...(options.moreFolders ?? [])].map((uri) => ({ uri, name: uri.slice(uri.lastIndexOf('/') + 1) })),
    initializationOptions: options.initializationOptions,
  });
  await client.sendNotification('initialized', {});
  return {
    client,
    statuses,
    logLines,
    built,
    open: (uri, text, languageId = 'typescript') => client.sendNotification('textDocument/didOpen', { textDocument: { uri, languageId, version: 1, text } }),
    change: (uri, version, text) => client.sendNotification('textDocument/didChange', { textDocument: { uri, version }, contentChanges: [{ text }] }),
    inline: (uri, line, character, triggerKind = 1) =>
      client.sendRequest('textDocument/inlineCompletion', { textDocument: { uri }, position: { line, character }, context: { triggerKind } }),
    end: () => {
      client.dispose();
      // What the server is just saying may still be written: a destroyed stream would make that an error of the test.
      toServer.destroy();
    },
  };
}
