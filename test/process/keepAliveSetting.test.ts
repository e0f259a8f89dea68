// The setting "keepAliveSeconds", from the user's own configuration file through the server to the engine.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node';
import { enginesOf, processEnded } from './faults.ts';

const serverModule = fileURLToPath(new URL('../../server/main.ts', import.meta.url));

/** Runs a server until its model is ready, and ends it as an editor does. @returns the engine that it has started */
async function runServer(folder: string, keepAliveSeconds: number): Promise<number> {
  const config = path.join(folder, 'config.json');
  writeFileSync(config, JSON.stringify({ engine: { gpu: 'off', threads: 1, keepAliveSeconds } }));
  const child = spawn(process.execPath, [serverModule, '--stdio', '--config', config], {
    env: { ...process.env, TRAMONTANE_RUNTIME_DIR: folder },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const connection = createMessageConnection(new StreamMessageReader(child.stdout), new StreamMessageWriter(child.stdin));
  try {
    const ready = new Promise<void>((resolve) => {
      connection.onNotification('tramontane/status', (status: { readonly state: string }) => {
        if (status.state === 'ready') resolve();
      });
    });
    connection.listen();
    await connection.sendRequest('initialize', { processId: process.pid, rootUri: null, capabilities: {} });
    await connection.sendNotification('initialized', {});
    await ready;
    const [engine] = enginesOf(folder);
    assert.ok(engine);
    await connection.sendRequest('shutdown');
    await connection.sendNotification('exit');
    await ended;
    return engine;
  } finally {
    connection.dispose();
    child.kill('SIGKILL');
  }
}

test('the engine ends with the last window where keepAliveSeconds is 0, and outlives it where it is 60', async () => {
  for (const keepAliveSeconds of [0, 60]) {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'tm-'));
    try {
      const engine = await runServer(folder, keepAliveSeconds);
      if (keepAliveSeconds > 0) {
        await new Promise((resolve) => setTimeout(resolve, 1000));
        assert.deepEqual(enginesOf(folder), [engine]);
        process.kill(engine, 'SIGTERM');
      }
      await processEnded(engine);
      assert.deepEqual(enginesOf(folder), []);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
});
