// How much memory of the machine a model may still take. It knows /proc, cgroups and what the library says; it must not know models.
import { promises as fs } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Llama } from 'node-llama-cpp';
import type { MachineMemory } from './memoryPlan.ts';
import { freeVramBytes } from './memoryPlan.ts';

type Ram = MachineMemory['ram'];
/** @returns undefined when there is no such file, or none that may be read */
type ReadText = (file: string) => Promise<string | undefined>;

const cgroupRoot = '/sys/fs/cgroup';

export interface OwnMemory {
  /** Weights of the models in memory: as mapped files they count as free, but are in use. */
  readonly weightsRamBytes: number;
  readonly vramBytes: number;
}

/** @param own what the engine itself holds already */
export async function machineMemory(llama: Llama, own: OwnMemory): Promise<MachineMemory> {
  const ram = (await linuxRam(readText)) ?? (await otherRam(llama));
  const vram = llama.gpu === false ? { total: 0, free: 0, unifiedSize: 0 } : await llama.getVramState();
  return {
    ram: { ...ram, freeBytes: Math.max(0, ram.freeBytes - own.weightsRamBytes) },
    vram: { totalBytes: vram.total, freeBytes: freeVramBytes(vram, own.vramBytes) },
    isUnified: vram.unifiedSize > 0,
  };
}

/** macOS keeps nearly all memory in use for what it may need again, so only what is wired down is really taken. */
async function otherRam(llama: Llama): Promise<Ram> {
  if (process.platform !== 'darwin') return { freeBytes: os.freemem(), totalBytes: os.totalmem() };
  const { total, wired } = await llama.getRamState();
  return { freeBytes: total - wired, totalBytes: total };
}

/**
 * `MemAvailable` (free memory and caches that can be dropped), less where a container or a service is limited.
 * @returns undefined where there is no /proc/meminfo
 */
export async function linuxRam(read: ReadText): Promise<Ram | undefined> {
  const meminfo = await read('/proc/meminfo');
  const totalBytes = kilobytesOf(meminfo, 'MemTotal');
  const freeBytes = kilobytesOf(meminfo, 'MemAvailable');
  if (totalBytes === undefined || freeBytes === undefined) return undefined;
  let ram: Ram = { freeBytes, totalBytes };
  for (const group of cgroupsOf((await read('/proc/self/cgroup')) ?? '')) {
    const limit = await limitOf(group, read);
    if (!limit || limit.totalBytes >= totalBytes) continue;
    ram = { freeBytes: Math.min(ram.freeBytes, limit.freeBytes), totalBytes: Math.min(ram.totalBytes, limit.totalBytes) };
  }
  return ram;
}

interface MemoryGroup {
  readonly directory: string;
  readonly version: 1 | 2;
}

/** The groups whose limits hold for this process: its own and all above it. A container often sees only the root of its own. */
function cgroupsOf(text: string): readonly MemoryGroup[] {
  const groups: MemoryGroup[] = [];
  for (const line of text.split('\n')) {
    const [, hierarchy, controllers, name] = /^(\d+):([^:]*):(\/.*)$/.exec(line) ?? [];
    if (name === undefined) continue;
    const version = hierarchy === '0' ? 2 : 1;
    if (version === 1 && !controllers?.split(',').includes('memory')) continue;
    const root = version === 2 ? cgroupRoot : path.posix.join(cgroupRoot, 'memory');
    for (let at = path.posix.normalize(name); ; at = path.posix.dirname(at)) {
      groups.push({ directory: path.posix.join(root, at), version });
      if (at === '/') break;
    }
  }
  return groups;
}

async function limitOf({ directory, version }: MemoryGroup, read: ReadText): Promise<Ram | undefined> {
  const file = (name: string) => read(path.posix.join(directory, name));
  const limit = Number(await file(version === 2 ? 'memory.max' : 'memory.limit_in_bytes'));
  const used = Number(await file(version === 2 ? 'memory.current' : 'memory.usage_in_bytes'));
  if (!Number.isFinite(limit) || !Number.isFinite(used) || limit <= 0) return undefined;
  // Files that were read and could be dropped count as used there.
  const stat = (await file('memory.stat')) ?? '';
  const droppable = Number(new RegExp(`^${version === 2 ? '' : 'total_'}inactive_file (\\d+)$`, 'm').exec(stat)?.[1] ?? 0);
  return { totalBytes: limit, freeBytes: Math.max(0, limit - Math.max(0, used - droppable)) };
}

function kilobytesOf(meminfo: string | undefined, name: string): number | undefined {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(meminfo ?? '')?.[1];
  return found === undefined ? undefined : Number(found) * 1024;
}

async function readText(file: string): Promise<string | undefined> {
  try {
    return await fs.readFile(file, 'utf8');
  } catch {
    // Other systems have no such file, and a container may hide it.
    return undefined;
  }
}
