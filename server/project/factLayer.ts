// What a layer of facts answers: open documents, the memory and the database are asked alike, by the symbol table. It knows no layer.
import type { Definition, TextHit } from '../core/retrieval/facts.ts';
import type { PathTails } from './imports/resolveImport.ts';
import type { ContentFacts } from './parsing.ts';

export interface FactLayer {
  facts(path: string): ContentFacts | undefined;
  definitionsNamed(name: string, limit: number): readonly Definition[];
  membersOf(owner: string, limit: number): readonly Definition[];
  /** With the paths that say so. */
  baseTypesOf(type: string): readonly { readonly base: string; readonly path: string }[];
  /** Files that import something whose name ends so. */
  pathsImporting(tails: PathTails, limit: number): readonly string[];
  search(query: string, limit: number): readonly TextHit[];
}

export const maxNamed = 16;

/** The container's own name: `Inner` of `Outer.Inner`. */
export function ownerOf(container: string): string {
  return container.slice(container.lastIndexOf('.') + 1);
}
