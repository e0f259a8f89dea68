// Time as the features see it, so that tests hold it in their hands.

export interface Clock {
  /** ms on a clock that never goes back. */
  readonly now: () => number;
  /** Resolves after `ms`, or at once when the signal aborts. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
}
