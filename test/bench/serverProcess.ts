// The built server over stdio, timed from the start of its process. It knows LSP's handshake; it must not know how times are judged.
import { spawn } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createMessageConnection, type MessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node';
import type { EngineStatus } from '../../native/protocol/messages.ts';
import { methods } from '../../server/protocol/methods.ts';
import type { Status } from '../../server/protocol/status.ts';
import { endProcess, makeRuntimeDirectory, root } from './localEngine.ts';

const uri = 'file:///bench/area.ts';
const explicit = 1;

export interface OpenDocument {
  readonly text: string;
  readonly position: { readonly line: number; readonly character: number };
}

export interface ServerTimes {
  /** Each from the start of the process. */
  readonly serverReadyMs: number;
  readonly engineReadyMs: number;
  readonly firstSuggestionMs: number;
}

/** Starts server and engine afresh, asks for one suggestion as soon as that is possible, and ends both. */
export async function timeColdStart(document: OpenDocument, { threads }: { readonly threads: number }): Promise<ServerTimes> {
  const runtimeDirectory = makeRuntimeDirectory();
  const config = path.join(runtimeDirectory, 'config.json');
  writeFileSync(config, JSON.stringify({ engine: { gpu: 'off', threads, keepAliveSeconds: 10 } }));
  const startedAt = performance.now();
  const child = spawn(process.execPath, [path.join(root, 'dist/server.mjs'), '--stdio', '--config', config], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, TRAMONTANE_RUNTIME_DIR: runtimeDirectory },
  });
  const connection = createMessageConnection(new StreamMessageReader(child.stdout), new StreamMessageWriter(child.stdin));
  const ended = new Promise((resolve) => child.once('exit', resolve));
  try {
    const ready = new Promise<number>((resolve, reject) => {
      connection.onNotification(methods.status, (status: Status) => {
        // A request may be under way by the time that the model is in memory.
        if (status.state === 'ready' || status.state === 'busy') resolve(performance.now() - startedAt);
        if (status.state === 'noModel' || status.state === 'error') reject(new Error(`The server has no engine: ${status.cause}`));
      });
      connection.onClose(() => reject(new Error('The server ended.')));
    });
    connection.listen();
    await connection.sendRequest('initialize', { processId: process.pid, rootUri: null, capabilities: { textDocument: { inlineCompletion: {} } } });
    const serverReadyMs = performance.now() - startedAt;
    await connection.sendNotification('initialized', {});
    await connection.sendNotification('textDocument/didOpen', { textDocument: { uri, languageId: 'typescript', version: 1, text: document.text } });
    const suggestion = firstSuggestion(connection, document).then(() => performance.now() - startedAt);
    const [engineReadyMs, firstSuggestionMs] = await Promise.all([ready, suggestion]);
    const status = await connection.sendRequest<{ outcome: 'ok'; value: EngineStatus } | { outcome: 'engineUnavailable' }>(methods.engineStatus, null);
    await connection.sendRequest('shutdown');
    await connection.sendNotification('exit');
    await ended;
    if (status.outcome === 'ok') endProcess(status.value.pid);
    return { serverReadyMs, engineReadyMs, firstSuggestionMs };
  } finally {
    connection.dispose();
    if (child.exitCode === null) child.kill('SIGKILL');
    rmSync(runtimeDirectory, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function firstSuggestion(connection: MessageConnection, { position }: OpenDocument): Promise<void> {
  const items = await connection.sendRequest<readonly unknown[] | null>('textDocument/inlineCompletion', {
    textDocument: { uri },
    position,
    context: { triggerKind: explicit },
  });
  if (!items?.length) throw new Error('The server had no suggestion to time.');
}
