// What clients are told whose requests the engine does not take, though nothing is wrong with them. It knows sentences and which build is the
// newer one; it must not know connections.
import type { BuildAge, Refusal, Superseded } from './protocol/messages.ts';

/** Requests of one client that may be under way at once; a window has a handful. */
export const mostPending = 256;

export const tooManyRequests: Refusal = {
  outcome: 'refused',
  reason: 'tooManyRequests',
  cause: `${mostPending} requests of this window wait for the engine already.`,
  action: 'Wait until some of them are answered.',
};

/** Why an engine takes its leave. */
export const why: Superseded = { cause: 'A newer version of Tramontane runs in another window.', action: 'Reload this window.' };
export const superseded: Refusal = { outcome: 'refused', reason: 'superseded', ...why };

export function isNewer(asking: BuildAge, own: BuildAge): boolean {
  if (asking.protocolVersion !== own.protocolVersion) return asking.protocolVersion > own.protocolVersion;
  return asking.writtenAtMs > own.writtenAtMs;
}
