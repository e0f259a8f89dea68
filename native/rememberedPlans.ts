// What loading models has taught: the configuration that worked last, and the one during which the engine ended. It knows one small file
// in the runtime directory; it must not know how anything is loaded.
// Everything is written at once and synchronously: a note must be on disk before the native call that may end the process.
import { closeSync, constants, fstatSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import * as v from 'valibot';
import { placeOf } from './memoryPlan.ts';
import type { Configuration, ConcessionReason, MachineMemory, MemoryNeed } from './memoryPlan.ts';

const fileName = 'memory-plans.json';
const mostEntries = 32;
const mostBytes = 64 * 1024;
/** After this long a lesser configuration is not taken for granted any more: drivers are updated. */
const lastsMs = 7 * 24 * 60 * 60 * 1000;
/** Once may be a kill or a power cut; twice at the same point is the configuration. */
const crashesThatCount = 2;
/** What crashed on the CPU has nowhere else to go, so it is tried again after this long. */
const refusalLastsMs = 10 * 60 * 1000;
/** Memory that is this much more free than then is worth a better plan. */
const clearlyMore = { factor: 1.25, leastBytes: 256 * 1024 ** 2 };

const bytes = v.pipe(v.number(), v.minValue(0));
const count = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(10_000_000));
const configurationSchema = v.strictObject({
  contextSize: v.pipe(count, v.minValue(1)),
  sequences: v.pipe(count, v.minValue(1), v.maxValue(64)),
  gpuLayers: count,
  kvType: v.picklist(['f16', 'q8_0', 'q4_0']),
  backend: v.optional(v.literal('vulkan')),
});
/** A configuration during which the process ended, and how often in a row. */
const fatalSchema = v.strictObject({ configuration: configurationSchema, times: count });
const entrySchema = v.strictObject({
  key: v.pipe(v.string(), v.maxLength(64)),
  /** `trying`: the process named was about to load this. */
  state: v.picklist(['trying', 'good']),
  pid: count,
  atMs: bytes,
  configuration: configurationSchema,
  /** At most one for each back end: what is tried on the next one takes nothing back of what is known of this one. */
  fatal: v.optional(v.pipe(v.array(fatalSchema), v.maxLength(3))),
  isWhole: v.boolean(),
  reason: v.picklist(['memory', 'refused', 'crashed']),
  need: v.strictObject({ ramBytes: bytes, vramBytes: bytes }),
  freeRamBytes: bytes,
  freeVramBytes: bytes,
});
type Entry = v.InferOutput<typeof entrySchema>;
type Fatal = v.InferOutput<typeof fatalSchema>;
const fileSchema = v.pipe(v.array(entrySchema), v.maxLength(mostEntries));

export interface GoodPlan {
  readonly configuration: Configuration;
  /** Nothing was given up. */
  readonly isWhole: boolean;
  readonly reason: ConcessionReason;
  readonly need: MemoryNeed;
}

export type Remembered =
  | { readonly kind: 'good'; readonly plan: GoodPlan }
  /** At least one, of each back end at most one. */
  | { readonly kind: 'crashed'; readonly configurations: readonly Configuration[] };

export class RememberedPlans {
  readonly #file: string | undefined;
  readonly #now: () => number;
  readonly #trying = new Set<string>();

  /** @param directory nothing is remembered without one; @param now ms since 1970 */
  constructor(directory: string | undefined, now: () => number) {
    this.#file = directory === undefined ? undefined : path.join(directory, fileName);
    this.#now = now;
  }

  /** What to begin with, unless that is too old or there is clearly more memory than then. */
  find(key: string, { ram, vram }: MachineMemory): Remembered | undefined {
    const entry = this.#read().find((one) => one.key === key);
    if (!entry || this.#now() - entry.atMs > lastsMs) return undefined;
    if (entry.state === 'trying') {
      const isOver = (configuration: Configuration) => placeOf(configuration) === 'cpu' && this.#now() - entry.atMs > refusalLastsMs;
      const counting = fatalOf(entry).filter(({ configuration, times }) => times >= crashesThatCount && !isOver(configuration));
      return counting.length === 0 ? undefined : { kind: 'crashed', configurations: counting.map(({ configuration }) => configuration) };
    }
    const { configuration, isWhole, reason, need } = entry;
    const isMore = (free: number, then: number) => free > then * clearlyMore.factor && free > then + clearlyMore.leastBytes;
    if (!isWhole && reason !== 'crashed' && (isMore(ram.freeBytes, entry.freeRamBytes) || isMore(vram.freeBytes, entry.freeVramBytes))) return undefined;
    return { kind: 'good', plan: { configuration, isWhole, reason, need } };
  }

  /** To be called before each native call that could end the process. */
  noteTrying(key: string, configuration: Configuration): void {
    this.#trying.add(key);
    const before = this.#read().find((entry) => entry.key === key);
    const fatal = before ? fatalOf(before) : [];
    const unknown = { isWhole: false, reason: 'crashed', need: { ramBytes: 0, vramBytes: 0 }, freeRamBytes: 0, freeVramBytes: 0 } as const;
    this.#put({ key, state: 'trying', configuration, ...(fatal.length > 0 ? { fatal: [...fatal] } : {}), ...unknown });
  }

  noteGood(key: string, plan: GoodPlan, { ram, vram }: MachineMemory): void {
    this.#trying.delete(key);
    this.#put({ key, state: 'good', ...plan, freeRamBytes: ram.freeBytes, freeVramBytes: vram.freeBytes });
  }

  forget(key: string): void {
    this.#trying.delete(key);
    const entries = this.#read();
    if (entries.some((entry) => entry.key === key)) this.#write(entries.filter((entry) => entry.key !== key));
  }

  /** An engine that is told to end while it loads did not crash. */
  forgetTrying(): void {
    for (const key of [...this.#trying]) this.forget(key);
  }

  #put(entry: Omit<Entry, 'pid' | 'atMs'>): void {
    const others = this.#read().filter((other) => other.key !== entry.key);
    this.#write([...others, { ...entry, pid: process.pid, atMs: this.#now() }].slice(-mostEntries));
  }

  #read(): readonly Entry[] {
    if (this.#file === undefined) return [];
    try {
      const handle = openSync(this.#file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
      try {
        const stat = fstatSync(handle);
        if (!stat.isFile() || stat.size > mostBytes) return [];
        const parsed = v.safeParse(fileSchema, JSON.parse(readFileSync(handle, 'utf8')));
        return parsed.success ? parsed.output : [];
      } finally {
        closeSync(handle);
      }
    } catch {
      // Missing or damaged: then there is nothing to know, and the next note writes it anew.
      return [];
    }
  }

  #write(entries: readonly Entry[]): void {
    if (this.#file === undefined) return;
    const partial = `${this.#file}.${process.pid}.tmp`;
    try {
      writeFileSync(partial, JSON.stringify(entries), { mode: 0o600 });
      renameSync(partial, this.#file);
    } catch {
      // A full disk costs the memory of what worked, never the load itself.
    }
  }
}

/** What is known of crashes, with the one that the entry itself tells of: its process ended while it was trying. */
function fatalOf({ state, pid, configuration, fatal = [] }: Entry): readonly Fatal[] {
  if (state !== 'trying' || isRunning(pid)) return fatal;
  const place = placeOf(configuration);
  const before = fatal.find((one) => placeOf(one.configuration) === place);
  const isSame = before !== undefined && isDeepStrictEqual(before.configuration, configuration);
  return [...fatal.filter((one) => one !== before), { configuration, times: isSame ? before.times + 1 : 1 }];
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
