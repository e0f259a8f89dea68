// How often something may be started again by itself. The same figures as vscode-languageclient's for servers: at most 4 times in
// 3 minutes, so that a crash loop ends and a person decides. Time comes from the caller's clock.

const mostRestarts = 4;
const windowMs = 3 * 60 * 1000;

export class RestartBudget {
  readonly #now: () => number;
  #restarts: number[] = [];

  /** `now` gives ms on a clock that never goes back. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** @returns false when the budget is spent */
  spend(): boolean {
    const now = this.#now();
    this.#restarts = this.#restarts.filter((at) => now - at < windowMs);
    if (this.#restarts.length >= mostRestarts) return false;
    this.#restarts.push(now);
    return true;
  }

  reset(): void {
    this.#restarts = [];
  }
}
