// Collects every definition that a file may need next, each with the reasons why, as far as they do not hang on the cursor. It knows facts of
// files; it must not know budgets, text or what the reasons are worth (see `rankDefinitions.ts`).
//
// Computed when the file's facts change, at idle: a cursor that moves only ranks what is here.
import type { Definition, FileFacts, SymbolSource } from './facts.ts';
import type { UsageIndex } from './usage.ts';

/** Numbers from 0 to about 1; 0 where nothing speaks for it. */
export interface Reasons {
  importedByName: number;
  /** Imported by name and used nowhere yet: somebody wants to. */
  importedUnused: number;
  /** Exported by a module that is imported as a whole, or of which something else is imported. */
  besideImported: number;
  /** Member of a type that is imported by name. */
  memberOfImported: number;
  /** Member of another type of such a file. */
  memberBesideImported: number;
  /** Its name stands in the file, and no import says what it means. */
  visible: number;
  /** One divided by the number of definitions of a visible name. */
  visibleAmong: number;
  visibleMember: number;
  /** A visible name of a type or file that the file has to do with. */
  visibleReached: number;
  /** Its part among all definitions of that name, each counted as far as the file has to do with it. */
  visibleShare: number;
  /** How often the file uses the name: the logarithm to base 2, divided by 5. */
  often: number;
  /** The type, or the type of the member, can be reached from the types in the file. */
  reached: number;
  /** The share of similar files that use it. */
  predicted: number;
  /** The square root of it: the first few files that use it say most. */
  predictedRoot: number;
  popular: number;
  /** Of the files that use its type, the share that use it. */
  usedOfType: number;
  member: number;
  notExported: number;
  field: number;
  variable: number;
}

export interface Candidate {
  readonly definition: Definition;
  readonly reasons: Reasons;
  /** The name by which the file speaks of it: an alias, where an import gives one. */
  localName: string;
  /** Types of variables in the file of which it is a member; with the share that inheritance leaves. */
  readonly localTypes: Map<string, number>;
  /** Classes of the file that inherit it. */
  readonly heirs: Map<Definition, number>;
}

export interface FileEvidence {
  readonly facts: FileFacts;
  readonly candidates: readonly Candidate[];
}

/** A name of more definitions (`get`, `name`) says nothing about which is meant. */
const maxHomonyms = 64;
const maxMembers = 80;
const maxBases = 32;
const maxDepthOfBases = 5;
const maxReached = 24;
const predictedNames = 200;
const maxDefinitionsOfPredicted = 6;

export function collectFileEvidence(source: SymbolSource, usage: UsageIndex, path: string): FileEvidence | undefined {
  const facts = source.file(path);
  if (!facts) return undefined;
  const collector = new Collector(source, facts);
  collector.addImports();
  collector.addVisibleNames();
  collector.addInherited();
  collector.addMembersOfLocals();
  collector.addReachedTypes();
  collector.addPredicted(usage);
  return { facts, candidates: collector.finish(usage) };
}

class Collector {
  readonly #source: SymbolSource;
  readonly #facts: FileFacts;
  readonly #candidates = new Map<string, Candidate>();
  /** How often each name is used. */
  readonly #uses = new Map<string, number>();
  readonly #importedPaths = new Set<string>();
  readonly #reached = new Map<string, number>();

  constructor(source: SymbolSource, facts: FileFacts) {
    this.#source = source;
    this.#facts = facts;
    for (const { name } of facts.references) this.#uses.set(name, (this.#uses.get(name) ?? 0) + 1);
  }

  addImports(): void {
    const imported = new Set<string>();
    for (const binding of this.#facts.imports) {
      if (binding.resolvedPaths.length === 0) continue;
      for (const path of binding.resolvedPaths) imported.add(path);
      const isModule = binding.imported === '*';
      for (const definition of this.#source.definitionsOfImport(binding)) {
        this.#importedPaths.add(definition.path);
        if (isModule) this.#note(definition, 'besideImported', 1);
        else {
          this.#note(definition, 'importedByName', 1);
          if (!this.#uses.has(binding.local)) this.#note(definition, 'importedUnused', 1);
          if (binding.local !== definition.name) this.#rename(definition, binding.local);
        }
        if (isType(definition)) {
          this.#reach(definition.name, isModule ? 0.3 : 0.6);
          for (const member of this.#membersOf(definition.name)) {
            if (member.path === definition.path) this.#note(member, isModule ? 'memberBesideImported' : 'memberOfImported', 1);
          }
        } else if (definition.typeName !== undefined) this.#reach(definition.typeName, isModule ? 0.1 : 0.4);
      }
    }
    for (const path of imported) {
      this.#importedPaths.add(path);
      for (const definition of this.#source.file(path)?.definitions ?? []) {
        if (definition.container !== undefined) this.#note(definition, 'memberBesideImported', 1);
        else if (definition.isExported) this.#note(definition, 'besideImported', 1);
      }
    }
  }

  addVisibleNames(): void {
    const own = new Set(this.#facts.definitions.map((definition) => definition.name));
    for (const name of this.#uses.keys()) {
      const definitions = this.#source.definitionsNamed(name);
      if (definitions.length >= maxHomonyms) continue;
      for (const definition of definitions) {
        // What the file defines itself is likelier meant.
        this.#note(definition, 'visible', own.has(name) ? 0.3 : 1);
        this.#note(definition, 'visibleAmong', 1 / definitions.length);
      }
    }
  }

  addInherited(): void {
    for (const definition of this.#facts.definitions) {
      if (!isType(definition)) continue;
      for (const { name, depth } of this.#withBases(definition.name)) {
        if (depth === 0) continue;
        this.#reach(name, 0.8);
        for (const member of this.#membersOf(name)) {
          const heirs = this.#candidateOf(member)?.heirs;
          const share = 0.9 ** (depth - 1);
          if (heirs && share > (heirs.get(definition) ?? 0)) heirs.set(definition, share);
        }
      }
    }
  }

  addMembersOfLocals(): void {
    for (const type of new Set(this.#facts.bindings.map((binding) => binding.typeName))) {
      for (const { name, depth } of this.#withBases(type)) {
        const share = 0.8 ** depth;
        this.#reach(name, 0.6 * share);
        for (const member of this.#membersOf(name)) {
          const types = this.#candidateOf(member)?.localTypes;
          if (types && share > (types.get(type) ?? 0)) types.set(type, share);
        }
      }
    }
  }

  /** One step further: the types that members of the types so far have or return. */
  addReachedTypes(): void {
    const next = new Map<string, number>();
    for (const [type, strength] of strongest(this.#reached)) {
      for (const member of this.#membersOf(type)) {
        if (member.typeName === undefined || this.#reached.has(member.typeName)) continue;
        const share = strength * (this.#uses.has(member.name) ? 0.5 : 0.1);
        next.set(member.typeName, Math.max(next.get(member.typeName) ?? 0, share));
      }
    }
    for (const [type, strength] of strongest(next)) {
      for (const { name, depth } of this.#withBases(type)) {
        this.#reach(name, strength * 0.8 ** depth);
        for (const member of this.#membersOf(name)) this.#candidateOf(member);
      }
    }
  }

  addPredicted(usage: UsageIndex): void {
    for (const { name, share, binding } of usage.predict(this.#facts, predictedNames)) {
      const definitions = binding ? this.#source.definitionsOfImport(binding) : this.#source.definitionsNamed(name);
      if (definitions.length > maxDefinitionsOfPredicted) continue;
      for (const definition of definitions) this.#note(definition, 'predicted', share / (binding ? 1 : definitions.length));
    }
  }

  finish(usage: UsageIndex): Candidate[] {
    const candidates = [...this.#candidates.values()];
    const weightOfName = new Map<string, number>();
    for (const { definition, reasons, localName } of candidates) {
      this.#describe(definition, reasons, usage);
      reasons.often = Math.log2(1 + (this.#uses.get(localName) ?? 0)) / 5;
      if (reasons.visible > 0) weightOfName.set(definition.name, (weightOfName.get(definition.name) ?? 0) + this.#weightAmongHomonyms(definition, reasons));
    }
    for (const definition of this.#facts.definitions) {
      const weight = weightOfName.get(definition.name);
      if (weight !== undefined) weightOfName.set(definition.name, weight + 1);
    }
    for (const { definition, reasons } of candidates) {
      // Each reason for what it alone says: an import by name tells all that a visible name could.
      if (reasons.importedByName > 0) reasons.besideImported = reasons.visible = reasons.visibleAmong = 0;
      if (reasons.memberOfImported > 0) reasons.memberBesideImported = 0;
      if (reasons.visible === 0) continue;
      reasons.visibleMember = reasons.visible * reasons.member;
      reasons.visibleReached = Math.max(reasons.reached, this.#importedPaths.has(definition.path) ? 1 : 0);
      reasons.visibleShare = this.#weightAmongHomonyms(definition, reasons) / (weightOfName.get(definition.name) ?? 1);
    }
    return candidates;
  }

  /** What holds of a definition whatever names stand in the file. */
  #describe(definition: Definition, reasons: Reasons, usage: UsageIndex): void {
    const owner = definition.container === undefined ? definition.name : simpleName(definition.container);
    reasons.reached = Math.max(this.#reached.get(owner) ?? 0, this.#reached.get(definition.name) ?? 0);
    reasons.predictedRoot = Math.sqrt(reasons.predicted);
    reasons.popular = Math.log2(1 + usage.countOf(definition.name)) / 10;
    if (definition.container !== undefined) {
      reasons.member = 1;
      reasons.usedOfType = usage.shareOf(definition.name, owner);
    } else if (!definition.isExported) reasons.notExported = 1;
    if (definition.kind === 'field') reasons.field = 1;
    if (definition.kind === 'variable' || definition.kind === 'constant') reasons.variable = 1;
  }

  #weightAmongHomonyms(definition: Definition, { reached }: Reasons): number {
    return 0.03 + Math.max(reached, this.#importedPaths.has(definition.path) ? 0.5 : 0);
  }

  /** @returns undefined for what stands in the file itself: it is read there */
  #candidateOf(definition: Definition): Candidate | undefined {
    if (definition.path === this.#facts.path) return undefined;
    const key = `${definition.path}:${definition.startLine}:${definition.name}`;
    let candidate = this.#candidates.get(key);
    if (!candidate) {
      candidate = { definition, reasons: noReasons(), localName: definition.name, localTypes: new Map(), heirs: new Map() };
      this.#candidates.set(key, candidate);
    }
    return candidate;
  }

  #note(definition: Definition, reason: keyof Reasons, value: number): void {
    const reasons = this.#candidateOf(definition)?.reasons;
    if (reasons && value > reasons[reason]) reasons[reason] = value;
  }

  #rename(definition: Definition, localName: string): void {
    const candidate = this.#candidateOf(definition);
    if (candidate) candidate.localName = localName;
  }

  #reach(type: string, strength: number): void {
    if (strength > (this.#reached.get(type) ?? 0)) this.#reached.set(type, strength);
  }

  #membersOf(type: string): readonly Definition[] {
    const members = this.#source.membersOf(type);
    return members.length > maxMembers ? members.slice(0, maxMembers) : members;
  }

  /** The type itself first; a cycle of types ends. */
  #withBases(type: string): { readonly name: string; readonly depth: number }[] {
    const result = [{ name: type, depth: 0 }];
    const seen = new Set([type]);
    for (const { name, depth } of result) {
      if (depth >= maxDepthOfBases) continue;
      for (const base of this.#source.baseTypesOf(name)) {
        if (seen.has(base) || result.length >= maxBases) continue;
        seen.add(base);
        result.push({ name: base, depth: depth + 1 });
      }
    }
    return result;
  }
}

const simpleName = (container: string) => container.slice(container.lastIndexOf('.') + 1);
const strongest = (types: ReadonlyMap<string, number>) => [...types].sort((a, b) => b[1] - a[1]).slice(0, maxReached);

function isType({ kind }: Definition): boolean {
  return kind === 'class' || kind === 'interface' || kind === 'struct' || kind === 'trait' || kind === 'enum' || kind === 'type';
}

function noReasons(): Reasons {
  return {
    importedByName: 0,
    importedUnused: 0,
    besideImported: 0,
    memberOfImported: 0,
    memberBesideImported: 0,
    visible: 0,
    visibleAmong: 0,
    visibleMember: 0,
    visibleReached: 0,
    visibleShare: 0,
    often: 0,
    reached: 0,
    predicted: 0,
    predictedRoot: 0,
    popular: 0,
    usedOfType: 0,
    member: 0,
    notExported: 0,
    field: 0,
    variable: 0,
  };
}
