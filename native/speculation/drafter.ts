// What guesses the next tokens of an answer, so that the model confirms several at once. It knows tokens only.

export interface Drafter {
  readonly kind: 'promptLookup' | 'draftModel';
  /**
   * At most `most` tokens that are likely to follow; none where there is no idea. Never called again before it has settled.
   * `mostMs`: fewer where they would take longer, since somebody may ask for something more urgent.
   */
  draft(most: number, mostMs: number): readonly number[] | Promise<readonly number[]>;
  /** Whether it would have guessed this token now; undefined where it has no idea, or where asking costs too much. */
  expects?(token: number): boolean | undefined;
  /** A token that now follows. */
  append(token: number): void;
  /** What its guesses cost beside the model is given back. */
  dispose(): void;
}
