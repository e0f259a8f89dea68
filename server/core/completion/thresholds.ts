// Every figure that decides when a suggestion is asked for or shown, in one place. Those that decide whether something is shown at all were set with the
// completion bench, on its development half, as their comments say; those of time are assumptions about people, not recordings.

export const thresholds = {
  /** Assumed until keystrokes and answers have been seen, ms. */
  usualGapMs: 180,
  usualLatencyMs: 120,
  /** An answer counts as in time when it takes at most this share of the gap between two keystrokes. */
  inTimeShare: 0.8,
  /** A pause is this many usual gaps long. */
  leastGaps: 1.1,
  mostGaps: 2,
  /** A longer gap is a pause to think, not a rhythm, ms. */
  longestGapMs: 1000,
  /** After the first line is there, the rest of a block is waited for this long, ms. */
  restPatienceMs: 120,
  /** A request that nobody waits for any more is kept this long for the next keystroke to join, ms. */
  orphanGraceMs: 250,
  /** A suggestion that was seen for a shorter time was typed over, not turned down, ms. */
  leastSeenMs: 700,
  /** After something was turned down, nothing is suggested by itself at that very place for this long, ms. */
  quietAfterRejectMs: 5000,
  /** Turned down so often in a row in one language, automatic suggestions begin to wait. */
  freeRejects: 4,
  backOffStepMs: 150,
  mostBackOffMs: 1500,
  /** Rejects are forgotten after this, ms. */
  rejectMemoryMs: 120_000,
  /** A suggestion that was turned down so often at one place is not shown there again by itself. */
  mostRejectsAtPlace: 2,
  /**
   * Mean probability of the first tokens below which a suggestion is not shown by itself; behind a half-typed word, where the starter model
   * guesses, more is wanted (replay of the development half: 4 % of those below 0.5 had one right token, 43 % of those above).
   */
  leastProbability: 0.12,
  leastProbabilityInWord: 0.45,
  /** Whoever has typed so much of it agrees with it. */
  agreedCharacters: 3,
  confidenceTokens: 2,
  /**
   * What is copied from the code is shown at once from here on, 0 to 1. On held-out packages (development half, 320 holes) it was right more often
   * than the starter model from there on: 37 % of the first lines against 12 %; below, the model was.
   */
  leastCodeConfidence: 0.4,
  /** Beside a larger model, which copies by itself and sees more than lines: half of the copies from here on were right. Not fitted to one yet. */
  leastCodeConfidenceBesideLarge: 0.6,
  /** Size of the file, bytes. */
  largeModelBytes: 300_000_000,
  /** How long a "nothing here" is believed, ms. */
  nothingMemoryMs: 30_000,
} as const;
