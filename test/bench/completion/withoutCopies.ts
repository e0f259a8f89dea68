// Lets the product begin a completion with copies from the code switched off, for what context and fit alone are worth. It knows the threshold that
// decides about copies; it must not know what is completed.
import { thresholds } from '../../../server/core/completion/thresholds.ts';

type Writable = { -readonly [Key in keyof typeof thresholds]: number };

/** More than any copy's. */
const unreachable = 2;

/** Whether something is copied is decided before a completion waits for anything, so nobody else meets these thresholds. */
export function withoutCopies<Result>(begin: () => Result): Result {
  const shared = thresholds as Writable;
  const { leastCodeConfidence, leastCodeConfidenceBesideLarge } = thresholds;
  Object.assign(shared, { leastCodeConfidence: unreachable, leastCodeConfidenceBesideLarge: unreachable });
  try {
    return begin();
  } finally {
    Object.assign(shared, { leastCodeConfidence, leastCodeConfidenceBesideLarge });
  }
}
