// Collects every definition that a file may need next, each with the reasons why, as far as they do not hang on the cursor. It knows facts of
// files; it must not know budgets, text or what the reasons are worth (see `rankDefinitions.ts`).
//
// Computed when the file's facts change, at idle: a cursor that moves only ranks what is here.
import { CandidateSet, simpleName, strengthened } from './candidateSet.ts';
import type { Definition, FileFacts, ImportBinding, SymbolSource } from './facts.ts';
import { isModuleNamed } from './moduleNames.ts';
import type { Candidate, Reasons } from './reasons.ts';
import type { UsageIndex } from './usage.ts';

export interface FileEvidence {
  readonly facts: FileFacts;
  readonly candidates: readonly Candidate[];
}

const maxReached = 24;
const minLengthOfNamesake = 3;
const maxNamesakes = 4;
const predictedNames = 200;
const maxDefinitionsOfPredicted = 6;

export function collectFileEvidence(source: SymbolSource, usage: UsageIndex, path: string): FileEvidence | undefined {
  const facts = source.file(path);
  if (!facts) return undefined;
  const set = new CandidateSet(source, facts);
  addImports(set);
  addInherited(set);
  addMembersOfLocals(set);
  addMembersOfOwn(set);
  addNamesakes(set);
  addReachedTypes(set);
  // Last: of homonyms the ones are meant that the file has to do with otherwise.
  addVisibleNames(set);
  addPredicted(set, usage);
  return { facts, candidates: finish(set, usage) };
}

function addImports(set: CandidateSet): void {
  const imported = new Set<string>();
  for (const binding of set.facts.imports) {
    if (binding.resolvedPaths.length === 0) continue;
    for (const path of binding.resolvedPaths) imported.add(path);
    if (isModule(binding)) addModule(set, binding);
    else if (binding.imported === '*') for (const definition of set.source.definitionsOfImport(binding)) set.note(definition, 'besideImported', 1);
    else for (const definition of set.source.definitionsOfImport(binding)) addImported(set, definition, binding);
  }
  for (const path of imported) {
    set.importedPaths.add(path);
    for (const definition of set.source.file(path)?.definitions ?? []) {
      if (definition.container !== undefined) set.note(definition, 'memberBesideImported', 1);
      else if (definition.isExported) set.note(definition, 'besideImported', 1);
    }
  }
}

function addImported(set: CandidateSet, definition: Definition, { local }: ImportBinding): void {
  set.importedPaths.add(definition.path);
  set.note(definition, 'importedByName', 1);
  if (!set.uses.has(local)) set.note(definition, 'importedUnused', 1);
  if (local !== definition.name) set.rename(definition, local);
  if (isType(definition)) {
    set.reach(definition.name, 0.6);
    for (const member of set.membersOf(definition.name)) if (member.path === definition.path) set.note(member, 'memberOfImported', 1);
    set.connect(definition.name, { map: 'typeNames', local, share: 1 });
  } else if (definition.typeName !== undefined) {
    set.reach(definition.typeName, 0.4);
    set.connect(definition.typeName, { map: 'holders', local, share: 1, reason: 'memberOfValue' });
  }
  for (const type of typesIn(definition.signature)) set.reach(type, 0.25);
}

function addModule(set: CandidateSet, binding: ImportBinding): void {
  const local = simpleName(binding.local);
  const definitions = set.source.definitionsOfImport({ ...binding, imported: '*' });
  const smallness = 1 - Math.log2(definitions.length) / 8;
  for (const definition of definitions) {
    set.importedPaths.add(definition.path);
    set.note(definition, 'ofModule', 1);
    set.note(definition, 'ofSmallModule', smallness);
    if (!set.uses.has(local)) set.note(definition, 'ofUnusedModule', 1);
    if (!binding.resolvedPaths.includes(definition.path)) set.note(definition, 'passedOn', 1);
    set.rename(definition, local);
    if (isType(definition)) {
      set.reach(definition.name, 0.3);
      for (const member of set.membersOf(definition.name)) if (member.path === definition.path) set.note(member, 'memberBesideImported', 1);
    } else if (definition.typeName !== undefined) set.reach(definition.typeName, 0.1);
  }
}

function addVisibleNames(set: CandidateSet): void {
  const own = new Set(set.facts.definitions.map((definition) => definition.name));
  const known = set.candidatesByName();
  for (const name of set.uses.keys()) {
    const definitions = set.homonyms(name, known);
    for (const definition of definitions) {
      // What the file defines itself is likelier meant.
      set.note(definition, 'visible', own.has(name) ? 0.3 : 1);
      set.note(definition, 'visibleAmong', 1 / definitions.length);
    }
  }
}

function addInherited(set: CandidateSet): void {
  for (const definition of set.facts.definitions) {
    if (!isType(definition)) continue;
    for (const { name, depth } of set.withBases(definition.name)) {
      if (depth === 0) continue;
      set.reach(name, 0.8);
      for (const member of set.membersOf(name)) {
        const candidate = set.candidateOf(member);
        if (candidate) candidate.heirs = strengthened(candidate.heirs, definition, 0.9 ** (depth - 1));
      }
    }
  }
}

function addMembersOfLocals(set: CandidateSet): void {
  for (const type of new Set(set.facts.bindings.map((binding) => binding.typeName))) {
    for (const { name, depth } of set.withBases(type)) {
      const share = 0.8 ** depth;
      set.reach(name, 0.6 * share);
      for (const member of set.membersOf(name)) {
        const candidate = set.candidateOf(member);
        if (candidate) candidate.localTypes = strengthened(candidate.localTypes, type, share);
      }
    }
  }
}

/** Fields, variables and functions of the file itself. */
function addMembersOfOwn(set: CandidateSet): void {
  for (const { name, typeName } of set.facts.definitions) {
    if (typeName === undefined) continue;
    set.reach(typeName, 0.5);
    set.connect(typeName, { map: 'holders', local: name, share: 1 });
  }
}

/** Where no type is written down, what a variable is called says most. */
function addNamesakes(set: CandidateSet): void {
  for (const name of set.uses.keys()) {
    if (/^[A-Z]/.test(name) || name.length < minLengthOfNamesake) continue;
    const whole = pascalCase(name);
    const last = pascalCase(/[A-Za-z][a-z0-9]*$/.exec(name)?.[0] ?? '');
    for (const [type, share] of last === whole ? [[whole, 1] as const] : [[whole, 1] as const, [last, 0.5] as const]) {
      const types = set.source.definitionsNamed(type).filter(isType);
      if (types.length === 0 || types.length > maxNamesakes) continue;
      set.reach(type, 0.3 * share);
      set.connect(type, { map: 'namesakes', local: name, share: share / types.length, reason: 'memberOfNamesake' });
      break;
    }
  }
}

/** One step further: the types that members of the types so far have or return. */
function addReachedTypes(set: CandidateSet): void {
  const next = new Map<string, number>();
  const held = new Map<string, string>();
  for (const [type, strength] of strongest(set.reached)) {
    for (const member of set.membersOf(type)) {
      set.candidateOf(member);
      if (member.typeName === undefined || set.reached.has(member.typeName)) continue;
      const isUsed = set.uses.has(member.name);
      const share = strength * (isUsed ? 0.5 : 0.1);
      if (isUsed) held.set(member.typeName, member.name);
      next.set(member.typeName, Math.max(next.get(member.typeName) ?? 0, share));
    }
  }
  for (const [type, strength] of strongest(next)) {
    const local = held.get(type);
    if (local !== undefined) set.connect(type, { map: 'holders', local, share: 0.7 });
    for (const { name, depth } of set.withBases(type)) {
      set.reach(name, strength * 0.8 ** depth);
      for (const member of set.membersOf(name)) set.candidateOf(member);
    }
  }
}

function addPredicted(set: CandidateSet, usage: UsageIndex): void {
  const known = set.candidatesByName();
  for (const { name, share, binding } of usage.predict(set.facts, predictedNames)) {
    const imported = binding ? set.source.definitionsOfImport(binding) : [];
    if (imported.length > 0) {
      if (imported.length <= maxDefinitionsOfPredicted) for (const definition of imported) set.note(definition, 'predicted', share);
      continue;
    }
    const all = set.homonyms(name, known);
    const total = all.reduce((sum, definition) => sum + set.weightAmongHomonyms(definition), 0);
    // Of many only those are worth a place that something else speaks for.
    const few = all.length > maxDefinitionsOfPredicted ? (known.get(name) ?? []) : all;
    for (const definition of few) set.note(definition, 'predicted', (share * set.weightAmongHomonyms(definition)) / total);
  }
}

function finish(set: CandidateSet, usage: UsageIndex): Candidate[] {
  const candidates = set.all();
  const weightOfName = new Map<string, number>();
  for (const { definition, reasons, localName } of candidates) {
    describe(set, definition, reasons, usage);
    reasons.often = Math.log2(1 + (set.uses.get(localName) ?? 0)) / 5;
    if (reasons.visible > 0) weightOfName.set(definition.name, (weightOfName.get(definition.name) ?? 0) + set.weightAmongHomonyms(definition));
  }
  for (const definition of set.facts.definitions) {
    const weight = weightOfName.get(definition.name);
    if (weight !== undefined) weightOfName.set(definition.name, weight + 1);
  }
  for (const { definition, reasons } of candidates) {
    // Each reason for what it alone says: an import by name tells all that a visible name could.
    if (reasons.importedByName > 0) reasons.besideImported = reasons.visible = reasons.visibleAmong = 0;
    if (reasons.ofModule > 0) reasons.besideImported = 0;
    if (reasons.memberOfImported > 0) reasons.memberBesideImported = 0;
    if (reasons.visible === 0) continue;
    reasons.visibleOfModule = reasons.visible * reasons.ofModule;
    reasons.ofModule = reasons.ofSmallModule = reasons.ofUnusedModule = reasons.passedOn = 0;
    reasons.visibleMember = reasons.visible * reasons.member;
    reasons.visibleReached = Math.max(reasons.reached, set.importedPaths.has(definition.path) ? 1 : 0);
    reasons.visibleShare = set.weightAmongHomonyms(definition) / (weightOfName.get(definition.name) ?? 1);
  }
  return candidates;
}

/** What holds of a definition whatever names stand in the file. */
function describe(set: CandidateSet, definition: Definition, reasons: Reasons, usage: UsageIndex): void {
  const owner = definition.container === undefined ? definition.name : simpleName(definition.container);
  reasons.reached = set.reachedBy(definition);
  reasons.predictedRoot = Math.sqrt(reasons.predicted);
  reasons.popular = Math.log2(1 + usage.countOf(definition.name)) / 10;
  if (definition.container !== undefined) {
    reasons.member = 1;
    reasons.usedOfType = usage.shareOf(definition.name, owner);
  } else if (!definition.isExported) reasons.notExported = 1;
  if (definition.kind === 'field') reasons.field = 1;
  if (definition.kind === 'variable' || definition.kind === 'constant') reasons.variable = 1;
}

const strongest = (types: ReadonlyMap<string, number>) => [...types].sort((a, b) => b[1] - a[1]).slice(0, maxReached);

/** Whether the name stands for the module itself, not for something in it. */
function isModule({ local, imported, resolvedPaths }: ImportBinding): boolean {
  if (imported === '*') return local !== '*' && local !== '';
  // `from package import module`
  return resolvedPaths.some((path) => isModuleNamed(path, imported));
}

/** `_parent_mapper` is `ParentMapper`. */
function pascalCase(name: string): string {
  return name.replace(/^[_$]+/, '').replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** Names that stand for types by the custom of most languages. */
function typesIn(signature: string): string[] {
  return [...new Set(signature.match(/\b[A-Z][\w$]*/g))].filter((name) => /[a-z]/.test(name));
}

function isType({ kind }: Definition): boolean {
  return kind === 'class' || kind === 'interface' || kind === 'struct' || kind === 'trait' || kind === 'enum' || kind === 'type';
}
