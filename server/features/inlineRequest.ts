// What a request for ghost text says and what comes of it. Types alone.
import type { QuietReason } from '../core/completion/quietReasons.ts';
import type { Failure } from '../core/outcome.ts';

interface Range {
  readonly start: { readonly line: number; readonly character: number };
  readonly end: { readonly line: number; readonly character: number };
}

export interface InlineRequest {
  readonly uri: string;
  readonly position: { readonly line: number; readonly character: number };
  readonly isExplicit: boolean;
  /** The entry that is selected in the suggest popup: the text that will stand in `range` if it is taken. */
  readonly selected?: { readonly range: Range; readonly text: string };
}

export interface InlineSuggestion {
  readonly id: string;
  readonly insertText: string;
  readonly range: Range;
}

export type InlineOutcome =
  | { readonly outcome: 'ok'; readonly suggestions: readonly InlineSuggestion[] }
  | { readonly outcome: 'nothing'; readonly why: QuietReason }
  /** The document changed meanwhile. */
  | { readonly outcome: 'stale' }
  | Failure;
