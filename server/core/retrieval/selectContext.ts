// The context of a completion from the whole project: first the definitions that are likely needed, then what was edited last and what is alike in
// open files, then less likely definitions and pieces that text search found. It puts the parts of this folder together; it must not know files,
// prompts or time.
//
// A keystroke does not come here: whoever completes calls this when the cursor has come to another line, and keeps the answer.
import type { SymbolSource } from './facts.ts';
import { type Cursor, type PreparedEvidence, rankDefinitions } from './rankDefinitions.ts';
import { type OpenText, similarWindows, type Snippet } from './similarWindows.ts';
import { type StableBlock, updateStableBlock } from './stableBlock.ts';

export interface ContextRequest {
  readonly source: SymbolSource;
  /** Of the file, from when its facts changed last. */
  readonly evidence: PreparedEvidence;
  readonly cursor: Cursor;
  readonly budgetTokens: number;
  readonly countTokens: (text: string) => number;
  /** `//` or `#`. */
  readonly commentSign: string;
  /** In other files, oldest first: they are only ever appended to. */
  readonly recentEdits: readonly Snippet[];
  readonly openTexts: readonly OpenText[];
  /** What text search found, best first. */
  readonly found: readonly Snippet[];
  /** The answer before this one, for the same file. */
  readonly previous?: SelectedContext;
  /** What was alike in the answer before stays: the cursor has hardly moved. */
  readonly keepsSimilar?: boolean;
}

export interface SelectedContext {
  /** Hardly ever changes, and then mostly at its end. */
  readonly definitions: StableBlock;
  /** Recent edits: grows at its end, and loses its beginning when there is no more room. */
  readonly recent: readonly Snippet[];
  /** Goes with the cursor. */
  readonly similar: readonly Snippet[];
  readonly tokens: number;
}

/** Examples and edits together get this share at most: definitions are what recall comes from. */
const snippetsShare = 0.25;
const maxSimilar = 2;

export function selectContext(request: ContextRequest): SelectedContext {
  const { source, budgetTokens } = request;
  const snippetsBudget = Math.floor(budgetTokens * snippetsShare);
  const recent = lastThatFit(request.recentEdits, snippetsBudget, request);
  const shown = new Set(recent.map((snippet) => snippet.path)).add(request.evidence.evidence.facts.path);
  const others = request.openTexts.filter((text) => !shown.has(text.path));
  const alike = request.keepsSimilar ? (request.previous?.similar ?? []) : similarWindows(request.cursor.nearText, others, maxSimilar);
  const similar = firstThatFit(alike, snippetsBudget - tokensOf(recent, request), request);
  const ranked = rankDefinitions(request.evidence, request.cursor);
  // All or a fixed part: a block whose budget followed every edit would move.
  const definitionsBudget = recent.length + similar.length === 0 ? budgetTokens : budgetTokens - snippetsBudget;
  const definitions = updateStableBlock(request.previous?.definitions, ranked, {
    budgetTokens: definitionsBudget,
    countTokens: request.countTokens,
    commentSign: request.commentSign,
    hashOf: (path) => source.file(path)?.contentHash,
  });
  const tokens = definitions.tokens + tokensOf([...recent, ...similar], request);
  const tail = firstThatFit(request.found, budgetTokens - tokens, request);
  return { definitions, recent, similar: [...similar, ...tail], tokens: tokens + tokensOf(tail, request) };
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
