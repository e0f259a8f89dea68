// How often something may be started again by itself. The same figures as vscode-languageclient's for servers: at most 4 times in
// 3 minutes, so that a crash loop ends and a person decides. Time comes from the caller's clock.

const mostRestarts = 4;
const windowMs = 3 * 60 * 1000;

export class RestartBudget {
  readonly #now: () => number;
  #restarts: { readonly at: number; readonly key: string }[] = [];

  /** `now` gives ms on a clock that never goes back. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * Each key has a budget of its own.
   * @returns false when the key's budget is spent
   */
  spend(key: string): boolean {
    const now = this.#now();
    this.#restarts = this.#restarts.filter(({ at }) => now - at < windowMs);
    if (this.#restarts.filter((restart) => restart.key === key).length >= mostRestarts) return false;
    this.#restarts.push({ at: now, key });
    return true;
  }

  reset(): void {
    this.#restarts = [];
  }
}
