// Finds this build's engine, or starts it: the way from a runtime directory to a connection whose other end has said what is in force. An engine
// that does not even answer a new window is ended on the way. It knows sockets, records and processes; it must not know models or what is asked.
import type { EngineRecord } from '../../native/channel/engineRecord.ts';
import { readEngineRecord, recordPathFor } from '../../native/channel/engineRecord.ts';
import { ProofError, proofLimitMs } from '../../native/channel/proof.ts';
import {
  buildIdOf,
  ensureRuntimeDirectory,
  readOrCreateSecret,
  RuntimeDirectoryError,
  socketPathFor,
  writtenAtMsOf,
} from '../../native/channel/runtimeDirectory.ts';
import type { EngineOptions, JoinResult } from '../../native/protocol/messages.ts';
import { engineProtocolVersion } from '../../native/protocol/messages.ts';
import type { Log } from '../core/log.ts';
import type { EngineClient, EngineClientOptions } from './engineClient.ts';
import type { ConnectOptions } from './connectToEngine.ts';
import { connectToEngine } from './connectToEngine.ts';
import { EngineGoneError, NoEngineError } from './engineErrors.ts';
import { startEngine } from './engineProcess.ts';
import { noEngineOf, restartAction } from './failures.ts';
import { stoodStill } from './heartbeat.ts';
import { endHungClient, endHungEngine } from './hungEngine.ts';
import { drainOlderEngines } from './olderEngines.ts';

const restartCommand = 'the command "Tramontane: Restart Engine"';
/** An engine may end, its time being up, at the very moment at which a client connects; then another one is started. */
const mostAttempts = 3;
/** How often an engine is asked that does not answer: twice, and again when this process itself stood still meanwhile. */
const mostLooks = 4;

export interface FindEngineOptions {
  readonly engineModule: string;
  readonly runtimeDirectory: string;
  readonly stateDirectory: string;
  readonly engine: EngineOptions;
  readonly heartbeatMs: number;
  readonly now: () => number;
  readonly log: Log;
  /** Gives up finding, and starting. */
  readonly signal: AbortSignal;
  /** Whether one more engine may be ended and another one started in its place. */
  readonly mayReplace: () => boolean;
  readonly onGone: (engine: RunningEngine) => void;
  readonly onSuperseded: EngineClientOptions['onSuperseded'];
  readonly onModelReplaced: EngineClientOptions['onModelReplaced'];
}

export interface RunningEngine extends JoinResult {
  readonly client: EngineClient;
  /** Where it stands which process listens. */
  readonly recordFile: string;
}

/** @throws NoEngineError with cause and action, AbandonedError */
export async function findEngine(options: FindEngineOptions): Promise<RunningEngine> {
  const { log, signal } = options;
  for (let attempt = 1; ; attempt++) {
    try {
      return await findOrStart(options, await placeOf(options));
    } catch (error) {
      const isGone = error instanceof EngineGoneError || (error instanceof ProofError && error.kind === 'closed');
      if (!isGone || signal.aborted) throw signal.aborted ? error : noEngineOf(error);
      log.info(`The engine went away while this window connected: ${error.message}`);
      if (attempt === mostAttempts) throw new NoEngineError({ cause: 'The engine ended each time this window connected to it.', action: restartAction });
    }
  }
}

interface Place {
  readonly directory: string;
  readonly build: string;
  readonly socketPath: string;
  readonly recordFile: string;
  readonly secret: Buffer;
}

/** @throws NoEngineError where the runtime directory cannot be used */
async function placeOf({ runtimeDirectory: directory, engineModule }: FindEngineOptions): Promise<Place> {
  try {
    await ensureRuntimeDirectory(directory);
    const secret = await readOrCreateSecret(directory);
    const build = await buildIdOf(engineModule, engineProtocolVersion);
    return { directory, build, socketPath: socketPathFor(directory, build), recordFile: recordPathFor(directory, build), secret };
  } catch (error) {
    if (!(error instanceof RuntimeDirectoryError)) throw error;
    throw new NoEngineError({ cause: error.message, action: `${error.action} Then run ${restartCommand}.` });
  }
}

async function findOrStart(options: FindEngineOptions, place: Place): Promise<RunningEngine> {
  const { engineModule, stateDirectory, engine, heartbeatMs, now, log, signal } = options;
  const { directory: runtimeDirectory, build, secret } = place;
  const running = await enter(options, place);
  if (running) return running;
  const writtenAtMs = await writtenAtMsOf(engineModule);
  const age = { protocolVersion: engineProtocolVersion, writtenAtMs };
  await drainOlderEngines({ runtimeDirectory, build, age, secret, log, signal, heartbeatMs, now });
  log.info(`Starting the engine (${engineModule}).`);
  const start = await startEngine({ module: engineModule, runtimeDirectory, stateDirectory, build, writtenAtMs, engine, signal });
  if (start.started === 'failed') throw new NoEngineError({ cause: start.cause, action: restartAction });
  const started = await enter(options, place);
  if (!started) throw new EngineGoneError('The engine started but cannot be reached.');
  return started;
}

/**
 * Waits for an engine that is silent as long as it could be this process that stood still, then ends it.
 * @returns undefined when nothing listens there, or not any more
 */
async function enter(options: FindEngineOptions, place: Place): Promise<RunningEngine | undefined> {
  const { now } = options;
  let silent: EngineRecord | undefined;
  let missed = 0;
  for (let look = 0; look < mostLooks; look++) {
    // Read first: whoever has taken that engine's place by the time it is looked up again must not be taken for it.
    const record = await readEngineRecord(place.recordFile);
    const askedAt = now();
    const entered = await connect(options, place, record);
    if (entered !== 'late') return entered;
    if (record?.pid !== silent?.pid) missed = 0;
    silent = record;
    if (!stoodStill(now() - askedAt, proofLimitMs)) missed++;
    if (missed < 2) continue;
    if (record && (await replaceSilent(record, options, place)) === 'ended') return undefined;
    // Another window may just have ended it; then the next look finds another record, or nothing that listens.
    if (!record || missed > 2) break;
  }
  throw new NoEngineError({ cause: `What listens on ${place.socketPath} does not answer.`, action: `End that process, then run ${restartCommand}.` });
}

/** @throws NoEngineError where it is an engine and stays */
async function replaceSilent(record: EngineRecord, { log, heartbeatMs, mayReplace }: FindEngineOptions, place: Place): Promise<'ended' | 'gone'> {
  const { pid } = record;
  const named = `The engine (process ${pid})`;
  const ending = await endHungEngine({ ...place, record, limitMs: heartbeatMs, mayEnd: mayReplace });
  switch (ending) {
    case 'ended':
      log.error(`${named} does not answer a new window; it was ended.`);
      return ending;
    case 'gone':
      return ending;
    case 'kept':
      throw new NoEngineError({ cause: 'The engine stopped answering again and again.', action: restartAction });
    case 'unknown':
      throw new NoEngineError({ cause: `${named} does not answer.`, action: `End process ${pid}, then run ${restartCommand}.` });
    case 'survived':
      throw new NoEngineError({
        cause: `${named} does not answer, and the system does not end it.`,
        action: `Run ${restartCommand} when process ${pid} has ended.`,
      });
  }
}

async function connect(options: FindEngineOptions, place: Place, record: EngineRecord | undefined): Promise<RunningEngine | 'late' | undefined> {
  const { engine, heartbeatMs, now, signal, log, mayReplace } = options;
  let running: RunningEngine | undefined;
  const clientOptions: ConnectOptions = {
    onGone: () => running && options.onGone(running),
    onHung: (client) => void endHungClient(client, { pid: running?.pid, record, ...place, limitMs: heartbeatMs, mayEnd: mayReplace, log }),
    onSuperseded: options.onSuperseded,
    onModelReplaced: options.onModelReplaced,
    heartbeatMs,
    now,
    signal,
  };
  try {
    const client = await connectToEngine(place.socketPath, place.secret, clientOptions);
    if (!client) return undefined;
    running = { client, recordFile: place.recordFile, ...(await client.join(engine, signal)) };
    return running;
  } catch (error) {
    if (!(error instanceof ProofError) || error.kind === 'closed') throw error;
    if (error.kind === 'late') return 'late';
    const cause = `What listens on ${place.socketPath} is not this user's engine: ${error.message}`;
    throw new NoEngineError({ cause, action: `End that process, then run ${restartCommand}.` });
  }
}
