// Ends engines that a finished run has left behind. An engine is shared between windows, so it belongs to no process group and outlives its
// clients by minutes; what it does have is the runtime directory of its run in its environment.
import { readFileSync, readdirSync } from 'node:fs';

/**
 * Linux only, where a process's environment can be read; elsewhere such an engine ends by itself.
 * @param {string} runtimeFolder
 * @returns {number[]} the processes that were ended
 */
export function endProcessesUsing(runtimeFolder) {
  if (process.platform !== 'linux') return [];
  const ended = [];
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    try {
      if (!readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(`TRAMONTANE_RUNTIME_DIR=${runtimeFolder}`)) continue;
      process.kill(pid, 'SIGKILL');
      ended.push(pid);
    } catch (error) {
      // Gone between the listing and the look at it, or another user's.
      if (!['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes(String(/** @type {NodeJS.ErrnoException} */ (error).code))) throw error;
    }
  }
  return ended;
}
