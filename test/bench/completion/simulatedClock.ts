// Time for a simulated user and real engines: while an engine works, time passes as it really does; while everybody only waits for the next
// key, it jumps there. So latencies are real and pauses cost nothing. It knows time; it must not know what is waited for.

interface Timer {
  readonly dueMs: number;
  readonly fire: () => void;
}

export class SimulatedClock {
  #baseMs = 0;
  #busy = 0;
  #busySinceMs = 0;
  #held = 0;
  readonly #timers = new Set<Timer>();
  #changed: () => void = () => {};

  /** ms */
  readonly now = (): number => this.#baseMs + (this.#busy > 0 ? performance.now() - this.#busySinceMs : 0);

  /** Resolves after `ms`, or when the signal aborts. */
  readonly wait = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const end = () => {
        this.#timers.delete(timer);
        signal?.removeEventListener('abort', end);
        resolve();
      };
      const timer: Timer = { dueMs: this.now() + ms, fire: end };
      if (signal?.aborted) return resolve();
      signal?.addEventListener('abort', end, { once: true });
      this.#timers.add(timer);
      this.#changed();
    });

  /** While it lasts, time passes. */
  async busy<Result>(work: Promise<Result>): Promise<Result> {
    if (this.#busy++ === 0) this.#busySinceMs = performance.now();
    this.#changed();
    try {
      return await work;
    } finally {
      if (--this.#busy === 0) this.#baseMs += performance.now() - this.#busySinceMs;
      this.#changed();
    }
  }

  /** While it lasts, time stands still: for what a bench does that no user would wait for. */
  async untimed<Result>(work: Promise<Result>): Promise<Result> {
    this.#held++;
    try {
      return await work;
    } finally {
      this.#held--;
      this.#changed();
    }
  }

  /** Lets time go on until `act` has ended. */
  async run<Result>(act: () => Promise<Result>): Promise<Result> {
    let isDone = false;
    const result = act().finally(() => {
      isDone = true;
      this.#changed();
    });
    while (true) {
      await settled();
      if (isDone) break;
      const next = this.#next();
      if (this.#busy === 0 && this.#held === 0) {
        if (!next) throw new Error('Everybody waits, and nothing will happen.');
        this.#baseMs = Math.max(this.#baseMs, next.dueMs);
        next.fire();
        continue;
      }
      const leftMs = next && this.#busy > 0 ? next.dueMs - this.now() : Number.POSITIVE_INFINITY;
      if (next && leftMs <= 0) next.fire();
      else await this.#somethingWithin(leftMs);
    }
    return result;
  }

  #next(): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) if (!first || timer.dueMs < first.dueMs) first = timer;
    return first;
  }

  #somethingWithin(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timeout = Number.isFinite(ms) ? setTimeout(() => resolve(), ms) : undefined;
      this.#changed = () => {
        clearTimeout(timeout);
        this.#changed = () => {};
        resolve();
      };
    });
  }
}

/** What promises have to say to each other is said. */
async function settled(): Promise<void> {
  for (let round = 0; round < 3; round++) await new Promise((resolve) => setImmediate(resolve));
}
