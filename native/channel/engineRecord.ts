// Which process listens, kept in a file beside the socket: an engine that hangs cannot say itself who it is, and only its number lets somebody
// end it. It knows the file and how a process is recognized; it must not know when one is to be ended.
// A number alone is no proof: it may stand in the file of an engine that was killed long ago, and belong to another program now.
import { promises as fs, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as v from 'valibot';
import { isAlive } from './evaluating.ts';

const recordSchema = v.object({
  pid: v.pipe(v.number(), v.integer(), v.minValue(1)),
  /** What the system says of the process's start; absent where it cannot be asked. */
  startedAt: v.optional(v.string()),
});
export type EngineRecord = v.InferOutput<typeof recordSchema>;

const suffix = '.pid';
const mostRecordBytes = 1024;

export function recordPathFor(directory: string, build: string): string {
  return path.join(directory, `engine-${build}${suffix}`);
}

/** Of this process. Written whole under another name first, so that nobody reads half of it. */
export async function writeEngineRecord(file: string): Promise<void> {
  const startedAt = await startOf(process.pid);
  const record: EngineRecord = { pid: process.pid, ...(startedAt === undefined ? {} : { startedAt }) };
  const draft = `${file}.${process.pid}`;
  await fs.writeFile(draft, JSON.stringify(record), { mode: 0o600 });
  await fs.rename(draft, file);
}

/** At once, so that no other process's record can be hit: to be called while this one still listens. */
export function removeEngineRecord(file: string): void {
  rmSync(file, { force: true });
}

/** @returns undefined where there is none, or none that can be read */
export async function readEngineRecord(file: string): Promise<EngineRecord | undefined> {
  try {
    const text = await fs.readFile(file, 'utf8');
    if (text.length > mostRecordBytes) return undefined;
    const parsed = v.safeParse(recordSchema, JSON.parse(text));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}

/**
 * What has become of the process that a record names.
 * `engine`: it lives, and is this user's engine of that directory and build beyond doubt. `gone`: it has ended, whoever has its number now.
 * `unknown`: it lives, but this system cannot be asked who it is.
 */
export async function recordedProcess(
  record: EngineRecord,
  { directory, build }: { readonly directory: string; readonly build: string },
): Promise<'engine' | 'gone' | 'unknown'> {
  if (!isAlive(record.pid)) return 'gone';
  if (process.platform !== 'linux' || record.startedAt === undefined) return 'unknown';
  try {
    const folder = `/proc/${record.pid}`;
    if ((await startOf(record.pid)) !== record.startedAt || (await fs.stat(folder)).uid !== os.userInfo().uid) return 'gone';
    const words = (await fs.readFile(`${folder}/cmdline`, 'utf8')).split('\0');
    const isNamed = (option: string, value: string) => words.some((word, index) => word === option && words[index + 1] === value);
    return isNamed('--runtime', directory) && isNamed('--build', build) ? 'engine' : 'gone';
  } catch (error) {
    // It may have ended between two of these steps.
    return ['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '') ? 'gone' : 'unknown';
  }
}

/** The moment at which a process started, with the boot that it counts from; undefined where the system does not tell. */
async function startOf(pid: number): Promise<string | undefined> {
  if (process.platform !== 'linux') return undefined;
  try {
    const boot = (await fs.readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
    const stat = await fs.readFile(`/proc/${pid}/stat`, 'utf8');
    // proc(5): `starttime` is field 22. The second one, the program's name in brackets, may hold blanks and brackets itself.
    const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    return ticks && /^\d+$/.test(ticks) ? `${boot} ${ticks}` : undefined;
  } catch {
    return undefined;
  }
}
