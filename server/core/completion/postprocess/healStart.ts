// Tokens do not end where a cursor stands. A prefix that ends in a blank is one that models hardly saw, since the blank belongs to the
// next word's token: so it is cut off the prompt, and the answer must begin with it. It knows text alone.
// A half-typed word is not cut back: where the earlier suggestion agrees with what was typed, reuse shows it, and where it does not,
// the same model asked from the same place would only say it again.

export interface Healed {
  /** The prefix as the model reads it. */
  readonly prefix: string;
  /** What was cut off: the answer must begin with it. */
  readonly cut: string;
}

/** Blanks within a line; an indentation stays, since it says how deep the code stands. */
export function cutBack(prefix: string): Healed {
  const cut = /(?<=\S)[ \t]$/.exec(prefix)?.[0] ?? '';
  return { prefix: prefix.slice(0, prefix.length - cut.length), cut };
}

/**
 * @returns the text behind what was cut off; while it is too short to tell, nothing. A model that leaves the blank out means the same
 *   word, unless it would have joined it to the one before.
 */
export function healStart(text: string, cut: string): string {
  if (cut === '' || text === '') return text;
  return /^[ \t]/.test(text) ? text.slice(1) : text;
}
