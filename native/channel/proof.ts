// How the two ends of the socket prove that they can read the same user's secret, without sending it.
// The engine sends a nonce; the client answers with its own nonce and an HMAC over both; the engine answers with the HMAC of the
// other direction. A process without the secret learns two nonces and is cut off.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { FramedSocket } from './framedSocket.ts';

/** Largest frame before the peer has proved itself, in bytes. */
export const maxProofFrameBytes = 1024;
const nonceBytes = 32;
/** How long each step of the proof may take. */
export const proofLimitMs = 5000;

/** The other side is not what it claims to be, or nothing at all. */
export class ProofError extends Error {
  /** `closed`: it went away in the middle, which an engine that is just ending does too. */
  readonly kind: 'closed' | 'late' | 'wrong';

  constructor(message: string, kind: ProofError['kind'] = 'wrong') {
    super(message);
    this.kind = kind;
  }
}

function proofOf(secret: Buffer, side: 'client' | 'engine', first: string, second: string): string {
  return createHmac('sha256', secret).update(`tramontane ${side}\0${first}\0${second}`).digest('hex');
}

function matches(expected: string, given: unknown): boolean {
  if (typeof given !== 'string' || given.length !== expected.length) return false;
  return timingSafeEqual(Buffer.from(expected), Buffer.from(given));
}

function field(payload: unknown, name: string): string {
  const value = typeof payload === 'object' && payload !== null ? (payload as Record<string, unknown>)[name] : undefined;
  if (typeof value !== 'string' || value.length > 128) throw new ProofError(`The peer sent no ${name}.`);
  return value;
}

/** Resolves with the next frame; rejects when the socket closes or the time is up first. */
function nextFrame(framed: FramedSocket): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      clearTimeout(timer);
      framed.receive(undefined);
      framed.socket.off('close', onClose);
      act();
    };
    const onClose = () => settle(() => reject(new ProofError('The peer closed the connection.', 'closed')));
    const timer = setTimeout(() => settle(() => reject(new ProofError('The peer did not prove itself in time.', 'late'))), proofLimitMs);
    framed.socket.once('close', onClose);
    framed.receive((payload) => settle(() => resolve(payload)));
  });
}

/**
 * The engine's side.
 * @throws ProofError when the client has no secret or does not answer in time; the caller closes the socket.
 */
export async function admitClient(framed: FramedSocket, secret: Buffer): Promise<void> {
  const engineNonce = randomBytes(nonceBytes).toString('hex');
  await framed.send({ nonce: engineNonce });
  const answer = await nextFrame(framed);
  const clientNonce = field(answer, 'nonce');
  if (!matches(proofOf(secret, 'client', engineNonce, clientNonce), field(answer, 'proof'))) throw new ProofError('The client does not know the secret.');
  await framed.send({ proof: proofOf(secret, 'engine', clientNonce, engineNonce) });
}

/**
 * The client's side.
 * @throws ProofError when what listens on the socket is not this user's engine; the caller closes the socket.
 */
export async function proveToEngine(framed: FramedSocket, secret: Buffer): Promise<void> {
  const engineNonce = field(await nextFrame(framed), 'nonce');
  const clientNonce = randomBytes(nonceBytes).toString('hex');
  await framed.send({ nonce: clientNonce, proof: proofOf(secret, 'client', engineNonce, clientNonce) });
  const answer = await nextFrame(framed);
  if (!matches(proofOf(secret, 'engine', clientNonce, engineNonce), field(answer, 'proof'))) throw new ProofError('The engine does not know the secret.');
}
