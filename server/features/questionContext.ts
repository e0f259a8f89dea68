// What of the project a question is asked with: pieces within a budget, told apart from what the user attached. It knows the model's room and the budget; it must
// not know how pieces are found, or how a prompt shows them.
import type { ShownText } from '../core/prompt/chatPrompt.ts';
import type { ContextItem, ContextParams, ContextResult } from '../protocol/context.ts';

/** Finds pieces; `tramontane/context` without the connection. */
export type FindContext = (params: ContextParams, signal: AbortSignal) => Promise<ContextResult>;

export interface QuestionContextRequest {
  readonly purpose: 'chat' | 'edit';
  readonly question: string;
  /** Where it is asked, if anywhere. */
  readonly uri: string | undefined;
  /** In that document. */
  readonly position?: { readonly line: number; readonly character: number };
  /** What the model is shown anyway. */
  readonly shownUris: ReadonlySet<string>;
  readonly contextSize: number;
  /** Tokens that nothing else needs. */
  readonly freeTokens: number;
}

/** Smaller ones have no room for more than the question. */
const leastContextSize = 4096;
const share = 0.25;
const mostTokens = 4096;
/** Fewer are not worth the search. */
const leastTokens = 200;
const maxQuestion = 4000;

export async function questionContext(find: FindContext | undefined, request: QuestionContextRequest, signal: AbortSignal): Promise<readonly ContextItem[]> {
  const { purpose, question, uri, position, shownUris, contextSize, freeTokens } = request;
  // Half of what is free: the pieces' tokens are an estimate, and headings and fences come on top.
  const budgetTokens = Math.floor(Math.min(questionBudget(contextSize), freeTokens / 2));
  const query = question.trim().slice(0, maxQuestion);
  if (!find || budgetTokens < leastTokens || query === '') return [];
  const found = await find(
    { purpose, query, budgetTokens, ...(uri === undefined ? {} : { textDocument: { uri } }), ...(position ? { position } : {}) },
    signal,
  );
  return found.outcome === 'ok' ? found.items.filter((item) => !shownUris.has(item.uri)) : [];
}

/** The most that a question is told of the project, tokens; 0 where the model has no room for any of it. */
export function questionBudget(contextSize: number): number {
  return contextSize < leastContextSize ? 0 : Math.floor(Math.min(mostTokens, contextSize * share));
}

export function shownItem({ path, text, range }: ContextItem): ShownText {
  return { path, languageId: '', text, lines: { first: range.start.line + 1, last: Math.max(range.start.line + 1, range.end.line) } };
}
