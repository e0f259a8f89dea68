// Waiting for something that may never answer: a driver, a disk that is gone. It knows time; it must not know what is waited for.

export class LateError extends Error {
  /** `who`: the beginning of the message, such as "its driver". */
  constructor(who: string, limitMs: number) {
    super(`${who} did not answer within ${limitMs / 1000} s`);
  }
}

export interface Limit {
  readonly limitMs: number;
  readonly who: string;
  /** Nothing ends the work itself: what must happen when it is given up, or when it answers after all. */
  readonly onLate?: () => void;
}

/** @throws LateError when the work has not settled by then */
export async function withinLimit<Value>(work: Promise<Value>, { limitMs, who, onLate }: Limit): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, fail) => {
    timer = setTimeout(() => {
      onLate?.();
      fail(new LateError(who, limitMs));
    }, limitMs);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
