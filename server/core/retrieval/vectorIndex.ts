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
/** In standard deviations above the mean: nearer is chance, beyond `outstanding` is as sure as it gets. */
const leastDeviations = 1;
const outstanding = 4;

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
    const places = new Map<string, string>();
    for (const [path, hash] of this.#hashes) if (!places.has(hash)) places.set(hash, path);
    const found: { readonly path: string; readonly contentHash: string; readonly passage: Passage; readonly cosine: number }[] = [];
    let [count, sum, squares, sinceYield] = [0, 0, 0, 0];
    for (const [contentHash, path] of places) {
      const content = this.#contents.get(contentHash);
      if (!content || content.vectors.dimensions !== packed.dimensions) continue;
      for (const [at, passage] of content.passages.entries()) {
        const cosine = product(content.vectors, at, packed);
        count++;
        sum += cosine;
        squares += cosine * cosine;
        const last = found.at(-1);
        if (found.length < limit || (last && cosine > last.cosine)) {
          const before = found.findIndex((one) => one.cosine < cosine);
          found.splice(before === -1 ? found.length : before, 0, { path, contentHash, passage, cosine });
          found.length = Math.min(found.length, limit);
        }
        if (++sinceYield < sliceVectors) continue;
        sinceYield = 0;
        yield;
      }
    }
    const mean = sum / Math.max(1, count);
    const deviation = Math.sqrt(Math.max(0, squares / Math.max(1, count) - mean * mean));
    // Of vectors that are all alike none stands out.
    if (deviation < 1e-4) return [];
    return found.flatMap(({ cosine, ...near }) => {
      const deviations = (cosine - mean) / deviation;
      return deviations < leastDeviations ? [] : [{ ...near, score: Math.min(1, deviations / outstanding) }];
    });
  }

  #drop(contentHash: string): void {
    const content = this.#contents.get(contentHash);
    if (!content) return;
    this.#contents.delete(contentHash);
    this.#bytes -= bytesOf(content);
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
