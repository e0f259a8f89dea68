// Whether a suggestion should be asked for at all. It knows the text around the cursor; it must not know time or models.

export interface TriggerInput {
  readonly linePrefix: string;
  readonly lineSuffix: string;
  readonly languageId: string;
  readonly excludedLanguages: readonly string[];
  /** The user asked for it with a command: always answered. */
  readonly isExplicit: boolean;
}

export type TriggerVerdict = 'ask' | 'excludedLanguage' | 'insideWord';

export function triggerVerdict(input: TriggerInput): TriggerVerdict {
  if (input.isExplicit) return 'ask';
  if (input.excludedLanguages.includes(input.languageId)) return 'excludedLanguage';
  // Ghost text in the middle of a word would push the rest of the word around while it is typed.
  if (/^[\p{L}\p{N}_$]/u.test(input.lineSuffix)) return 'insideWord';
  return 'ask';
}
