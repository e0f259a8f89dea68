// The engine process: the only one that loads native code. Started by the first server that needs it, found by the others through
// the runtime directory, and gone some time after its last client. Its output goes where the starter pointed it, never to a server's.
// usage: engine --runtime DIR --build ID --options JSON
import { promises as fs } from 'node:fs';
import { parseArgs } from 'node:util';
import * as v from 'valibot';
import { ensureRuntimeDirectory, readOrCreateSecret, socketPathFor } from './channel/runtimeDirectory.ts';
import { Engine } from './engine.ts';
import { EngineServer } from './engineServer.ts';
import { listenAlone } from './listenAlone.ts';
import { engineOptionsSchema } from './protocol/messages.ts';

/** A starter that found a running engine's socket taken connects to that engine instead. */
type Announcement = { readonly kind: 'ready' } | { readonly kind: 'taken' } | { readonly kind: 'failed'; readonly cause: string };

const log = (line: string) => process.stdout.write(`${new Date().toISOString()} ${line}\n`);

function announce(announcement: Announcement): void {
  if (!process.send) return;
  process.send(announcement, () => process.disconnect?.());
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { runtime: { type: 'string' }, build: { type: 'string' }, options: { type: 'string' } } });
  if (!values.runtime || !values.build || !values.options) throw new Error('usage: engine --runtime DIR --build ID --options JSON');
  const options = v.parse(engineOptionsSchema, JSON.parse(values.options));
  await ensureRuntimeDirectory(values.runtime);
  const secret = await readOrCreateSecret(values.runtime);
  const socketPath = socketPathFor(values.runtime, values.build);

  const engine = new Engine(options, log, values.runtime);
  let leaving: NodeJS.Timeout | undefined;
  let ending = false;
  const end = async (why: string) => {
    if (ending) return;
    ending = true;
    log(`Ending: ${why}.`);
    await server.close();
    if (process.platform !== 'win32') await fs.rm(socketPath, { force: true });
    // The library's own clean-up may wait for a running evaluation; the process ends in any case.
    setTimeout(() => process.exit(0), 1000).unref();
    await engine.dispose();
    process.exit(0);
  };
  const leaveWhenAlone = (clients: number) => {
    clearTimeout(leaving);
    if (clients === 0) leaving = setTimeout(() => void end('no client is left'), options.keepAliveMs);
  };
  const server = new EngineServer({ engine, secret, log, onClients: leaveWhenAlone, onShutdown: () => void end('a client asked for it') });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void end(signal));
  // A terminal or starter that goes away must not take the engine with it.
  process.on('SIGHUP', () => {});
  if (!(await listenAlone(server, values.runtime, socketPath))) {
    announce({ kind: 'taken' });
    return;
  }
  if (process.platform !== 'win32') await fs.chmod(socketPath, 0o600);
  engine.prepare();
  leaveWhenAlone(0);
  log(`Listening as process ${process.pid} with ${engine.decodeThreads} threads.`);
  announce({ kind: 'ready' });
}

main().catch((error: unknown) => {
  const cause = error instanceof Error ? error.message : String(error);
  log(`Cannot start: ${cause}`);
  process.exitCode = 1;
  announce({ kind: 'failed', cause });
});
