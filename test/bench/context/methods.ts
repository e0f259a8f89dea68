// What a method of retrieval is to the bench: text for a situation within a budget, and where each line of it comes from. It knows how a hit is told;
// it must not know any particular method.
import type { Definition } from '../../../server/core/retrieval/facts.ts';
import type { Hole } from './holes.ts';
import type { Situation } from './situations.ts';

/** A piece of a file as it stands there. */
export interface Chunk {
  readonly path: string;
  readonly startLine: number;
  /** Inclusive. */
  readonly endLine: number;
  readonly text: string;
}

/** Either whole pieces of files, or signatures, each of exactly one definition. */
export interface Packed {
  readonly chunks?: readonly Chunk[];
  readonly definitions?: readonly Definition[];
}

export interface Method {
  readonly name: string;
  /** Prepares a situation once; the answer packs it for each budget. */
  prepare(situation: Situation): (budgetTokens: number) => Packed;
}

/** The definition's first line is in the text, or a signature that stems from exactly that definition. */
export function isHit(hole: Hole, { chunks = [], definitions = [] }: Packed): boolean {
  return hole.definitions.some(
    (place) =>
      chunks.some((chunk) => chunk.path === place.path && chunk.startLine <= place.line && place.line <= chunk.endLine) ||
      definitions.some(
        (definition) =>
          definition.path === place.path &&
          definition.startLine <= place.line &&
          place.line <= definition.endLine &&
          (definition.name === hole.name || definition.startLine === place.line),
      ),
  );
}

/** Whole chunks in their order, as many as fit; the last one is cut to what is left, line by line. */
export function packChunks(
  chunks: Iterable<Chunk>,
  options: { readonly budgetTokens: number; readonly commentSign: string; readonly countTokens: (text: string) => number },
): Packed {
  const packed: Chunk[] = [];
  let left = options.budgetTokens;
  for (const chunk of chunks) {
    const header = options.countTokens(`${options.commentSign} ${chunk.path}\n`);
    const lines = chunk.text.split('\n');
    let cost = header;
    let taken = 0;
    while (taken < lines.length) {
      const line = options.countTokens(`${lines[taken] as string}\n`);
      if (cost + line > left) break;
      cost += line;
      taken++;
    }
    if (taken > 0) {
      packed.push({ ...chunk, endLine: taken === lines.length ? chunk.endLine : chunk.startLine + taken - 1 });
      left -= cost;
    }
    if (taken < lines.length) break;
  }
  return { chunks: packed };
}
