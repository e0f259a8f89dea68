// Makes sure that one engine a build listens, also when two start together or a killed one left its socket file behind.
// It knows files, locks and sockets; it must not know what is served.
import { promises as fs } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isAlive } from './channel/evaluating.ts';

const lockName = 'start.lock';
const graveSuffix = '.stale-';
const lockTriesMs = 25;
/** A starter holds the lock for a few milliseconds; one that died while holding it must not block others for long. */
const staleLockMs = 5000;
/** A lock that was found stale is kept aside for this long, so that nobody who found it too can touch the next one. */
const graveMs = 10_000;

interface Listener {
  listen(socketPath: string): Promise<void>;
}

/** @returns false when a living engine already listens there */
export async function listenAlone(server: Listener, directory: string, socketPath: string): Promise<boolean> {
  const release = await takeLock(path.join(directory, lockName));
  try {
    await removeGraves(directory);
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

/**
 * The lock is a folder with one entry, named after its holder's process: only a folder that has an entry cannot be replaced by a rename,
 * which makes taking it one atomic step. There is no event for its removal, so it is tried again in short steps.
 */
async function takeLock(lock: string): Promise<() => Promise<void>> {
  const entry = String(process.pid);
  const candidate = `${lock}.${entry}`;
  await fs.rm(candidate, { recursive: true, force: true });
  await fs.mkdir(path.join(candidate, entry), { recursive: true, mode: 0o700 });
  try {
    for (;;) {
      // Its age counts from now on, not from when the waiting began.
      await fs.utimes(candidate, new Date(), new Date());
      if (await succeeded(fs.rename(candidate, lock))) break;
      await removeStale(lock);
      await delay(lockTriesMs);
    }
  } catch (error) {
    await fs.rm(candidate, { recursive: true, force: true });
    throw error;
  }
  return async () => {
    // Without this entry the lock is not this process's any more: somebody took it for stale.
    if (await succeeded(fs.rmdir(path.join(lock, entry)))) await succeeded(fs.rmdir(lock));
  };
}

/** Ends the lock of a process that died or hangs. */
async function removeStale(lock: string): Promise<void> {
  const stat = await fs.lstat(lock).catch(() => undefined);
  if (!stat) return;
  const [holder] = await fs.readdir(lock).catch(() => []);
  if (holder !== undefined && isAlive(Number(holder)) && Date.now() - stat.mtimeMs < staleLockMs) return;
  // Two who find the same stale lock rename to the same name, and the second one fails: it could be a fresh lock that it removes.
  await succeeded(fs.rename(lock, `${lock}${graveSuffix}${stat.ino}-${Math.floor(stat.mtimeMs)}`));
}

async function removeGraves(directory: string): Promise<void> {
  for (const name of await fs.readdir(directory)) {
    if (!name.startsWith(`${lockName}${graveSuffix}`)) continue;
    const grave = path.join(directory, name);
    const stat = await fs.lstat(grave).catch(() => undefined);
    if (stat && Date.now() - stat.ctimeMs > graveMs) await fs.rm(grave, { recursive: true, force: true });
  }
}

/** @throws what is neither "there is something" nor "there is nothing": no permission, no space */
async function succeeded(act: Promise<void>): Promise<boolean> {
  try {
    await act;
    return true;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (['EEXIST', 'ENOTEMPTY', 'ENOENT', 'ENOTDIR'].includes(code)) return false;
    // What Windows says when something stands there.
    if (process.platform === 'win32' && ['EPERM', 'EBUSY', 'EACCES'].includes(code)) return false;
    throw error;
  }
}
