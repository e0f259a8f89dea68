// How an expected result is told: a value with an `outcome`, never an exception.
// It knows the outcomes that more than one room can meet. It must not know how they are shown.

/** What a person reads when something cannot be done: one cause, one action. */
export interface Explanation {
  readonly cause: string;
  readonly action: string;
}

export type Failure =
  | { readonly outcome: 'cancelled' }
  /** The engine is gone or does not answer, and is started again if the restart budget allows; or this one request failed in it. */
  | ({ readonly outcome: 'engineUnavailable' } & Explanation)
  /** There is no usable model: the file is missing, damaged or of a kind that cannot be loaded. */
  | ({ readonly outcome: 'noModel' } & Explanation)
  /** The input does not fit; `availableTokens` would. */
  | ({ readonly outcome: 'contextOverflow'; readonly promptTokens: number; readonly availableTokens: number } & Explanation)
  /** The model cannot do this kind of work, for instance chat without a chat template; or the request is one that nothing can answer. */
  | ({ readonly outcome: 'unsupported' } & Explanation);

export type Outcome<Value> = { readonly outcome: 'ok'; readonly value: Value } | Failure;

export function ok<Value>(value: Value): { readonly outcome: 'ok'; readonly value: Value } {
  return { outcome: 'ok', value };
}

export const cancelled: Failure = { outcome: 'cancelled' };
