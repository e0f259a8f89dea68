// The time that the project is given, so that tests need not wait for it.

export interface ProjectClock {
  /** Milliseconds from any fixed point. */
  readonly now: () => number;
  /** Resolves after the time, or at once when the signal is aborted. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
}
