// What of a conversation and its context fits into a model's context. It knows token counts and what matters most; it must not know
// where they come from.
// The question and what the user selected must fit whole. Then come the newest turns, then as much of the attached files as is left.

export interface ChatPieces {
  /** Tokens that are always sent: system text, template, the question. */
  readonly fixedTokens: number;
  /** Tokens of the earlier messages, oldest first. */
  readonly historyTokens: readonly number[];
  readonly attachments: readonly { readonly tokens: number; readonly mayBeCut: boolean }[];
  readonly budgetTokens: number;
}

export type ChatFit =
  | {
      readonly fits: true;
      /** How many of the oldest messages are left out. */
      readonly droppedMessages: number;
      /** Tokens granted to each attachment, in order; its own count when it is shown whole. */
      readonly attachmentTokens: readonly number[];
    }
  | { readonly fits: false; readonly neededTokens: number };

/** Files are cut to no less than this: a few lines without their surroundings mislead. */
const leastFileTokens = 48;
/** Share of what is left after the question that files may take before older turns get their part. */
const fileShare = 0.7;

export function fitChat({ fixedTokens, historyTokens, attachments, budgetTokens }: ChatPieces): ChatFit {
  const wholeTokens = attachments.reduce((sum, attachment) => sum + (attachment.mayBeCut ? 0 : attachment.tokens), 0);
  const neededTokens = fixedTokens + wholeTokens;
  if (neededTokens > budgetTokens) return { fits: false, neededTokens };

  let left = budgetTokens - neededTokens;
  const allHistory = historyTokens.reduce((sum, tokens) => sum + tokens, 0);
  const cuttable = attachments.reduce((sum, attachment) => sum + (attachment.mayBeCut ? attachment.tokens : 0), 0);
  // Files take their share first only as far as older turns would otherwise crowd them out.
  const forFiles = Math.min(cuttable, Math.max(Math.floor(left * fileShare), left - allHistory));
  left -= forFiles;

  let droppedMessages = historyTokens.length;
  for (let index = historyTokens.length - 1; index >= 0; index--) {
    const tokens = historyTokens[index] ?? 0;
    if (tokens > left) break;
    left -= tokens;
    droppedMessages = index;
  }
  // A conversation that begins with an answer confuses templates: its question went, so it goes too.
  if (droppedMessages % 2 === 1 && droppedMessages < historyTokens.length) droppedMessages++;

  let fileTokens = forFiles;
  const attachmentTokens = attachments.map((attachment) => {
    if (!attachment.mayBeCut) return attachment.tokens;
    const granted = Math.min(attachment.tokens, fileTokens);
    const used = granted < leastFileTokens && granted < attachment.tokens ? 0 : granted;
    fileTokens -= used;
    return used;
  });
  return { fits: true, droppedMessages, attachmentTokens };
}

export interface LineSpan {
  readonly startLine: number;
  readonly endLine: number;
}

/**
 * Lines around `focusLine` that together have at most `budget` characters, growing evenly to both sides.
 * @returns [startLine, endLine), zero-based; empty when not even the focus line fits
 */
export function linesAround(lines: readonly string[], focusLine: number, budget: number): LineSpan {
  const focus = Math.max(0, Math.min(focusLine, lines.length - 1));
  const cost = (line: number) => (lines[line]?.length ?? 0) + 1;
  let startLine = focus;
  let endLine = focus;
  let left = budget;
  let grew = true;
  while (grew) {
    grew = false;
    if (endLine < lines.length && cost(endLine) <= left) {
      left -= cost(endLine++);
      grew = true;
    }
    if (startLine > 0 && endLine > startLine && cost(startLine - 1) <= left) {
      left -= cost(--startLine);
      grew = true;
    }
  }
  return { startLine, endLine };
}
