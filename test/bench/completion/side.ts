// What every program that suggests while somebody types looks like from the outside: documents go in, ghost text comes out. It knows that form
// alone.
import type { LanguageId } from './corpus.ts';

export interface OpenDocument {
  readonly path: string;
  readonly languageId: LanguageId;
  readonly text: string;
}

/** One replacement, with UTF-16 offsets in the text before it. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export interface Answer {
  /** To be put in at the cursor; empty when nothing is shown. */
  readonly text: string;
  /** The engine was asked for this answer, rather than what was known. */
  readonly usedEngine: boolean;
  /** Of this process, for this answer; undefined where an engine was at work meanwhile. */
  readonly cpuMs?: number;
  /** Where it comes from, and the model's confidence, where they are known. */
  readonly source?: string;
  readonly confidence?: number;
  /** Why nothing is shown, where it is known. */
  readonly why?: string;
}

export interface CompletionSide {
  readonly name: string;
  /** Forgets everything else; the others are open beside it, the nearest first. */
  readonly open: (document: OpenDocument, others: readonly OpenDocument[]) => void;
  readonly edit: (edit: Edit) => void;
  /** @returns undefined when it was given up because of the signal */
  readonly ask: (offset: number, signal: AbortSignal) => Promise<Answer | undefined>;
  /** What is shown was taken, all of it or its beginning; the edit follows. */
  readonly accepted: (whole: boolean) => void;
  /** Nothing is under way any more. */
  readonly quiet: () => Promise<void>;
  /** Tokens that its engine has worked on so far: of prompts, as far as they were not reused, and of answers. */
  readonly tokens: () => Promise<number>;
}

export function applied(text: string, { start, end, text: inserted }: Edit): string {
  return text.slice(0, start) + inserted + text.slice(end);
}

export const toldSources = ['copied from the code', 'written by the model'] as const;

/** What is prepared ahead, or left over of an answer, is the model's as well. */
export function toldSource(source: string | undefined): (typeof toldSources)[number] {
  return source === 'code' ? 'copied from the code' : 'written by the model';
}
