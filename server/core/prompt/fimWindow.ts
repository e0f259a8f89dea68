// Which part of a document goes into a completion prompt. It knows lines and a budget in characters; it must not know tokens or models.
// The window's ends move in steps: if they moved with every keystroke, the model would have to read the whole prompt again each time.

export interface FimWindow {
  readonly prefix: string;
  readonly suffix: string;
}

/** Share of the budget that the text after the cursor gets at most. */
const suffixShare = 0.25;
/** The window starts at a multiple of this share of the lines that fit. */
const stepShare = 0.25;

/** `offset`: UTF-16 offset of the cursor; `budget`: UTF-16 units for prefix and suffix together. */
export function fimWindow(text: string, offset: number, budget: number): FimWindow {
  const cursor = snapToCharacter(text, offset);
  const suffixBudget = Math.floor(budget * suffixShare);
  const suffixStart = cursor + closersAt(text, cursor);
  const suffix = wholeLines(text.slice(suffixStart, suffixStart + suffixBudget), suffixStart + suffixBudget < text.length);
  // In steps too, or a suffix that is some characters longer would move the prefix's start.
  const suffixStep = Math.max(1, Math.floor(suffixBudget * stepShare));
  const prefixBudget = budget - Math.min(suffixBudget, Math.ceil(suffix.length / suffixStep) * suffixStep);
  if (cursor <= prefixBudget) return { prefix: text.slice(0, cursor), suffix };
  return { prefix: text.slice(steppedStart(text, cursor, prefixBudget), cursor), suffix };
}

/**
 * Closing signs to the end of the line, as editors put them in by themselves: in the suffix they would change its beginning with each bracket
 * or quote that is typed. What the model closes twice for it is cut off afterwards.
 */
function closersAt(text: string, cursor: number): number {
  const closers = /[)\]}>"'`;, \t]*(?=\r?\n|$)/y;
  closers.lastIndex = cursor;
  return closers.exec(text)?.[0].length ?? 0;
}

/** A cursor inside a surrogate pair is moved before it. */
function snapToCharacter(text: string, offset: number): number {
  const at = Math.max(0, Math.min(offset, text.length));
  const low = text.charCodeAt(at);
  const high = text.charCodeAt(at - 1);
  return low >= 0xdc00 && low <= 0xdfff && high >= 0xd800 && high <= 0xdbff ? at - 1 : at;
}

/** Cuts a half line at the end off; a single long line stays as it is. */
function wholeLines(text: string, isCut: boolean): string {
  if (!isCut) return text;
  const lastBreak = text.lastIndexOf('\n');
  return lastBreak > 0 ? text.slice(0, lastBreak + 1) : text;
}

function steppedStart(text: string, cursor: number, budget: number): number {
  const earliest = cursor - budget;
  // Starts of lines inside the window, found without looking at the rest of the file.
  const starts: number[] = [];
  for (let at = text.indexOf('\n', earliest); at >= 0 && at + 1 <= cursor; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  if (starts.length < 4) return starts[0] ?? earliest;
  const step = Math.max(1, Math.floor(budget * stepShare));
  // The step is counted in characters from the file's start, so that it stays put while text is typed behind it.
  const boundary = Math.ceil(earliest / step) * step;
  return starts.find((start) => start >= boundary) ?? starts[0] ?? earliest;
}
