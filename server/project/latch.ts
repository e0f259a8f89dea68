// A wish that is kept until somebody takes it, however often it was expressed.

export class Latch {
  #isSet = false;
  #wake: (() => void) | undefined;

  get isSet(): boolean {
    return this.#isSet;
  }

  set(): void {
    this.#isSet = true;
    this.#wake?.();
  }

  /** Resolves once the wish was expressed since the last time; false when the signal is aborted. One waits at a time. */
  async taken(signal: AbortSignal): Promise<boolean> {
    const stop = () => this.#wake?.();
    signal.addEventListener('abort', stop);
    try {
      if (!this.#isSet && !signal.aborted)
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    } finally {
      signal.removeEventListener('abort', stop);
    }
    this.#isSet = false;
    return !signal.aborted;
  }
}
