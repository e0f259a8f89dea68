// Asks engines of other builds to give their memory back before this build's own is started. It knows where they listen; who is the
// newer one is theirs to decide (native/engineServer.ts), so two builds never drive each other out in turn.
import { otherSockets } from '../../native/channel/runtimeDirectory.ts';
import type { BuildAge } from '../../native/protocol/messages.ts';
import type { Log } from '../core/log.ts';
import { connectToEngine } from './connectToEngine.ts';
import { AbandonedError } from './engineErrors.ts';
import { endOf } from './hungEngine.ts';

/** An idle engine is gone within some hundred ms; one that answers is not waited for longer than this, nor one that does not answer. */
const goneLimitMs = 3000;

export interface OlderEnginesOptions {
  readonly runtimeDirectory: string;
  readonly build: string;
  readonly age: BuildAge;
  readonly secret: Buffer;
  readonly heartbeatMs: number;
  readonly now: () => number;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Resolves when they are gone or still there after some seconds. What fails is logged: it must not keep the own engine from starting. */
export async function drainOlderEngines({ runtimeDirectory, build, ...options }: OlderEnginesOptions): Promise<void> {
  let sockets: readonly string[] = [];
  try {
    sockets = await otherSockets(runtimeDirectory, build);
  } catch (error) {
    options.log.warn(`Engines of other builds cannot be listed: ${textOf(error)}`);
  }
  await Promise.all(sockets.map((socketPath) => drainOne(socketPath, options)));
}

async function drainOne(socketPath: string, options: Omit<OlderEnginesOptions, 'runtimeDirectory' | 'build'>): Promise<void> {
  const { age, secret, heartbeatMs, now, log, signal } = options;
  // One that hangs is left as it is: only itself could say whether it is the older one.
  const limit = new AbortController();
  const giveUp = () => limit.abort();
  const timer = setTimeout(giveUp, goneLimitMs);
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    const nothing = () => {};
    const callbacks = { onGone: nothing, onHung: giveUp, onSuperseded: nothing, onModelReplaced: nothing };
    const client = await connectToEngine(socketPath, secret, { ...callbacks, heartbeatMs, now, signal: limit.signal });
    // A killed engine leaves its socket file behind.
    if (!client) return;
    try {
      if (!(await client.drain(age, limit.signal))) return;
      log.info(`An older build's engine (${socketPath}) was asked to give its memory back.`);
      await endOf(client.gone, goneLimitMs);
    } finally {
      client.close();
    }
  } catch (error) {
    const why = error instanceof AbandonedError ? 'it does not answer' : textOf(error);
    log.warn(`The engine at ${socketPath} was not asked to give its memory back: ${why}`);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', giveUp);
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
