// A disk of its own, as small as a test wants it, so that it can really be full. Only the super-user of a Linux machine can have one.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';

/** Undefined where none can be made. Whoever makes it disposes of it. */
export function smallDisk(folder: string, sizeKb: number): Disposable | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined;
  mkdirSync(folder, { recursive: true });
  // A container may forbid it even to the super-user.
  if (spawnSync('/bin/mount', ['-t', 'tmpfs', '-o', `size=${sizeKb}k,mode=700`, 'tmpfs', folder]).status !== 0) return undefined;
  // Lazily: a process that has not ended yet must not keep it for ever.
  return { [Symbol.dispose]: () => void execFileSync('/bin/umount', ['--lazy', folder]) };
}
