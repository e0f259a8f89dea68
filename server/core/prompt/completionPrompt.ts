// The prompt of one completion: for models that were trained to fill holes their own layout, for chat models a begun answer.
// It knows which way a model goes and what of its answer counts; it must not know engines, documents or budgets in tokens.
import type { Prompt } from '../../../native/protocol/messages.ts';
import type { Healed } from '../completion/postprocess/healStart.ts';
import { cutBack, healStart } from '../completion/postprocess/healStart.ts';
import type { FimContext, FimFamily } from './fimFamilies.ts';
import { fimFamilyOf, fimParts } from './fimFamilies.ts';
import { fimWindow } from './fimWindow.ts';
import { codeOfHoleAnswer, holeRequest } from './holeFilling.ts';

export type FillingWay = { readonly kind: 'trained'; readonly family: FimFamily; readonly specialTokens: readonly string[] } | { readonly kind: 'chat' };

/** @returns undefined for a model that can neither fill holes nor chat */
export function fillingWayOf(model: { readonly specialTokens: readonly string[]; readonly hasChatTemplate: boolean }): FillingWay | undefined {
  const family = fimFamilyOf(model.specialTokens);
  if (family) return { kind: 'trained', family, specialTokens: model.specialTokens };
  return model.hasChatTemplate ? { kind: 'chat' } : undefined;
}

export interface CompletionPromptInput {
  readonly text: string;
  /** UTF-16 offset of the cursor. */
  readonly offset: number;
  /** UTF-16 units for prefix and suffix together. */
  readonly budget: number;
  readonly path: string;
  readonly languageId: string;
  /** The suggestion may not go on to a second line. */
  readonly isOneLine: boolean;
  /** The cursor stands in a comment, a string or a text for people: sentences are no chatter there. */
  readonly isProse: boolean;
  /** What of other files is shown, besides the budget. */
  readonly context?: FimContext;
}

export interface CompletionPrompt {
  readonly prompt: Prompt;
  readonly stop: readonly string[];
  /** Characters of files in it. */
  readonly characters: number;
  /** What of the answer so far is the suggestion, with `\n` as line break; undefined when the model chats instead. */
  readonly suggestionOf: (answer: string) => string | undefined;
}

export function completionPrompt(way: FillingWay, input: CompletionPromptInput): CompletionPrompt {
  const { text, offset, budget, path, languageId, isOneLine, isProse, context } = input;
  const window = fimWindow(text, offset, budget);
  // Models learned from text with plain line feeds; the editor's line breaks come back when something is shown.
  const prefix = window.prefix.replaceAll('\r\n', '\n');
  const suffix = window.suffix.replaceAll('\r\n', '\n');
  const contextCharacters = context?.files.reduce((sum, file) => sum + file.path.length + file.text.length + 2, 0) ?? 0;
  const characters = window.prefix.length + window.suffix.length + contextCharacters;
  const lineStop = isOneLine ? ['\n'] : [];
  const healed: Healed = way.kind === 'trained' && !way.family.readsTrailingBlank ? cutBack(prefix) : { prefix, cut: '' };
  if (way.kind === 'trained') {
    return {
      prompt: { kind: 'parts', parts: [...fimParts(way.family, { prefix: healed.prefix, suffix, path, ...(context ? { context } : {}) }, way.specialTokens)] },
      stop: lineStop,
      characters,
      suggestionOf: (answer) => healStart(answer, healed.cut),
    };
  }
  const { prompt, stop } = holeRequest({ prefix, suffix, path, languageId, others: context?.files ?? [] });
  const linePrefix = prefix.slice(prefix.lastIndexOf('\n') + 1);
  return { prompt, stop: [...lineStop, ...stop], characters, suggestionOf: (answer) => codeOfHoleAnswer(answer, linePrefix, isProse) };
}
