// Asks engines of other builds to give their memory back before this build's own is started. It knows where they listen; who is the
// newer one is theirs to decide (native/engineServer.ts), so two builds never drive each other out in turn.
import { otherSockets } from '../../native/channel/runtimeDirectory.ts';
import type { BuildAge } from '../../native/protocol/messages.ts';
import type { Log } from '../core/log.ts';
import { connectToEngine } from './engineClient.ts';

/** An idle engine is gone within some hundred ms; one that answers is not waited for longer than this. */
const goneLimitMs = 3000;

export interface OlderEnginesOptions {
  readonly runtimeDirectory: string;
  readonly build: string;
  readonly age: BuildAge;
  readonly secret: Buffer;
  readonly heartbeatMs: number;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Resolves when they are gone or still busy after some seconds. What fails is logged: it must not keep the own engine from starting. */
export async function drainOlderEngines({ runtimeDirectory, build, ...options }: OlderEnginesOptions): Promise<void> {
  let sockets: readonly string[] = [];
  try {
    sockets = await otherSockets(runtimeDirectory, build);
  } catch (error) {
    options.log.warn(`Engines of other builds cannot be listed: ${textOf(error)}`);
  }
  await Promise.all(sockets.map((socketPath) => drainOne(socketPath, options)));
}

async function drainOne(socketPath: string, { age, secret, heartbeatMs, log, signal }: Omit<OlderEnginesOptions, 'runtimeDirectory' | 'build'>): Promise<void> {
  let leave: () => void = () => {};
  const gone = new Promise<void>((resolve) => {
    leave = resolve;
  });
  try {
    const client = await connectToEngine(socketPath, secret, { onGone: leave, onHung: leave, onSuperseded: () => {}, onModelReplaced: () => {}, heartbeatMs });
    // A killed engine leaves its socket file behind.
    if (!client) return;
    const timer = setTimeout(leave, goneLimitMs);
    try {
      if (!(await client.drain(age, signal))) return;
      log.info(`An older build's engine (${socketPath}) was asked to give its memory back.`);
      await gone;
    } finally {
      clearTimeout(timer);
      client.close();
    }
  } catch (error) {
    log.warn(`The engine at ${socketPath} was not asked to give its memory back: ${textOf(error)}`);
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
