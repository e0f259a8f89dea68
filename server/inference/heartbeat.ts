// Notices an engine that lives but answers nothing: stopped, swapped out or stuck in native code. Asked only while somebody waits
// for it, so an idle engine costs nothing. It knows intervals; it must not know what a ping is.
// That nothing came in time can be this process's own fault: when it was stopped (a debugger, a suspended machine) or busy, its timers
// run before it reads what the engine answered long ago. So the engine must leave two pings in a row unanswered, and time during which
// this process itself stood still counts for nothing.

import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';

/** A wait that took this many times longer than it should have says that this process stood still. */
const standstill = 1.5;

export interface HeartbeatOptions {
  readonly intervalMs: number;
  /** How long one ping may take. Native work runs beside the engine's event loop, so even a busy engine answers within milliseconds. */
  readonly timeoutMs: number;
  readonly ping: () => Promise<unknown>;
  readonly onHung: () => void;
  /** Gives ms on a clock that never goes back. */
  readonly now: () => number;
}

/** Whether a wait for a limit took so long that it says nothing of the one who was waited for. */
export function stoodStill(elapsedMs: number, limitMs: number): boolean {
  return elapsedMs > limitMs * standstill;
}

export class Heartbeat {
  readonly #options: HeartbeatOptions;
  #waiting = 0;
  #timer: NodeJS.Timeout | undefined;
  #isBeating = false;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
  }

  /** Watches until the returned function is called; several at once are counted. */
  begin(): () => void {
    this.#waiting++;
    this.#schedule();
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      this.#waiting--;
      if (this.#waiting > 0) return;
      clearTimeout(this.#timer);
      this.#timer = undefined;
    };
  }

  #schedule(): void {
    if (!this.#isBeating && this.#waiting > 0) this.#timer ??= setTimeout(() => void this.#beat(), this.#options.intervalMs);
  }

  async #beat(): Promise<void> {
    this.#timer = undefined;
    this.#isBeating = true;
    const isHung = await this.#isHung();
    this.#isBeating = false;
    if (isHung) this.#options.onHung();
    else this.#schedule();
  }

  /** Known after two timeouts; later only where this process stood still meanwhile. */
  async #isHung(): Promise<boolean> {
    const { timeoutMs, ping, now } = this.#options;
    const answered = new AbortController();
    let missed = 0;
    while (missed < 2 && this.#waiting > 0) {
      const sentAt = now();
      // A ping that fails because the connection is gone is not a hang: the connection's own end tells that. An answer to an earlier ping is
      // a sign of life too.
      const noteAnswer = () => answered.abort();
      ping().then(noteAnswer, noteAnswer);
      await delay(timeoutMs, undefined, { signal: answered.signal }).catch(() => undefined);
      // What has come meanwhile is read in the turn that follows the timers.
      await nextTurn();
      if (answered.signal.aborted) return false;
      missed = stoodStill(now() - sentAt, timeoutMs) ? 0 : missed + 1;
    }
    return missed === 2;
  }
}
