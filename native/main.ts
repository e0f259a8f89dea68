// The engine process: the only one that loads native code. Started by the first server that needs it, found by the others through
// the runtime directory, and gone some time after its last client. Its output goes where the starter pointed it, never to a server's.
// usage: engine --runtime DIR --state DIR --build ID --written-at MS --options JSON
import { promises as fs } from 'node:fs';
import { parseArgs } from 'node:util';
import * as v from 'valibot';
import { recordPathFor } from './channel/engineRecord.ts';
import { EvaluatingFile, removeOldRecords } from './channel/evaluating.ts';
import { ensureRuntimeDirectory, readOrCreateSecret, socketPathFor } from './channel/runtimeDirectory.ts';
import { Engine } from './engine.ts';
import { EngineServer } from './engineServer.ts';
import { Lifetime } from './lifetime.ts';
import { listenAlone } from './listenAlone.ts';
import { engineNotices, engineOptionsSchema, engineProtocolVersion } from './protocol/messages.ts';
import { messageOf } from './messageOf.ts';

/** The starter connects within milliseconds; a machine under load may take longer. */
const firstClientMs = 30_000;
/** The library's own clean-up may wait for a running evaluation or a loading model; the process ends in any case. */
const endLimitMs = 1000;
/** The clients of a killed engine look within milliseconds. */
const recordsKeptMs = 60_000;

/** A starter that found a running engine's socket taken connects to that engine instead. */
type Announcement = { readonly kind: 'ready' } | { readonly kind: 'taken' } | { readonly kind: 'failed'; readonly cause: string };

const log = (line: string) => process.stdout.write(`${new Date().toISOString()} ${line}\n`);

function announce(announcement: Announcement): void {
  if (!process.send) return;
  process.send(announcement, () => process.disconnect?.());
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      runtime: { type: 'string' },
      state: { type: 'string' },
      build: { type: 'string' },
      'written-at': { type: 'string' },
      options: { type: 'string' },
    },
  });
  if (!values.runtime || !values.state || !values.build || !values.options) {
    throw new Error('usage: engine --runtime DIR --state DIR --build ID --written-at MS --options JSON');
  }
  const options = v.parse(engineOptionsSchema, JSON.parse(values.options));
  await ensureRuntimeDirectory(values.runtime);
  const secret = await readOrCreateSecret(values.runtime);
  const socketPath = socketPathFor(values.runtime, values.build);

  const evaluating = new EvaluatingFile(values.runtime);
  const onModelReplaced = (modelPath: string) => server.notify(engineNotices.modelReplaced, { path: modelPath });
  const engine = new Engine(options, log, { runtimeDirectory: values.runtime, stateDirectory: values.state, onModelReplaced, evaluating });
  let ending = false;
  const end = async (why: string) => {
    if (ending) return;
    ending = true;
    log(`Ending: ${why}.`);
    setTimeout(() => process.exit(0), endLimitMs).unref();
    // Before the clients see that it is gone.
    evaluating.remove();
    // This removes the socket's file too, at once: another engine may already stand at the same path when the last client has gone.
    await server.close();
    await engine.dispose();
    process.exit(0);
  };
  const lifetime = new Lifetime({ firstClientMs, now: () => performance.now(), onEnd: () => void end('no client is left') });
  const server = new EngineServer({
    engine,
    secret,
    recordFile: recordPathFor(values.runtime, values.build),
    age: { protocolVersion: engineProtocolVersion, writtenAtMs: Number(values['written-at'] ?? 0) },
    inForce: options,
    log,
    onClientCame: () => lifetime.clientCame(),
    onClientLeft: (keepAliveMs) => lifetime.clientLeft(keepAliveMs),
    onShutdown: () => void end('a client asked for it'),
    onDrained: () => void end('a newer build takes over'),
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void end(signal));
  // A terminal or starter that goes away must not take the engine with it.
  process.on('SIGHUP', () => {});
  if (!(await listenAlone(server, values.runtime, socketPath))) {
    evaluating.remove();
    announce({ kind: 'taken' });
    return;
  }
  if (process.platform !== 'win32') await fs.chmod(socketPath, 0o600);
  lifetime.begin();
  await removeOldRecords(values.runtime, recordsKeptMs);
  engine.prepare();
  log(`Listening as process ${process.pid} with ${engine.decodeThreads} threads.`);
  announce({ kind: 'ready' });
}

main().catch((error: unknown) => {
  const cause = messageOf(error);
  log(`Cannot start: ${cause}`);
  process.exitCode = 1;
  announce({ kind: 'failed', cause });
});
