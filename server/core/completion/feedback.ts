// What is remembered of suggestions: what became of them, never what they said. It knows the shape of one record; it must not know where
// records are kept.

export type FeedbackEvent =
  | { readonly event: 'shown'; readonly latencyMs: number; readonly confidence?: number }
  | { readonly event: 'accepted' }
  | { readonly event: 'acceptedPart'; readonly part: 'word' | 'line' | 'part'; readonly taken: number }
  | { readonly event: 'rejected'; readonly seenMs: number }
  /** How much of an accepted text still stands after that time. */
  | { readonly event: 'kept'; readonly afterSeconds: number; readonly share: number };

export type FeedbackRecord = FeedbackEvent & {
  /** Of the suggestion, unique within one run of the server. */
  readonly id: string;
  readonly languageId: string;
  readonly source: string;
  readonly characters: number;
  readonly lines: number;
};
