// Which configuration of a model fits into memory, and in which order things are given up when the wished one does not fit or is refused.
// It knows figures; it must not know where they come from or how a model is loaded.

/** Without a setting, more context than this is not taken even if the model was trained for it: its KV state costs memory. */
export const defaultContextSize = 16_384;
/** Less than this is hardly worth a GPU, so layers go first unless the user wished them. */
export const usefulContextSize = 4096;
const smallestContextSize = 512;
/** Two for completions and four for chats and background work, as long as their KV state stays below this; otherwise fewer, at least one of each. */
const mostSequences = 6;
const leastSequences = 2;
const comfortableContextBytes = 1024 ** 3;

/** What the desktop, the browser and the editor are left, of the memory that is free now: a share of the whole, capped. */
const vramReserve = { share: 0.08, mostBytes: 1024 ** 3 };
const ramReserve = { share: 0.1, mostBytes: 2 * 1024 ** 3 };

/** How a model is loaded. No layers on the GPU means the back end of the CPU. */
export interface Configuration {
  /** Tokens for each sequence. */
  readonly contextSize: number;
  readonly sequences: number;
  readonly gpuLayers: number;
  readonly kvType: 'f16' | 'q8_0' | 'q4_0';
  /** The GPU's second back end, where the layers lie there and not on the one in force. Only CUDA has one behind it. */
  readonly backend?: 'vulkan';
}

export interface Wish {
  readonly configuration: Configuration;
  /** What the user set is given up after what was only assumed. */
  readonly isContextSet: boolean;
  readonly areLayersSet: boolean;
}

export interface MemoryNeed {
  readonly ramBytes: number;
  readonly vramBytes: number;
}

export interface MachineMemory {
  readonly ram: { readonly freeBytes: number; readonly totalBytes: number };
  readonly vram: { readonly freeBytes: number; readonly totalBytes: number };
  /** The GPU's memory is the machine's. */
  readonly isUnified: boolean;
}

export type MemoryPlan =
  | { readonly outcome: 'fits'; readonly configuration: Configuration; readonly need: MemoryNeed }
  /** Not even the smallest configuration fits. */
  | { readonly outcome: 'tooLarge'; readonly smallest: MemoryNeed };

/** Why less than the wished configuration is in force. */
export type ConcessionReason = 'memory' | 'refused' | 'crashed';

/** @param kvBytes the KV state of one sequence */
export function comfortableSequences(kvBytes: number): number {
  return Math.max(leastSequences, Math.min(mostSequences, Math.floor(comfortableContextBytes / Math.max(1, kvBytes))));
}

/**
 * All configurations from the wished one to the smallest: context, sequences, layers, and on the CPU, where there is room again, the same
 * from the beginning. What the user set keeps its wished value until nothing else is left.
 */
export function ladderOf({ configuration: wished, isContextSet, areLayersSet }: Wish): readonly Configuration[] {
  const rungs = [wished];
  let last = wished;
  const add = (change: Partial<Configuration>) => rungs.push((last = { ...last, ...change }));
  const shrinkContext = (floor: number) => {
    while (last.contextSize > Math.min(floor, wished.contextSize))
      add({ contextSize: Math.max(Math.floor(last.contextSize / 2), Math.min(floor, wished.contextSize)) });
  };
  const shrinkSequences = () => {
    while (last.sequences > leastSequences) add({ sequences: last.sequences - 1 });
  };
  if (!isContextSet) shrinkContext(usefulContextSize);
  shrinkSequences();
  if (areLayersSet) {
    const kept = last;
    shrinkContext(smallestContextSize);
    // Once layers must go after all, there is room for the context again.
    last = kept;
  }
  while (last.gpuLayers > 1) add({ gpuLayers: last.gpuLayers - 1 });
  if (wished.gpuLayers > 0) {
    rungs.push((last = onCpu(wished)));
    if (!isContextSet) shrinkContext(usefulContextSize);
    shrinkSequences();
  }
  shrinkContext(smallestContextSize);
  return rungs;
}

/** Without a layer on a GPU none of its back ends has a part in it. */
function onCpu({ contextSize, sequences, kvType }: Configuration): Configuration {
  return { contextSize, sequences, gpuLayers: 0, kvType };
}

/**
 * The first configuration of the ladder that fits into the memory that is free, less the reserve; only the smallest one may use the RAM's
 * reserve. Of the layers as many as fit are found by halving, since each estimate costs some ms.
 * @param estimate what a configuration needs; asked for few of them
 */
export async function planMemory(wish: Wish, memory: MachineMemory, estimate: (configuration: Configuration) => Promise<MemoryNeed>): Promise<MemoryPlan> {
  const rungs = ladderOf(wish);
  const needs = new Map<Configuration, MemoryNeed>();
  const needOf = async (rung: Configuration) => {
    const need = needs.get(rung) ?? (await estimate(rung));
    needs.set(rung, need);
    return need;
  };
  let index = 0;
  while (index < rungs.length) {
    const end = endOfLayers(rungs, index);
    const first = end > index + 1 ? await firstWhere(index, end, async (at) => fitsIntoVram(await needOf(rungs[at] as Configuration), memory)) : index;
    const rung = rungs[first];
    if (rung && first < Math.max(end, index + 1)) {
      const need = await needOf(rung);
      if (fits(need, memory) || (first === rungs.length - 1 && fits(need, memory, 'useReserve'))) return { outcome: 'fits', configuration: rung, need };
    }
    // Fewer layers on the GPU need more RAM, so after the most that fit there no other number does.
    index = Math.max(end, index + 1);
  }
  return { outcome: 'tooLarge', smallest: await needOf(rungs.at(-1) ?? wish.configuration) };
}

/** The next configuration to try after the back end refused one; undefined when it was the smallest. */
export function rungAfterRefusal(wish: Wish, refused: Configuration): Configuration | undefined {
  const rungs = ladderOf(wish);
  const at = indexOf(rungs, refused);
  const end = endOfLayers(rungs, at + 1);
  // One layer less seldom changes a refusal, and each try costs a load.
  if (end > at + 1) return rungs.slice(at + 1, end).find((rung) => rung.gpuLayers <= refused.gpuLayers / 2) ?? rungs[end];
  return rungs[at + 1];
}

/** The configuration to try after loading one ended the process: without the GPU if it had a part in it, else none. */
export function rungAfterCrash(wish: Wish, fatal: Configuration): Configuration | undefined {
  return fatal.gpuLayers > 0 ? ladderOf(wish).find((rung) => rung.gpuLayers === 0) : undefined;
}

/** What a configuration was loaded with, as far as it tells: crashes with one say nothing of the others. */
export function placeOf({ gpuLayers, backend }: Configuration): 'gpu' | 'secondBackend' | 'cpu' {
  if (gpuLayers === 0) return 'cpu';
  return backend === undefined ? 'gpu' : 'secondBackend';
}

/** What was given up, one sentence each. */
export function concessionsOf(wished: Configuration, got: Configuration, reason: ConcessionReason): readonly string[] {
  const number = (value: number) => value.toLocaleString('en-US');
  const why = { memory: 'to fit into memory', refused: 'because more memory was refused', crashed: 'because loading it otherwise ended the engine' }[reason];
  const sentences: string[] = [];
  if (placeOf(got) === 'secondBackend') sentences.push(`The model runs on the GPU through Vulkan instead of CUDA ${why}.`);
  if (got.gpuLayers === 0 && wished.gpuLayers > 0) sentences.push(`The model runs on the CPU instead of the GPU ${why}.`);
  else if (got.gpuLayers < wished.gpuLayers) sentences.push(`Layers on the GPU reduced from ${wished.gpuLayers} to ${got.gpuLayers} ${why}.`);
  if (got.contextSize < wished.contextSize) sentences.push(`Context reduced from ${number(wished.contextSize)} to ${number(got.contextSize)} tokens ${why}.`);
  if (got.sequences < wished.sequences) sentences.push(`Requests answered at once reduced from ${wished.sequences} to ${got.sequences} ${why}.`);
  if (got.kvType !== wished.kvType) sentences.push(`The KV cache holds ${got.kvType} instead of ${wished.kvType}, which this model or back end cannot do.`);
  return sentences;
}

/** The back end counts its own memory only where the driver tells it, so what the engine itself holds is the least that is in use. */
export function freeVramBytes(state: { readonly total: number; readonly free: number }, ownBytes: number): number {
  return Math.max(0, Math.min(state.free, state.total - ownBytes));
}

/** @param reserve `useReserve` for what must be loaded if it can be at all */
export function fits(need: MemoryNeed, { ram, vram, isUnified }: MachineMemory, reserve: 'keepReserve' | 'useReserve' = 'keepReserve'): boolean {
  const ramFree = ram.freeBytes - (reserve === 'useReserve' ? 0 : reserveOf(ramReserve, ram.totalBytes));
  if (need.ramBytes + (isUnified ? need.vramBytes : 0) > ramFree) return false;
  return fitsIntoVram(need, { ram, vram, isUnified });
}

function fitsIntoVram(need: MemoryNeed, { vram }: MachineMemory): boolean {
  return need.vramBytes === 0 || need.vramBytes <= vram.freeBytes - reserveOf(vramReserve, vram.totalBytes);
}

function reserveOf({ share, mostBytes }: typeof ramReserve, totalBytes: number): number {
  return Math.min(totalBytes * share, mostBytes);
}

/** Where the run of rungs ends that begins at `from` and gives up one layer after the other; `from` when none begins there. */
function endOfLayers(rungs: readonly Configuration[], from: number): number {
  let end = from;
  for (let rung = rungs[end]; rung && rung.gpuLayers > 0 && rung.gpuLayers < (rungs[end - 1]?.gpuLayers ?? 0); rung = rungs[end]) end++;
  return end;
}

/** The first index of [from, to) where `holds`, which holds from there on; `to` when it holds nowhere. */
async function firstWhere(from: number, to: number, holds: (index: number) => Promise<boolean>): Promise<number> {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (await holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function indexOf(rungs: readonly Configuration[], { contextSize, sequences, gpuLayers }: Configuration): number {
  return rungs.findIndex((rung) => rung.contextSize === contextSize && rung.sequences === sequences && rung.gpuLayers === gpuLayers);
}
