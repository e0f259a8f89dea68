// Notices an engine that lives but answers nothing: stopped, swapped out or stuck in native code. Asked only while somebody waits
// for it, so an idle engine costs nothing. It knows intervals; it must not know what a ping is.

export interface HeartbeatOptions {
  readonly intervalMs: number;
  /** How long one ping may take. Native work runs beside the engine's event loop, so even a busy engine answers within milliseconds. */
  readonly timeoutMs: number;
  readonly ping: () => Promise<unknown>;
  readonly onHung: () => void;
}

export class Heartbeat {
  readonly #options: HeartbeatOptions;
  #waiting = 0;
  #timer: NodeJS.Timeout | undefined;

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
      if (this.#waiting === 0) this.#stop();
    };
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => void this.#beat(), this.#options.intervalMs);
  }

  async #beat(): Promise<void> {
    const { timeoutMs, ping, onHung } = this.#options;
    let late: NodeJS.Timeout | undefined;
    const timedOut = new Promise<'late'>((resolve) => {
      late = setTimeout(() => resolve('late'), timeoutMs);
    });
    // A ping that fails because the connection is gone is not a hang: the connection's own end tells that.
    const answered = ping().then(
      () => 'answered' as const,
      () => 'answered' as const,
    );
    const outcome = await Promise.race([answered, timedOut]);
    clearTimeout(late);
    this.#timer = undefined;
    if (outcome === 'late') onHung();
    else if (this.#waiting > 0) this.#schedule();
  }
}
