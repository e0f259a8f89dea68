// Takes away what a model thought aloud before its answer: blocks in there are drafts, and its text must never reach a file.
// It knows the marks that reasoning models write. It must not know what an answer holds.

const marks = [
  { open: '<think>', close: '</think>' },
  { open: '<thinking>', close: '</thinking>' },
  { open: '[THINK]', close: '[/THINK]' },
] as const;

/** The answer behind the reasoning; empty while the reasoning has not ended. Some templates open it in the prompt, so that only its end is in the answer. */
export function withoutReasoning(answer: string): string {
  const text = answer.trimStart();
  for (const { open, close } of marks) {
    const end = text.indexOf(close);
    if (text.startsWith(open)) return end < 0 ? '' : text.slice(end + close.length);
    // Behind a block's marker the mark is part of a file.
    if (end >= 0 && !text.slice(0, end).includes('SEARCH') && !text.slice(0, end).includes('```')) return text.slice(end + close.length);
  }
  return answer;
}
