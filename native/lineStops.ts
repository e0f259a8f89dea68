// Ends an answer by its lines: after so many of them, or where the indentation falls. It knows lines and columns; it must not know
// tokens, languages or stop texts. What may still be cut off is held back, so that no partial text ever has to be taken back.
import type { LineStops as LineStopOptions } from './protocol/messages.ts';
import type { StopStep } from './stopMatcher.ts';

const defaultTabSize = 4;

/** Where in its lines the text is; `held` is the part that is not certain yet. */
interface State {
  readonly held: string;
  /** Lines from the first one with text on, the current one included; 0 before any text. */
  readonly lines: number;
  readonly isFirstLine: boolean;
  readonly hasText: boolean;
  /** Columns of the current line's indentation, and whether it has ended. */
  readonly indent: number;
  readonly isIndentOver: boolean;
}

const atStart: State = { held: '', lines: 0, isFirstLine: true, hasText: false, indent: 0, isIndentOver: false };

export class LineStops {
  readonly #options: LineStopOptions;
  #state = atStart;

  constructor(options: LineStopOptions) {
    this.#options = options;
  }

  push(text: string): StopStep {
    const { state, step } = advance(this.#options, this.#state, text);
    this.#state = state;
    return step;
  }

  /** The rest of the answer if `text`, coming next, would end it before any part of `text` itself; otherwise undefined. */
  endBefore(text: string): string | undefined {
    const { step } = advance(this.#options, this.#state, text);
    return step.stopped && step.text.length <= this.#state.held.length ? step.text : undefined;
  }

  /** What was held back, when no more text comes. */
  end(): string {
    const { held } = this.#state;
    this.#state = { ...this.#state, held: '' };
    return held;
  }
}

function advance({ maxLines = Infinity, dedentBelow = 0, tabSize = defaultTabSize }: LineStopOptions, state: State, more: string) {
  const text = state.held + more;
  let { lines, isFirstLine, hasText, indent, isIndentOver } = state;
  const ended = (at: number): { readonly state: State; readonly step: StopStep } => ({ state: atStart, step: { text: text.slice(0, at), stopped: true } });
  // The break before the current line, as long as it may be cut off together with that line. It is always in the held part.
  let uncertainFrom = !isFirstLine && !hasText && dedentBelow > 0 ? 0 : -1;
  for (let at = state.held.length; at < text.length; at++) {
    const character = text[at] as string;
    if (character === '\n') {
      const breakAt = text[at - 1] === '\r' ? at - 1 : at;
      if (lines >= maxLines) return ended(breakAt);
      if (lines > 0) lines++;
      isFirstLine = false;
      hasText = false;
      indent = 0;
      isIndentOver = false;
      uncertainFrom = dedentBelow > 0 ? breakAt : -1;
    } else if (/\s/.test(character)) {
      if (character === ' ' && !isIndentOver) indent++;
      else if (character === '\t' && !isIndentOver) indent += tabSize - (indent % tabSize);
      else isIndentOver = true;
    } else if (!hasText) {
      if (!isFirstLine && indent < dedentBelow) return ended(uncertainFrom);
      hasText = true;
      lines = Math.max(lines, 1);
      uncertainFrom = -1;
    }
  }
  // A carriage return at the end may be half of a line break.
  const certain = uncertainFrom >= 0 ? uncertainFrom : text.length - (text.endsWith('\r') ? 1 : 0);
  return {
    state: { held: text.slice(certain), lines, isFirstLine, hasText, indent, isIndentOver },
    step: { text: text.slice(0, certain), stopped: false },
  };
}
