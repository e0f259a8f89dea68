// An engine that hangs at the worst moment: it lets a client in and is stopped before that one has said a word. So many times as the file `stops` in
// the runtime directory says; then it is the real one. It takes the real one's place: the same arguments, the same socket, the same record.
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { recordPathFor } from '../../native/channel/engineRecord.ts';
import { readOrCreateSecret, socketPathFor } from '../../native/channel/runtimeDirectory.ts';
import { EngineServer } from '../../native/engineServer.ts';
import { listenAlone } from '../../native/listenAlone.ts';
import { engineProtocolVersion } from '../../native/protocol/messages.ts';

const { values } = parseArgs({ strict: false, options: { runtime: { type: 'string' }, build: { type: 'string' } } });
const runtime = String(values.runtime);
const build = String(values.build);
const file = path.join(runtime, 'stops');
const stops = Number(readFileSync(file, 'utf8'));

if (stops > 0) {
  writeFileSync(file, String(stops - 1));
  appendFileSync(path.join(runtime, 'stopped'), `${process.pid}\n`);
  const unasked = () => Promise.reject(new Error('nobody asks for this'));
  const server = new EngineServer({
    engine: { generate: unasked, describeModel: unasked, countTokens: unasked, embed: unasked, status: unasked, deleteSavedStates: unasked },
    secret: await readOrCreateSecret(runtime),
    recordFile: recordPathFor(runtime, build),
    age: { protocolVersion: engineProtocolVersion, writtenAtMs: 0 },
    inForce: { gpu: 'off', threads: 1, keepAliveMs: 0 },
    log: () => undefined,
    onClientCame: () => process.kill(process.pid, 'SIGSTOP'),
    onClientLeft: () => undefined,
    onShutdown: () => undefined,
    onDrained: () => undefined,
  });
  await listenAlone(server, runtime, socketPathFor(runtime, build));
  process.send?.({ kind: 'ready' }, () => process.disconnect?.());
} else {
  await import('../../native/main.ts');
}
