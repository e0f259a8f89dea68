// Lets whoever has ended an engine on purpose start the next one: "Restart Engine" is how a window gets the back end and the threads that it wishes,
// and all other windows see the end of the old one in the same moment. It knows the record of the engine that listens; it must not know why one ended.
import { existsSync, watch } from 'node:fs';
import path from 'node:path';

/**
 * Resolves when an engine has put itself on record, or after the limit.
 * @param recordFile of an engine that ended in an orderly way, and so took its own record back
 */
export async function successorListens(recordFile: string, limitMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const over = new AbortController();
  const end = () => over.abort();
  const timer = setTimeout(end, limitMs);
  signal.addEventListener('abort', end, { once: true });
  try {
    await new Promise<void>((resolve) => {
      over.signal.addEventListener('abort', () => resolve(), { once: true });
      const look = () => {
        if (existsSync(recordFile)) end();
      };
      look();
      try {
        watch(path.dirname(recordFile), { signal: over.signal }, look).on('error', () => undefined);
      } catch {
        // There are only so many watches; then the limit alone says when.
        return;
      }
      look();
    });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
  }
}
