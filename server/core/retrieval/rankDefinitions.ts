// How likely each definition is needed at the cursor, and in which order a budget should take them. It knows reasons and their weights; it must not
// know where reasons come from or how a definition is laid out.
//
// The chance is that of a logistic regression over the reasons; the order is chance by token, the greedy answer to the knapsack problem.
// https://en.wikipedia.org/wiki/Knapsack_problem#Greedy_approximation_algorithm
import type { Definition } from './facts.ts';
import type { FileEvidence } from './fileEvidence.ts';
import type { Candidate, Reasons } from './reasons.ts';
import type { RankedDefinition } from './packContext.ts';
import { type CursorReasons, cursorWeights, fileWeights, intercept } from './rankWeights.ts';
import { signatureText } from './signatureText.ts';
import { subWordsOf } from './words.ts';

export interface Cursor {
  /** From 0. */
  readonly line: number;
  /** The lines around it: their words say what it is about. */
  readonly nearText: string;
  /** Members of what stands before the dot at the cursor, where the editor or the text tells its type (see `receiver.ts`). */
  readonly receiverMembers?: readonly Definition[];
}

/** Nothing but the receiver's members can follow a dot. */
const receiverBonus = 12;
/** A line costs its indentation and share of the file's name too. */
const tokensOfLine = 4;
const halfDistance = 8;
const overloadPenalty = 2;
/** Some hundred fit the largest budget; a file with thousands of candidates must not slow every line down. */
const maxRanked = 1500;
/** Of a signature of 16 tokens, which is about the mean. */
const unknownCost = Math.log(16 + tokensOfLine);

export interface PreparedCandidate {
  readonly candidate: Candidate;
  fixed: number;
  readonly cost: number;
  readonly words: readonly string[];
}

/** A file's candidates with everything worked out that no cursor changes. */
export interface PreparedEvidence {
  readonly evidence: FileEvidence;
  readonly prepared: readonly PreparedCandidate[];
  readonly linesOf: ReadonlyMap<string, readonly number[]>;
  readonly linesOfType: ReadonlyMap<string, readonly number[]>;
}

export function prepareEvidence(evidence: FileEvidence, countTokens: (text: string) => number): PreparedEvidence {
  const prepared = evidence.candidates.map((candidate): PreparedCandidate => {
    let fixed = intercept;
    for (const reason of Object.keys(candidate.reasons) as (keyof Reasons)[]) fixed += fileWeights[reason] * candidate.reasons[reason];
    const cost = Math.log(countTokens(signatureText(candidate.definition)) + tokensOfLine);
    return { candidate, fixed, cost, words: subWordsOf(candidate.definition.name) };
  });
  lowerOverloads(prepared);
  if (prepared.length > maxRanked) {
    const best = new Map(prepared.map((one) => [one, one.fixed + mostAtCursor(one.candidate) - one.cost]));
    prepared.sort((a, b) => (best.get(b) as number) - (best.get(a) as number));
    prepared.length = maxRanked;
  }
  return {
    evidence,
    prepared,
    linesOf: linesBy(evidence.facts.references, (reference) => reference.name),
    linesOfType: linesBy(evidence.facts.bindings, (binding) => binding.typeName),
  };
}

/** Who has read one signature of a function needs the next one less: `select` with its eleven overloads would fill a small budget. Shorter ones first. */
function lowerOverloads(prepared: readonly PreparedCandidate[]): void {
  const overloads = new Map<string, PreparedCandidate[]>();
  for (const one of prepared) {
    const { path, container = '', name, kind } = one.candidate.definition;
    if (kind !== 'function' && kind !== 'method' && kind !== 'constructor') continue;
    const key = `${path}:${container}:${name}`;
    const known = overloads.get(key);
    if (known) known.push(one);
    else overloads.set(key, [one]);
  }
  for (const group of overloads.values()) {
    if (group.length === 1) continue;
    group.sort((a, b) => a.cost - b.cost || a.candidate.definition.startLine - b.candidate.definition.startLine);
    for (const [index, one] of group.entries()) one.fixed -= overloadPenalty * Math.log(1 + index);
  }
}

/** @returns the most that any place of the cursor can add */
function mostAtCursor({ reasons, localTypes, typeNames, holders, namesakes, heirs }: Candidate): number {
  let most = cursorWeights.words;
  if (reasons.importedByName > 0) most += cursorWeights.importedNear;
  if (reasons.ofModule > 0) most += cursorWeights.moduleNear;
  if (typeNames.size > 0) most += cursorWeights.typeNear;
  if (holders.size > 0) most += cursorWeights.holderNear;
  if (namesakes.size > 0) most += cursorWeights.namesakeNear;
  if (reasons.visible > 0) most += cursorWeights.visibleNear + cursorWeights.visibleNearReached * reasons.visibleReached;
  if (localTypes.size > 0) most += cursorWeights.memberOfLocal;
  if (heirs.size > 0) most += cursorWeights.inherited;
  return most;
}

/** @returns all candidates, best first */
export function rankDefinitions(prepared: PreparedEvidence, cursor: Cursor): RankedDefinition[] {
  const reasonsAt = cursorReasons(prepared, cursor);
  const members = new Map(cursor.receiverMembers?.map((definition) => [keyOf(definition), definition]));
  const ranked = prepared.prepared.map((one): RankedDefinition => {
    const { definition } = one.candidate;
    const at = reasonsAt(one);
    let score = one.fixed;
    for (const reason of reasonNames) score += cursorWeights[reason] * at[reason];
    if (members.size > 0 && members.delete(keyOf(definition))) score += receiverBonus;
    return rankedBy(definition, score, one.cost);
  });
  for (const definition of members.values()) {
    if (definition.path !== prepared.evidence.facts.path) ranked.push(rankedBy(definition, intercept + receiverBonus, unknownCost));
  }
  return ranked.sort((a, b) => b.score - a.score || compare(a.definition, b.definition));
}

function rankedBy(definition: Definition, score: number, cost: number): RankedDefinition {
  const chance = 1 / (1 + Math.exp(-score));
  return { definition, chance, score: Math.log(chance) - cost };
}

const keyOf = ({ path, startLine, name }: Definition) => `${path}:${startLine}:${name}`;

const reasonNames = Object.keys(cursorWeights) as (keyof CursorReasons)[];

/** @returns what the cursor says for one candidate after the other */
export function cursorReasons({ evidence, linesOf, linesOfType }: PreparedEvidence, cursor: Cursor): (one: PreparedCandidate) => CursorReasons {
  const near = remembering((name) => nearness(linesOf.get(name), cursor.line));
  const nearType = remembering((type) => nearness(linesOfType.get(type), cursor.line));
  const nearWords = new Set<string>();
  for (const [identifier] of cursor.nearText.matchAll(/[A-Za-z_$][\w$]*/g)) for (const word of subWordsOf(identifier)) nearWords.add(word);
  const around = new Set(evidence.facts.definitions.filter((one) => one.startLine <= cursor.line && cursor.line <= one.endLine));
  return ({ candidate, words }) => {
    const { reasons, localName, localTypes, typeNames, holders, namesakes, heirs } = candidate;
    const visibleNear = reasons.visible > 0 ? near(candidate.definition.name) : 0;
    return {
      importedNear: reasons.importedByName > 0 ? near(localName) : 0,
      moduleNear: reasons.ofModule > 0 ? near(localName) : 0,
      visibleNear,
      visibleNearReached: visibleNear * reasons.visibleReached,
      memberOfLocal: localTypes.size > 0 ? strongestNear(localTypes, nearType) : 0,
      typeNear: typeNames.size > 0 ? strongestNear(typeNames, near) : 0,
      holderNear: holders.size > 0 ? strongestNear(holders, near) : 0,
      namesakeNear: namesakes.size > 0 ? strongestNear(namesakes, near) : 0,
      inherited: heirs.size > 0 ? strongestHeir(heirs, around) : 0,
      words: words.length > 0 ? countIn(words, nearWords) / words.length : 0,
    };
  };
}

function strongestNear(shares: ReadonlyMap<string, number>, near: (name: string) => number): number {
  let best = 0;
  for (const [name, share] of shares) best = Math.max(best, share * near(name));
  return best;
}

/** A class that is not around the cursor may still be what a line below makes use of. */
function strongestHeir(heirs: ReadonlyMap<Definition, number>, around: ReadonlySet<Definition>): number {
  let best = 0;
  for (const [heir, share] of heirs) best = Math.max(best, share * (around.has(heir) ? 1 : 0.4));
  return best;
}

function nearness(lines: readonly number[] | undefined, line: number): number {
  let distance = Infinity;
  for (const one of lines ?? []) distance = Math.min(distance, Math.abs(one - line));
  return 1 / (1 + distance / halfDistance);
}

function remembering(compute: (key: string) => number): (key: string) => number {
  const known = new Map<string, number>();
  return (key) => {
    let value = known.get(key);
    if (value === undefined) known.set(key, (value = compute(key)));
    return value;
  };
}

function linesBy<Item extends { readonly line: number }>(items: readonly Item[], nameOf: (item: Item) => string): Map<string, number[]> {
  const lines = new Map<string, number[]>();
  for (const item of items) {
    const known = lines.get(nameOf(item));
    if (known) known.push(item.line);
    else lines.set(nameOf(item), [item.line]);
  }
  return lines;
}

function countIn(words: readonly string[], set: ReadonlySet<string>): number {
  let count = 0;
  for (const word of words) if (set.has(word)) count++;
  return count;
}

function compare(a: Definition, b: Definition): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : a.startLine - b.startLine;
}
