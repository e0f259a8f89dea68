// The members of what stood before the dots that the cursor has come to: beside the stable block, since each dot asks for others. While the cursor stays
// around, those of another receiver are only appended, so that going back and forth between two changes nothing. It knows definitions and what they
// cost; it must not know who says what stands before a dot.
import type { Definition } from './facts.ts';
import { type Pack, type PackOptions, packDefinitions } from './packContext.ts';

/** Whether the editor knows the type or the text lets us guess it. */
export type ReceiverSource = 'editor' | 'text';

interface MemberPack extends Pack {
  readonly source: ReceiverSource;
  /** The content of every file that a line is from, as it was then. */
  readonly hashes: ReadonlyMap<string, string>;
}

export interface MemberBlock {
  /** Oldest first, one for each receiver that brought something new. */
  readonly packs: readonly MemberPack[];
  readonly tokens: number;
}

export interface MemberBlockOptions extends PackOptions {
  readonly source: ReceiverSource;
  readonly hashOf: (path: string) => string | undefined;
  /** What stands elsewhere in the prompt. */
  readonly isShown: (definition: Definition) => boolean;
}

export const noMembers: MemberBlock = { packs: [], tokens: 0 };

/**
 * @param wanted members of what stands before the dot now, best first; none without a dot
 * @returns `previous` itself when nothing is to be changed; what was shown longest ago makes room
 */
export function updateMembers(previous: MemberBlock, wanted: readonly Definition[], options: MemberBlockOptions): MemberBlock {
  const { budgetTokens, hashOf, isShown } = options;
  const standing = previous.packs.filter(
    ({ definitions, hashes }) => [...hashes].every(([path, hash]) => hashOf(path) === hash) && !definitions.some((one) => isShown(one)),
  );
  const known = new Set(standing.flatMap(({ definitions }) => definitions.map(keyOf)));
  const missing = wanted.filter((one) => !isShown(one) && !known.has(keyOf(one)));
  const packed = packDefinitions(
    missing.map((definition) => ({ definition })),
    options,
  );
  const hashes = new Map(packed.definitions.map(({ path }) => [path, hashOf(path) ?? '']));
  const packs = packed.definitions.length > 0 ? [...standing, { ...packed, source: options.source, hashes }] : standing;
  const fitting = newestThatFit(packs, budgetTokens);
  const isSame = fitting.length === previous.packs.length && fitting.every((pack, index) => pack === previous.packs[index]);
  return isSame ? previous : { packs: fitting, tokens: fitting.reduce((sum, { tokens }) => sum + tokens, 0) };
}

function newestThatFit(packs: readonly MemberPack[], budgetTokens: number): readonly MemberPack[] {
  let left = budgetTokens;
  let first = packs.length;
  while (first > 0 && (packs[first - 1] as MemberPack).tokens <= left) left -= (packs[--first] as MemberPack).tokens;
  return packs.slice(first);
}

const keyOf = ({ path, startLine, name }: Definition) => `${path}:${startLine}:${name}`;
