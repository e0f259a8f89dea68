// The context of a completion from the whole project: first the definitions that are likely needed, then the members of what stands before the dot, then what
// was edited last, what is alike in open files, and what text search finds where room is left. It puts the parts of this folder together; it must
// not know files, prompts or time.
//
// That order says who gets room. Where a part stands in the prompt says how seldom it changes (see `contextFiles.ts`).
//
// A keystroke does not come here: whoever completes calls this when the cursor has come to another line, and keeps the answer.
import type { Definition, SymbolSource } from './facts.ts';
import { type MemberBlock, noMembers, type ReceiverSource, updateMembers } from './memberBlock.ts';
import { type Cursor, type PreparedEvidence, rankDefinitions } from './rankDefinitions.ts';
import { type OpenText, similarWindows, type Snippet } from './similarWindows.ts';
import { type StableBlock, updateStableBlock } from './stableBlock.ts';

export interface ContextRequest {
  readonly source: SymbolSource;
  /** Of the file, from when its facts changed last. */
  readonly evidence: PreparedEvidence;
  readonly cursor: Cursor;
  /** Who says what the cursor's `receiverMembers` are. */
  readonly receiverSource?: ReceiverSource;
  readonly budgetTokens: number;
  readonly countTokens: (text: string) => number;
  /** `//` or `#`. */
  readonly commentSign: string;
  /** Oldest first: they are only ever appended to. */
  readonly recentEdits: readonly Snippet[];
  readonly openTexts: readonly OpenText[];
  /** What text search finds, best first, without what is shown; asked only where there is room for it. */
  readonly findMore: (isShown: (definition: Definition) => boolean) => readonly Snippet[];
  /** The answer before this one, for the same file. */
  readonly previous?: SelectedContext;
  /** The cursor has hardly moved: what was alike, found or a member in the answer before stays. */
  readonly staysNear?: boolean;
}

export interface SelectedContext {
  /** Hardly ever changes, and then mostly at its end. */
  readonly definitions: StableBlock;
  /** Recent edits: grows at its end, and loses its beginning when there is no more room. */
  readonly recent: readonly Snippet[];
  /** Goes with the cursor. */
  readonly similar: readonly Snippet[];
  /** Goes with the cursor, and gives its place to anything else. */
  readonly found: readonly Snippet[];
  /** Goes with the dots that the cursor comes to. */
  readonly members: MemberBlock;
  /** Definitions have given part of the budget away; they never get it back, since each change of what they have may move the whole block. */
  readonly isShared: boolean;
  readonly tokens: number;
}

/** Definitions get all but this share as soon as there is anything else to show: recall comes from them. */
const otherShare = 0.25;
const recentShare = 0.125;
const maxSimilar = 2;
/** With less room a search is not worth its milliseconds. */
const leastTailTokens = 32;

export function selectContext(request: ContextRequest): SelectedContext {
  const { source, budgetTokens, cursor, evidence, previous, staysNear } = request;
  const otherBudget = Math.floor(budgetTokens * otherShare);
  const recent = lastThatFit(request.recentEdits, Math.floor(budgetTokens * recentShare), request);
  const taken = new Set(recent.map((snippet) => snippet.path)).add(evidence.evidence.facts.path);
  const others = request.openTexts.filter((text) => !taken.has(text.path));
  const alike = staysNear ? (previous?.similar ?? []) : similarWindows(cursor.nearText, others, maxSimilar);
  const kept = staysNear ? (previous?.members ?? noMembers) : noMembers;
  const hasOthers = recent.length + alike.length + kept.packs.length + (cursor.receiverMembers?.length ?? 0) > 0;
  const isShared = hasOthers || previous?.isShared === true;
  const common = { countTokens: request.countTokens, commentSign: request.commentSign, hashOf: (path: string) => source.file(path)?.contentHash };
  // Without what stands before the dot, which would move the block at each dot.
  const { receiverMembers = [], ...place } = cursor;
  const definitions = updateStableBlock(previous?.definitions, rankDefinitions(evidence, place), {
    ...common,
    budgetTokens: isShared ? budgetTokens - otherBudget : budgetTokens,
  });
  const inBlock = new Set(definitions.packs.flatMap((pack) => pack.definitions.map(keyOf)));
  let room = budgetTokens - definitions.tokens - tokensOf(recent, request);
  const members = updateMembers(kept, receiverMembers.length === 0 ? [] : bestMembers(evidence, cursor), {
    ...common,
    budgetTokens: Math.max(0, Math.min(otherBudget, room)),
    source: request.receiverSource ?? 'text',
    isShown: (definition) => inBlock.has(keyOf(definition)),
  });
  room -= members.tokens;
  const similar = firstThatFit(alike, Math.min(otherBudget, room), request);
  room -= tokensOf(similar, request);
  const shown = new Set([...inBlock, ...members.packs.flatMap((pack) => pack.definitions.map(keyOf))]);
  const isKept = staysNear && previous !== undefined;
  const more = isKept ? previous.found : room >= leastTailTokens ? request.findMore((definition) => shown.has(keyOf(definition))) : [];
  const found = firstThatFit(more, room, request);
  return { definitions, recent, similar, found, members, isShared, tokens: budgetTokens - room + tokensOf(found, request) };
}

function bestMembers(evidence: PreparedEvidence, cursor: Cursor): Definition[] {
  const wanted = new Set(cursor.receiverMembers?.map(keyOf));
  const ranked = rankDefinitions(evidence, cursor).map(({ definition }) => definition);
  return ranked.filter((definition) => wanted.has(keyOf(definition)) && definition.path !== evidence.evidence.facts.path);
}

function firstThatFit(snippets: readonly Snippet[], budgetTokens: number, request: ContextRequest): Snippet[] {
  const fitting: Snippet[] = [];
  let left = budgetTokens;
  for (const snippet of snippets) {
    const cost = tokensOf([snippet], request);
    if (cost > left) continue;
    fitting.push(snippet);
    left -= cost;
  }
  return fitting;
}

function lastThatFit(snippets: readonly Snippet[], budgetTokens: number, request: ContextRequest): Snippet[] {
  return firstThatFit(snippets.toReversed(), budgetTokens, request).reverse();
}

function tokensOf(snippets: readonly Snippet[], { countTokens, commentSign }: ContextRequest): number {
  return snippets.reduce((sum, { path, text }) => sum + countTokens(`${commentSign} ${path}\n${text}\n`), 0);
}

const keyOf = ({ path, startLine, name }: Definition) => `${path}:${startLine}:${name}`;
