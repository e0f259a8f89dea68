// The way to a connection with an engine: a socket, and the proof that both ends belong to the same user. It knows the socket and the proof; it
// must not know what is said afterwards.
import net from 'node:net';
import { FramedSocket } from '../../native/channel/framedSocket.ts';
import { connectJsonRpc } from '../../native/channel/jsonRpc.ts';
import { maxProofFrameBytes, ProofError, proofLimitMs, proveToEngine } from '../../native/channel/proof.ts';
import { maxMessageBytes } from '../../native/protocol/messages.ts';
import type { EngineClientOptions } from './engineClient.ts';
import { EngineClient } from './engineClient.ts';
import { AbandonedError } from './engineErrors.ts';

export interface ConnectOptions extends EngineClientOptions {
  /** Gives up connecting. */
  readonly signal: AbortSignal;
}

/**
 * Connects and proves the secret.
 * @returns undefined when nothing listens there
 * @throws ProofError when something listens that is not this user's engine or does not answer; AbandonedError
 */
export async function connectToEngine(socketPath: string, secret: Buffer, options: ConnectOptions): Promise<EngineClient | undefined> {
  const { signal } = options;
  const socket = await openSocket(socketPath);
  if (!socket) return undefined;
  const framed = new FramedSocket(socket, maxProofFrameBytes);
  const onAbort = () => socket.destroy();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await proveToEngine(framed, secret);
    if (signal.aborted) throw new AbandonedError();
  } catch (error) {
    socket.destroy();
    throw signal.aborted ? new AbandonedError() : error;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
  framed.allowFrames(maxMessageBytes);
  return new EngineClient(socket, connectJsonRpc(framed), options);
}

function openSocket(socketPath: string): Promise<net.Socket | undefined> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(socketPath);
    const refused = () => {
      socket.destroy();
      reject(new ProofError('The engine does not accept connections.', 'late'));
    };
    const timer = setTimeout(refused, proofLimitMs);
    socket.once('connect', () => {
      clearTimeout(timer);
      resolve(socket);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      // So many wait to be let in that the system keeps no more for it.
      if (error.code === 'EAGAIN') refused();
      else resolve(undefined);
    });
  });
}
