// One request at a time on a sequence, in order of arrival; a request that is given up while it waits never starts.

export class Queue {
  #tail: Promise<void> = Promise.resolve();

  /** Resolves with a function that must be called to let the next one in; undefined when the signal aborted first. */
  async enter(signal: AbortSignal): Promise<(() => void) | undefined> {
    const before = this.#tail;
    let release: () => void = () => {};
    this.#tail = new Promise<void>((resolve) => {
      release = resolve;
    });
    const aborted = await new Promise<boolean>((resolve) => {
      if (signal.aborted) return resolve(true);
      const onAbort = () => resolve(true);
      signal.addEventListener('abort', onAbort, { once: true });
      void before.then(() => {
        signal.removeEventListener('abort', onAbort);
        resolve(false);
      });
    });
    if (!aborted) return release;
    // The place in the line is handed on only after those before it are through.
    void before.then(release);
    return undefined;
  }
}
