// What a person reads when a request cannot be answered as it was asked: the cause and one action. It knows sentences; it must not know how
// prompts are made.
import type { GenerateResult } from './protocol/messages.ts';

export type PromptProblem = Extract<GenerateResult, { outcome: 'promptProblem' }>;

export const restartEngine = 'Run the command "Tramontane: Restart Engine".';

export function promptProblem(cause: string, action: string): PromptProblem {
  return { outcome: 'promptProblem', cause, action };
}

/** Nothing is wrong with the request: it takes another model. */
export function modelCannot(cause: string): PromptProblem {
  return { outcome: 'promptProblem', cause, action: 'Choose another model.', isChoice: true };
}

/** What a template or a library says seldom ends as a sentence does. */
export function asSentence(text: string): string {
  const trimmed = text.trim();
  return /[.!?]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}
