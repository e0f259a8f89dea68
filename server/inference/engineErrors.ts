// How a request to the engine can fail other than by its answer. Thrown inside this room only: failures.ts makes values of them.
// They must not know sentences for users.
import type { Explanation } from '../core/outcome.ts';

/** The engine is gone, or does not answer. */
export class EngineGoneError extends Error {}

/** The caller gave up; the engine has been told. */
export class AbandonedError extends Error {}

/** The engine is there and goes on: this one request failed. */
export class RequestFailedError extends Error {
  /**
   * `failed`: it was taken up, and something in the engine went wrong; `tooLarge`: it does not fit into a message;
   * `mistake`: one side said what the other one does not understand.
   */
  readonly kind: 'failed' | 'tooLarge' | 'mistake';

  constructor(message: string, kind: RequestFailedError['kind']) {
    super(message);
    this.kind = kind;
  }
}

/** The engine is not there and will not be by itself; the message is the cause. */
export class NoEngineError extends Error {
  readonly action: string;

  constructor({ cause, action }: Explanation) {
    super(cause);
    this.action = action;
  }
}
