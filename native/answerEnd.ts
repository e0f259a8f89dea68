// Where an answer ends by what it says: at a stop text or by its lines, whichever comes first in the text. It knows how the two work
// together; it must not know tokens.
import { LineStops } from './lineStops.ts';
import type { GenerateParams } from './protocol/messages.ts';
import type { StopStep } from './stopMatcher.ts';
import { StopMatcher } from './stopMatcher.ts';

export class AnswerEnd {
  readonly #stops: StopMatcher;
  readonly #lines: LineStops | undefined;

  constructor({ stop, lineStops }: Pick<GenerateParams, 'stop' | 'lineStops'>) {
    this.#stops = new StopMatcher(stop);
    this.#lines = lineStops && new LineStops(lineStops);
  }

  push(text: string): StopStep {
    const step = this.#stops.push(text);
    if (!this.#lines) return step;
    const inLines = this.#lines.push(step.text);
    if (inLines.stopped) return inLines;
    // What is or may become a stop text may also be what ends a line or a block, so that the answer ends before it in any case.
    const rest = this.#lines.endBefore(this.#stops.held) ?? (step.stopped ? this.#lines.end() : undefined);
    return { text: inLines.text + (rest ?? ''), stopped: rest !== undefined };
  }

  /** The rest, when `last` was all that was left; it may still end somewhere in that. */
  end(last: string): StopStep {
    const step = this.push(last);
    if (step.stopped) return step;
    const held = this.#stops.end();
    const rest = this.#lines?.push(held) ?? { text: held, stopped: false };
    return { text: step.text + rest.text + (rest.stopped ? '' : (this.#lines?.end() ?? '')), stopped: rest.stopped };
  }
}
