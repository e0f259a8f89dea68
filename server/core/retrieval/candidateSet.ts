// The definitions that may be needed in a file, each once, and what collecting reasons for them goes through: types with their bases and members, names
// with their homonyms. It knows how candidates are kept and related; it must not know why one is looked for (see `fileEvidence.ts`).
import type { Definition, FileFacts, SymbolSource } from './facts.ts';
import { type Candidate, noReasons, type Reasons } from './reasons.ts';

const maxMembers = 80;
const maxBases = 32;
const maxDepthOfBases = 5;
/** A generated file may name any number of types; no order of theirs is worth seconds. */
const maxConnections = 1000;

interface Connection {
  readonly map: 'typeNames' | 'holders' | 'namesakes';
  readonly local: string;
  readonly share: number;
  readonly reason?: 'memberOfValue' | 'memberOfNamesake';
}

interface TypeAtDepth {
  readonly name: string;
  readonly depth: number;
}

export class CandidateSet {
  readonly source: SymbolSource;
  readonly facts: FileFacts;
  /** How often each name is used. */
  readonly uses = new Map<string, number>();
  readonly importedPaths = new Set<string>();
  /** How far each type can be reached from the file, from 0 to 1. */
  readonly reached = new Map<string, number>();
  readonly #candidates = new Map<string, Candidate>();
  readonly #members = new Map<string, readonly Definition[]>();
  readonly #bases = new Map<string, readonly TypeAtDepth[]>();
  #connections = 0;

  constructor(source: SymbolSource, facts: FileFacts) {
    this.source = source;
    this.facts = facts;
    for (const { name } of facts.references) this.uses.set(name, (this.uses.get(name) ?? 0) + 1);
  }

  all(): Candidate[] {
    return [...this.#candidates.values()];
  }

  /** The members of a type and its bases belong to what a name in the file stands for. */
  connect(type: string, { map, local, share, reason }: Connection): void {
    if (++this.#connections > maxConnections) return;
    for (const { name, depth } of this.withBases(type)) {
      const left = share * 0.8 ** depth;
      if (depth > 0) this.reach(name, (this.reached.get(type) ?? 0) * 0.8 ** depth);
      for (const member of this.membersOf(name)) {
        const candidate = this.candidateOf(member);
        if (!candidate) continue;
        candidate[map] = strengthened(candidate[map], local, left);
        if (reason && left > candidate.reasons[reason]) candidate.reasons[reason] = left;
      }
    }
  }

  candidatesByName(): Map<string, Definition[]> {
    const byName = new Map<string, Definition[]>();
    for (const { definition } of this.#candidates.values()) {
      const known = byName.get(definition.name);
      if (known) known.push(definition);
      else byName.set(definition.name, [definition]);
    }
    return byName;
  }

  /** Those that the file has to do with are there even where so many share the name that no table holds all. */
  homonyms(name: string, known: ReadonlyMap<string, readonly Definition[]>): Definition[] {
    const found = new Map<string, Definition>();
    for (const definition of [...(known.get(name) ?? []), ...this.source.definitionsNamed(name)]) found.set(keyOf(definition), definition);
    return [...found.values()];
  }

  weightAmongHomonyms(definition: Definition): number {
    return 0.03 + Math.max(this.reachedBy(definition), this.importedPaths.has(definition.path) ? 0.5 : 0);
  }

  /** How far its type, or the type of which it is a member, can be reached from the file. */
  reachedBy({ name, container }: Definition): number {
    return Math.max(this.reached.get(container === undefined ? name : simpleName(container)) ?? 0, this.reached.get(name) ?? 0);
  }

  /** @returns undefined for what stands in the file itself: it is read there */
  candidateOf(definition: Definition): Candidate | undefined {
    if (definition.path === this.facts.path) return undefined;
    const key = keyOf(definition);
    let candidate = this.#candidates.get(key);
    if (!candidate) {
      candidate = {
        definition,
        reasons: noReasons(),
        localName: definition.name,
        localTypes: nothing,
        typeNames: nothing,
        holders: nothing,
        namesakes: nothing,
        heirs: nothing,
      };
      this.#candidates.set(key, candidate);
    }
    return candidate;
  }

  note(definition: Definition, reason: keyof Reasons, value: number): void {
    const reasons = this.candidateOf(definition)?.reasons;
    if (reasons && value > reasons[reason]) reasons[reason] = value;
  }

  rename(definition: Definition, localName: string): void {
    const candidate = this.candidateOf(definition);
    if (candidate) candidate.localName = localName;
  }

  reach(type: string, strength: number): void {
    if (strength > (this.reached.get(type) ?? 0)) this.reached.set(type, strength);
  }

  membersOf(type: string): readonly Definition[] {
    let members = this.#members.get(type);
    if (!members) this.#members.set(type, (members = this.source.membersOf(type).slice(0, maxMembers)));
    return members;
  }

  /** The type itself first; a cycle of types ends. */
  withBases(type: string): readonly TypeAtDepth[] {
    const known = this.#bases.get(type);
    if (known) return known;
    const result = [{ name: type, depth: 0 }];
    const seen = new Set([type]);
    for (const { name, depth } of result) {
      if (depth >= maxDepthOfBases) continue;
      for (const base of this.source.baseTypesOf(name)) {
        if (seen.has(base) || result.length >= maxBases) continue;
        seen.add(base);
        result.push({ name: base, depth: depth + 1 });
      }
    }
    this.#bases.set(type, result);
    return result;
  }
}

/** Shared by all candidates of which there is nothing to tell: thousands of empty maps would be most of the work. */
const nothing: ReadonlyMap<never, number> = new Map<never, number>();

/** @returns the same map, unless it is the shared one */
export function strengthened<Key>(shares: ReadonlyMap<Key, number>, key: Key, share: number): ReadonlyMap<Key, number> {
  if (share <= (shares.get(key) ?? 0)) return shares;
  return shares.size === 0 ? new Map([[key, share]]) : (shares as Map<Key, number>).set(key, share);
}

const keyOf = ({ path, startLine, name }: Definition) => `${path}:${startLine}:${name}`;
export const simpleName = (container: string) => container.slice(container.lastIndexOf('.') + 1);
