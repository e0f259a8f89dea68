// How much of a model's context an edit needs, and what would fit when it is too much.
// It knows token counts. It must not know how they were counted, nor what the texts say.
import type { Explanation } from '../outcome.ts';

/** What chat templates put around the texts: a few tokens for the whole and for every message, with a reserve. */
const templateTokens = 16;
const messageTokens = 12;
/** An answer is expected to repeat at most about half of what was shown; this share is kept free, and a little for its markers. */
const answerShare = 0.5;
const leastAnswerTokens = 64;

export interface RequestTokens {
  /** Tokens of each message's text. */
  readonly messages: readonly number[];
  /** Tokens of the shown code alone, and its lines. */
  readonly shown: number;
  readonly shownLines: number;
}

export interface BudgetLimits {
  /** The model's context, in tokens. */
  readonly contextSize: number;
  /** The user's limit for one answer, in tokens. */
  readonly maxTokens: number;
}

export type EditBudget =
  /** `roomTokens` must be free for the answer, `maxTokens` is where it is cut: enough to repeat and rewrite all that was shown. */
  | { readonly fits: true; readonly roomTokens: number; readonly maxTokens: number }
  /** `fittingLines`: how many lines like the shown ones would fit; 0 when not even one does. */
  | { readonly fits: false; readonly promptTokens: number; readonly availableTokens: number; readonly fittingLines: number };

export function editBudget({ messages, shown, shownLines }: RequestTokens, { contextSize, maxTokens }: BudgetLimits): EditBudget {
  const promptTokens = messages.reduce((sum, tokens) => sum + tokens + messageTokens, templateTokens);
  const roomTokens = Math.min(maxTokens, leastAnswerTokens + Math.ceil(shown * answerShare));
  const availableTokens = Math.max(0, contextSize - roomTokens);
  if (promptTokens <= availableTokens) {
    return { fits: true, roomTokens, maxTokens: Math.max(1, Math.min(maxTokens, contextSize - promptTokens, 2 * shown + 4 * leastAnswerTokens)) };
  }
  const around = promptTokens - shown;
  const fittingShown = Math.max((contextSize - around - leastAnswerTokens) / (1 + answerShare), contextSize - around - maxTokens);
  const tokensPerLine = shownLines === 0 ? 1 : Math.max(1, shown / shownLines);
  return { fits: false, promptTokens, availableTokens, fittingLines: Math.max(0, Math.floor(fittingShown / tokensPerLine)) };
}

export interface OverflowFacts {
  readonly modelName: string;
  /** What was too much: the path, or "The selection". */
  readonly subject: string;
  readonly contextSize: number;
  readonly overflow: Extract<EditBudget, { fits: false }>;
}

/** The figures, and what would fit. */
export function explainOverflow({ modelName, subject, contextSize, overflow }: OverflowFacts): Explanation {
  const { promptTokens, availableTokens, fittingLines } = overflow;
  const cause = `${subject} and the instruction need ${promptTokens} tokens. ${modelName} has room for ${availableTokens} of its ${contextSize}: the rest is for the answer.`;
  if (fittingLines === 0) return { cause, action: 'Shorten the instruction, or choose a model with a longer context.' };
  const lines = fittingLines === 1 ? 'one line' : `about ${fittingLines} lines`;
  return { cause, action: `Select at most ${lines} of it, or choose a model with a longer context.` };
}
