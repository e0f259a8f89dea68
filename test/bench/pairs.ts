// Takes samples of two things in turn, and reads the processor time of a process. It must not know what is sampled.
import { readFileSync } from 'node:fs';

/** Fewer pairs give no useful interval of the median. */
export const minPairs = 7;

/** One run of one side: several figures may come out of the same work. */
export type Sample<Name extends string> = Readonly<Record<Name, number>>;

export interface PairOptions<Name extends string> {
  readonly pairs: number;
  /** Fewer than `minPairs` where one run takes long: then there is no interval, only a median. */
  readonly leastPairs?: number;
  /** Runs of each side that are thrown away: files come into memory, code is compiled. */
  readonly warmups: number;
  readonly ours: (run: number) => Promise<Sample<Name>>;
  readonly peer: (run: number) => Promise<Sample<Name>>;
}

export interface PairedSamples<Name extends string> {
  readonly ours: Readonly<Record<Name, number[]>>;
  readonly peer: Readonly<Record<Name, number[]>>;
}

/** Runs A B A B ..., so that both sides meet the same machine at nearly the same time. */
export async function samplePairs<Name extends string>(names: readonly Name[], options: PairOptions<Name>): Promise<PairedSamples<Name>> {
  const least = options.leastPairs ?? minPairs;
  if (options.pairs < least) throw new Error(`At least ${least} pairs are needed for an interval; ${options.pairs} were asked for.`);
  const empty = () => Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, number[]>;
  const samples = { ours: empty(), peer: empty() };
  for (let run = -options.warmups; run < options.pairs; run++) {
    const own = await options.ours(run + options.warmups);
    const other = await options.peer(run + options.warmups);
    if (run < 0) continue;
    for (const name of names) {
      samples.ours[name].push(own[name]);
      samples.peer[name].push(other[name]);
    }
  }
  return samples;
}

/** Ticks a second of /proc: fixed in Linux's interface to programs, whatever the kernel's own clock does. */
const ticksPerSecond = 100;

/**
 * Processor time of all threads of a process, in ms, in steps of 10 ms.
 * @returns null where the system does not tell: there is no /proc outside Linux
 */
export function cpuTimeMs(pid: number): number | null {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return null;
  }
  // The name of the program stands in brackets and may hold blanks and brackets itself. See proc_pid_stat(5): utime and stime are 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / ticksPerSecond;
}
