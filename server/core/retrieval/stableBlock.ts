// The definitions that a prompt shows while somebody works in a file, chosen so that they hardly ever move: an engine that has read them once need not
// read them again. It knows packs and when files change; it must not know why a definition was ranked as it was.
//
// What was admitted stays, in its place, until its file changes or the block has become much worse than a new one would be; what is needed
// besides is appended while there is room.
import type { Definition } from './facts.ts';
import { type Pack, type PackOptions, packDefinitions, type RankedDefinition } from './packContext.ts';

export interface StableBlock {
  /** The first is sorted by path and line; so is each later one, which was appended at one time. */
  readonly packs: readonly Pack[];
  readonly tokens: number;
  /** The content of every file that a line is from, as it was then. */
  readonly hashes: ReadonlyMap<string, string>;
}

export interface StableBlockOptions extends PackOptions {
  /** The content hash of a file's facts; undefined when it has gone. */
  readonly hashOf: (path: string) => string | undefined;
}

/** A new block leaves this share of its budget to what will be appended. */
const reservedShare = 0.1;
/** A block that shows less than this share of the chances that a new one would show is made anew. */
const worthKeeping = 0.7;

/**
 * @param ranked best first
 * @returns `previous` itself when nothing is to be changed
 */
export function updateStableBlock(previous: StableBlock | undefined, ranked: readonly RankedDefinition[], options: StableBlockOptions): StableBlock {
  const fresh = packDefinitions(ranked, { ...options, budgetTokens: Math.floor(options.budgetTokens * (1 - reservedShare)) });
  if (!previous || previous.tokens > options.budgetTokens || hasChanged(previous, options)) return blockOf([fresh], options);
  const kept = new Set(previous.packs.flatMap((pack) => pack.definitions.map(keyOf)));
  const wanted = new Set(fresh.definitions.map(keyOf));
  const missing = ranked.filter(({ definition }) => wanted.has(keyOf(definition)) && !kept.has(keyOf(definition)));
  const added = packDefinitions(missing, { ...options, budgetTokens: options.budgetTokens - previous.tokens });
  const shown = new Set([...kept, ...added.definitions.map(keyOf)]);
  let wantedChance = 0;
  let shownChance = 0;
  for (const { definition, chance } of ranked) {
    const key = keyOf(definition);
    if (wanted.has(key)) wantedChance += chance;
    if (shown.has(key)) shownChance += chance;
  }
  if (shownChance < worthKeeping * wantedChance) return blockOf([fresh], options);
  return added.definitions.length === 0 ? previous : blockOf([...previous.packs, added], options);
}

function hasChanged({ hashes }: StableBlock, options: StableBlockOptions): boolean {
  for (const [path, hash] of hashes) if (options.hashOf(path) !== hash) return true;
  return false;
}

function blockOf(packs: readonly Pack[], options: StableBlockOptions): StableBlock {
  const hashes = new Map<string, string>();
  for (const { path } of packs.flatMap((pack) => pack.definitions)) hashes.set(path, options.hashOf(path) ?? '');
  return { packs, tokens: packs.reduce((sum, pack) => sum + pack.tokens, 0), hashes };
}

const keyOf = ({ path, startLine, name }: Definition) => `${path}:${startLine}:${name}`;
