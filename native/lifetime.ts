// When an engine that nobody uses ends. It knows how many clients there are and how long each wishes to find the model in memory after
// it has gone; it must not know how the engine ends.
// The longest wish counts, each from the moment at which that client left: a window that asks for ten minutes gets them, whatever the
// one that closes after it asks for.

export interface LifetimeOptions {
  /** How long the first client may take to come, ms. */
  readonly firstClientMs: number;
  /** Gives ms on a clock that never goes back. */
  readonly now: () => number;
  readonly onEnd: () => void;
}

export class Lifetime {
  readonly #options: LifetimeOptions;
  #clients = 0;
  #hadClients = false;
  #endAt = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LifetimeOptions) {
    this.#options = options;
  }

  /** From now on clients can come. */
  begin(): void {
    if (this.#hadClients) return;
    this.#endAt = this.#options.now() + this.#options.firstClientMs;
    this.#schedule();
  }

  clientCame(): void {
    clearTimeout(this.#timer);
    // From the first client on only wishes count, not the time that it was given to come.
    this.#endAt = this.#hadClients ? this.#endAt : 0;
    this.#hadClients = true;
    this.#clients++;
  }

  clientLeft(keepAliveMs: number): void {
    this.#clients--;
    this.#endAt = Math.max(this.#endAt, this.#options.now() + keepAliveMs);
    if (this.#clients === 0) this.#schedule();
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#options.onEnd, Math.max(0, this.#endAt - this.#options.now()));
  }
}
