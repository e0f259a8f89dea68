// Ends an engine that does not answer, so that another one can take its place. It knows how to be sure that a process is one, and that it has
// ended; it must not know when an engine counts as hung.
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { EngineRecord } from '../../native/channel/engineRecord.ts';
import { recordedProcess } from '../../native/channel/engineRecord.ts';
import type { Log } from '../core/log.ts';
import type { EngineClient } from './engineClient.ts';

export interface HungEngine {
  readonly socketPath: string;
  /** Of the process that listened there when it was found not to answer. */
  readonly record: EngineRecord;
  readonly directory: string;
  readonly build: string;
  /** How long the system may take to end it, ms. */
  readonly limitMs: number;
  /** Asked when everything is known but this. */
  readonly mayEnd: () => boolean;
}

/**
 * `ended`: by this; `gone`: the recorded process had ended before, so it is not the one that does not answer; `kept`: it may not be ended;
 * `unknown`: it cannot be told for sure that it is an engine, and nothing was done; `survived`: the system does not end it, for instance while
 * a driver holds it.
 */
export type Ending = 'ended' | 'gone' | 'kept' | 'unknown' | 'survived';

/** Of an engine that lets nobody in. */
export async function endHungEngine({ socketPath, record, directory, build, limitMs, mayEnd }: HungEngine): Promise<Ending> {
  // Opened first: it is the end of this very process that is waited for, whoever listens there afterwards.
  const probe = net.connect(socketPath);
  try {
    const closed = closeOf(probe, limitMs);
    const found = await recordedProcess(record, { directory, build });
    if (found !== 'engine') return found;
    if (!mayEnd()) return 'kept';
    if (!kill(record.pid)) return 'gone';
    return (await closed) ? 'ended' : 'survived';
  } finally {
    probe.destroy();
  }
}

export interface HungClient extends Omit<HungEngine, 'record' | 'socketPath'> {
  /** As the engine itself has said, over this connection; undefined until it has. */
  readonly pid: number | undefined;
  /** Read before the connection was made. */
  readonly record: EngineRecord | undefined;
  readonly log: Log;
}

/** Of an engine that had let this window in: what follows is what follows any end of the engine. */
export async function endHungClient(client: EngineClient, { pid, record, directory, build, limitMs, mayEnd, log }: HungClient): Promise<void> {
  const known = pid ?? record?.pid;
  try {
    const isCertain = pid !== undefined || (record !== undefined && (await recordedProcess(record, { directory, build })) === 'engine' && mayEnd());
    log.error(`The engine (process ${known ?? 'unknown'}) does not answer; ${isCertain ? 'it is ended' : 'this window leaves it'}.`);
    if (isCertain && known !== undefined && kill(known)) await endOf(client.gone, limitMs);
  } catch (error) {
    log.warn(`It could not be ended: ${error instanceof Error ? error.message : String(error)}`);
  }
  // Whoever waits must not wait on for a process that cannot be ended.
  client.drop();
}

/** @returns false when there is no such process any more */
export function kill(pid: number): boolean {
  try {
    process.kill(pid, 'SIGKILL');
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/** Resolves with true when the connection has ended, with false after the limit. */
function closeOf(socket: net.Socket, limitMs: number): Promise<boolean> {
  const closed = new AbortController();
  socket.on('error', () => undefined);
  // Read, or the other side's end would not be noticed.
  socket.resume();
  socket.once('close', () => closed.abort());
  return endOf(closed.signal, limitMs);
}

/** Resolves with false when the limit is over first. */
export async function endOf(gone: AbortSignal, limitMs: number): Promise<boolean> {
  await delay(limitMs, undefined, { signal: gone }).catch(() => undefined);
  return gone.aborted;
}
