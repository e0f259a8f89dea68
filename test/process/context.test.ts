// `tramontane/context` as any editor gets it: from the server's real process over stdio, with the real index.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node';
import type { ContextResult } from '../../server/protocol/context.ts';
import { TemporaryProject } from '../project/temporaryProject.ts';
import { comesTrue } from '../patience.ts';

const main = path.resolve(import.meta.dirname, '../../server/main.ts');

test('the server tells the context of a question over stdio', async () => {
  await using files = new TemporaryProject({ 'src/price.ts': 'export function priceOf(name: string): number {\n  return name.length;\n}\n' });
  const runtime = mkdtempSync(path.join(os.tmpdir(), 'tm-run-'));
  const server = spawn(process.execPath, [main, '--stdio', '--trust-client-options'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { ...process.env, TRAMONTANE_RUNTIME_DIR: runtime },
  });
  const ended = once(server, 'exit');
  const client = createMessageConnection(new StreamMessageReader(server.stdout), new StreamMessageWriter(server.stdin));
  client.listen();
  try {
    await client.sendRequest('initialize', {
      processId: null,
      capabilities: {},
      rootUri: null,
      workspaceFolders: [{ uri: pathToFileURL(files.root).href, name: 'root' }],
      initializationOptions: { storageDirectory: files.storage, engine: { gpu: 'off', keepAliveSeconds: 0, threads: 1 } },
    });
    await client.sendNotification('initialized', {});
    let found: ContextResult | undefined;
    const ask = async () => {
      found = await client.sendRequest<ContextResult>('tramontane/context', { purpose: 'chat', query: 'What does priceOf do?', budgetTokens: 256 });
      return found.outcome !== 'ok' || found.items.length > 0;
    };
    await comesTrue(ask, { seen: () => found });
    assert.ok(found?.outcome === 'ok', JSON.stringify(found));
    const [item] = found.items;
    assert.equal(item?.path, 'src/price.ts');
    assert.equal(item.text, 'export function priceOf(name: string): number {\n  return name.length;\n}');
    assert.ok(found.tokens >= item.tokens);
    await client.sendRequest('shutdown');
    await client.sendNotification('exit');
    await ended;
  } finally {
    client.dispose();
    server.kill();
    await ended;
    rmSync(runtime, { recursive: true, force: true });
  }
});
