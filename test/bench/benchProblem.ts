// What keeps the bench from being run, as a person reads it: one cause and one action. It knows sentences alone.
import type { Explanation } from '../../server/core/outcome.ts';

export class BenchProblem extends Error {
  readonly explanation: Explanation;

  constructor(explanation: Explanation, options?: ErrorOptions) {
    super(`${explanation.cause} ${explanation.action}`, options);
    this.name = 'BenchProblem';
    this.explanation = explanation;
  }
}
