// Makes sure that one engine a build listens, also when two start together or a killed one left its socket file behind.
// It knows files, locks and sockets; it must not know what is served.
import { promises as fs } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const lockTriesMs = 25;
/** A starter holds the lock for a few milliseconds; one that died while holding it must not block others for long. */
const staleLockMs = 5000;

interface Listener {
  listen(socketPath: string): Promise<void>;
}

/** @returns false when a living engine already listens there */
export async function listenAlone(server: Listener, directory: string, socketPath: string): Promise<boolean> {
  const release = await takeLock(path.join(directory, 'start.lock'));
  try {
    try {
      await server.listen(socketPath);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
    if (await answers(socketPath)) return false;
    // Only a holder of the lock removes a socket file, so nobody's fresh one can be hit.
    await fs.rm(socketPath, { force: true });
    await server.listen(socketPath);
    return true;
  } finally {
    await release();
  }
}

function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = net.connect(socketPath);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
}

/** mkdir is atomic everywhere; there is no event for its removal, so it is tried again in short steps. */
async function takeLock(lock: string): Promise<() => Promise<void>> {
  for (;;) {
    try {
      await fs.mkdir(lock, { mode: 0o700 });
      return () => fs.rm(lock, { recursive: true, force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const age = await fs.stat(lock).then(
        (stat) => Date.now() - stat.mtimeMs,
        () => 0,
      );
      if (age > staleLockMs) await fs.rm(lock, { recursive: true, force: true });
      else await delay(lockTriesMs);
    }
  }
}
