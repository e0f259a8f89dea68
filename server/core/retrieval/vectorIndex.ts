// Vectors of one folder's passages and which of them stand out for a query. A number takes a byte: the order of what is near hardly changes by it, and a large
// project fits into memory. It knows contents by their hash and files by their path; it must not know what vectors are made of, or by what.
import type { Passage } from './passages.ts';

/** Vectors of unit length; number `n` of vector `at` is `numbers[at * dimensions + n] * scales[at]`. */
export interface PackedVectors {
  readonly dimensions: number;
  readonly numbers: Int8Array;
  readonly scales: Float32Array;
}

export interface EmbeddedPassages {
  /** One for each vector, in the same order. */
  readonly passages: readonly Passage[];
  readonly vectors: PackedVectors;
}

export interface NearPassage {
  readonly path: string;
  /** Of the content that the passage's lines belong to. */
  readonly contentHash: string;
  readonly passage: Passage;
  /** How far it stands out from all others, from 0 to 1. */
  readonly score: number;
}

const mostInByte = 127;
/** Besides numbers and scales, an object with a name. */
const bytesOfPassage = 100;
/** How many vectors are compared without a pause: well below a millisecond. */
const sliceVectors = 500;
/** In standard deviations above the mean: less is chance. */
const leastDeviations = 1;
/** Of so many vectors, chance alone brings the nearest one about that far; what is further by this is as sure as it gets. */
const byChance = (count: number) => Math.sqrt(2 * Math.log(Math.max(2, count)));
const beyondChance = 1;

/** @param vectors of unit length and the same number of dimensions */
export function packVectors(vectors: readonly (readonly number[])[]): PackedVectors {
  const dimensions = vectors[0]?.length ?? 0;
  const numbers = new Int8Array(vectors.length * dimensions);
  const scales = new Float32Array(vectors.length);
  for (const [at, vector] of vectors.entries()) {
    const largest = vector.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const scale = largest / mostInByte;
    scales[at] = scale;
    for (let n = 0; n < dimensions; n++) numbers[at * dimensions + n] = scale === 0 ? 0 : Math.round((vector[n] ?? 0) / scale);
  }
  return { dimensions, numbers, scales };
}

export class VectorIndex {
  readonly #contents = new Map<string, EmbeddedPassages>();
  readonly #hashes = new Map<string, string>();
  #bytes = 0;

  /** Files whose content has vectors. */
  get files(): number {
    return this.#hashes.size;
  }

  /** About how much memory it takes. */
  get bytes(): number {
    return this.#bytes;
  }

  has(contentHash: string): boolean {
    return this.#contents.has(contentHash);
  }

  set(contentHash: string, content: EmbeddedPassages): void {
    this.#drop(contentHash);
    this.#contents.set(contentHash, content);
    this.#bytes += bytesOf(content);
  }

  /** The file has this content, of which there are vectors. */
  place(path: string, contentHash: string): void {
    this.#hashes.set(path, contentHash);
  }

  /** Forgets files that are gone, and contents that no file has any more. */
  keepOnly(paths: ReadonlySet<string>): void {
    for (const path of this.#hashes.keys()) if (!paths.has(path)) this.#hashes.delete(path);
    const used = new Set(this.#hashes.values());
    for (const hash of this.#contents.keys()) if (!used.has(hash)) this.#drop(hash);
  }

  /**
   * The passages that stand out, nearest first. It yields between slices of less than a millisecond, so that its caller may let others in.
   * @param query of unit length
   */
  *nearest(query: readonly number[], limit: number): Generator<undefined, readonly NearPassage[]> {
    const packed = packVectors([query]);
    const best = new Best(limit);
    let sinceYield = 0;
    for (const [contentHash, path] of this.#places()) {
      const content = this.#contents.get(contentHash);
      if (content?.vectors.dimensions !== query.length) continue;
      for (const [at, passage] of content.passages.entries()) {
        best.add({ path, contentHash, passage, nearness: product(content.vectors, at, packed) });
        if (++sinceYield < sliceVectors) continue;
        sinceYield = 0;
        yield;
      }
    }
    return best.standingOut();
  }

  /** One file for each content. */
  #places(): Map<string, string> {
    const places = new Map<string, string>();
    for (const [path, hash] of this.#hashes) if (!places.has(hash)) places.set(hash, path);
    return places;
  }

  #drop(contentHash: string): void {
    const content = this.#contents.get(contentHash);
    if (!content) return;
    this.#contents.delete(contentHash);
    this.#bytes -= bytesOf(content);
  }
}

interface Compared {
  readonly path: string;
  readonly contentHash: string;
  readonly passage: Passage;
  readonly nearness: number;
}

/** The nearest so far, and how near all are. */
class Best {
  readonly #limit: number;
  readonly #found: Compared[] = [];
  #count = 0;
  #sum = 0;
  #squares = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(one: Compared): void {
    const { nearness } = one;
    this.#count++;
    this.#sum += nearness;
    this.#squares += nearness * nearness;
    const last = this.#found.at(-1);
    if (this.#found.length >= this.#limit && last && nearness <= last.nearness) return;
    const before = this.#found.findIndex((other) => other.nearness < nearness);
    this.#found.splice(before === -1 ? this.#found.length : before, 0, one);
    this.#found.length = Math.min(this.#found.length, this.#limit);
  }

  standingOut(): NearPassage[] {
    const mean = this.#sum / Math.max(1, this.#count);
    const deviation = Math.sqrt(Math.max(0, this.#squares / Math.max(1, this.#count) - mean * mean));
    // Of vectors that are all alike none stands out.
    if (deviation < 1e-4) return [];
    const sure = byChance(this.#count) + beyondChance;
    return this.#found.flatMap(({ nearness, ...near }) => {
      const deviations = (nearness - mean) / deviation;
      return deviations < leastDeviations ? [] : [{ ...near, score: Math.min(1, deviations / sure) }];
    });
  }
}

function product({ dimensions, numbers, scales }: PackedVectors, at: number, query: PackedVectors): number {
  const others = query.numbers;
  let sum = 0;
  for (let n = 0, from = at * dimensions; n < dimensions; n++) sum += (numbers[from + n] as number) * (others[n] as number);
  return sum * (scales[at] as number) * (query.scales[0] as number);
}

function bytesOf({ passages, vectors: { numbers, scales } }: EmbeddedPassages): number {
  return numbers.byteLength + scales.byteLength + passages.length * bytesOfPassage;
}
