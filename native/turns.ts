// Who may use the processor next, across all models in memory: while an inline request is active, no chat or background work is
// issued, and while a chat is, no background work of another model. Work comes in ticks, so whoever is more urgent waits for at most one of them.
import type { Priority } from './protocol/messages.ts';

const ranks: Readonly<Record<Priority, number>> = { inline: 0, chat: 1, background: 2 };

/** 0 is the most urgent. */
export function rankOf(priority: Priority): number {
  return ranks[priority];
}

interface Waiter {
  readonly rank: number;
  readonly wake: () => void;
}

/**
 * Lets one act run at a time. Two contexts that decode at once crash some GPU back ends, and on the CPU they only fight for cores.
 */
class Exclusive {
  #tail: Promise<void> = Promise.resolve();

  async run<Result>(act: () => Promise<Result>): Promise<Result> {
    const before = this.#tail;
    let release = () => {};
    this.#tail = new Promise<void>((resolve) => {
      release = resolve;
    });
    await before;
    try {
      return await act();
    } finally {
      release();
    }
  }
}

/** So long after the last inline request another one may come at any moment, ms. */
const typingMs = 5000;

/** What the loop of one model sees of it. */
export interface ModelTurns extends Pick<Turns, 'enter' | 'mustWait' | 'mayStep' | 'isTyping'> {
  readonly exclusive: { run<Result>(act: () => Promise<Result>): Promise<Result> };
}

export class Turns {
  /** One tick of one model at a time. */
  readonly exclusive = new Exclusive();
  readonly #active = [0, 0, 0];
  #lastInlineAt = Number.NEGATIVE_INFINITY;
  #waiting: Waiter[] = [];

  /** Whether somebody asked for a completion just now, of whichever model. */
  isTyping(): boolean {
    return performance.now() - this.#lastInlineAt < typingMs;
  }

  /** Marks a request as active until the returned function is called. */
  enter(priority: Priority): () => void {
    const rank = rankOf(priority);
    if (priority === 'inline') this.#lastInlineAt = performance.now();
    this.#active[rank] = (this.#active[rank] ?? 0) + 1;
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#active[rank] = (this.#active[rank] ?? 1) - 1;
      const ready = this.#waiting.filter((waiter) => !this.mustWait(waiter.rank));
      this.#waiting = this.#waiting.filter((waiter) => !ready.includes(waiter));
      for (const waiter of ready) waiter.wake();
    };
  }

  /** `onTurn` is called right before each act of this model. */
  forModel(onTurn: () => void): ModelTurns {
    return {
      enter: (priority) => this.enter(priority),
      isTyping: () => this.isTyping(),
      mustWait: (rank) => this.mustWait(rank),
      mayStep: (rank, signal) => this.mayStep(rank, signal),
      exclusive: {
        run: (act) =>
          this.exclusive.run(() => {
            onTurn();
            return act();
          }),
      },
    };
  }

  mustWait(rank: number): boolean {
    return this.#active.some((count, other) => other < rank && count > 0);
  }

  /** Resolves when nothing more urgent is active, or when the signal aborts. */
  async mayStep(rank: number, signal: AbortSignal): Promise<void> {
    while (this.mustWait(rank) && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const waiter: Waiter = {
          rank,
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
}
