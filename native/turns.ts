// Decides who may use the model next: while an inline request is active, no chat or background step is issued.
// A step is one prefill chunk or one token, so an inline request waits for at most one of them.
// The library's own priorities are not preemption: each of its inline tokens would wait for one batch of background work.
import type { Priority } from './protocol/messages.ts';

const rank: Readonly<Record<Priority, number>> = { inline: 0, chat: 1, background: 2 };

interface Waiter {
  readonly rank: number;
  readonly wake: () => void;
}

export class Turns {
  readonly #active = [0, 0, 0];
  #waiting: Waiter[] = [];

  /** Marks a request as active until the returned function is called. */
  enter(priority: Priority): () => void {
    const level = rank[priority];
    this.#active[level] = (this.#active[level] ?? 0) + 1;
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#active[level] = (this.#active[level] ?? 1) - 1;
      const ready = this.#waiting.filter((waiter) => !this.#mustWait(waiter.rank));
      this.#waiting = this.#waiting.filter((waiter) => !ready.includes(waiter));
      for (const waiter of ready) waiter.wake();
    };
  }

  /** Resolves when no request of a higher priority is active, or when the signal aborts. */
  async mayStep(priority: Priority, signal: AbortSignal): Promise<void> {
    const level = rank[priority];
    while (this.#mustWait(level) && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const waiter: Waiter = {
          rank: level,
          wake: () => {
            signal.removeEventListener('abort', onAbort);
            resolve();
          },
        };
        const onAbort = () => {
          this.#waiting = this.#waiting.filter((other) => other !== waiter);
          resolve();
        };
        signal.addEventListener('abort', onAbort, { once: true });
        this.#waiting.push(waiter);
      });
    }
  }

  #mustWait(level: number): boolean {
    return this.#active.some((count, other) => other < level && count > 0);
  }
}
