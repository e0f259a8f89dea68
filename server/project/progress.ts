// Whether an index is in step with all that it was told. It knows that work is under way; it must not know which.

export interface ProgressOptions {
  /** Whether anything is known that waits to be looked at. */
  readonly isWaiting: () => boolean;
  /** Called each time that all is done. */
  readonly onDone: () => void;
}

export class Progress {
  readonly #options: ProgressOptions;
  #underWay = 0;
  #busy = 0;
  #onIdle: (() => void)[] = [];
  #isEnded = false;

  constructor(options: ProgressOptions) {
    this.#options = options;
  }

  /** Whether the facts are those of everything that is known. */
  get isComplete(): boolean {
    return this.#underWay === 0 && !this.#options.isWaiting();
  }

  /** A piece of work that will change the facts. */
  async during<Value>(work: () => Promise<Value>): Promise<Value> {
    this.#underWay++;
    try {
      return await work();
    } finally {
      this.#underWay--;
      this.#settle();
    }
  }

  /** Work that may go on when all facts are there, as tidying does: `whenIdle` waits for it, `isComplete` does not. */
  async whileBusy<Value>(work: () => Promise<Value>): Promise<Value> {
    this.#busy++;
    try {
      return await work();
    } finally {
      this.#busy--;
      this.#settle();
    }
  }

  /** Resolves when nothing is under way any more, or at the end. */
  async whenIdle(): Promise<void> {
    while (!this.#isIdle && !this.#isEnded) await new Promise<void>((resolve) => this.#onIdle.push(resolve));
  }

  end(): void {
    this.#isEnded = true;
    for (const resolve of this.#onIdle.splice(0)) resolve();
  }

  get #isIdle(): boolean {
    return this.isComplete && this.#busy === 0;
  }

  #settle(): void {
    if (this.isComplete) this.#options.onDone();
    if (this.#isIdle) for (const resolve of this.#onIdle.splice(0)) resolve();
  }
}
