// An answer that comes in pieces: its text is passed on, its tool calls are held back until they are whole. It knows when something may be
// shown; it must not know formats or where pieces come from.
import { type ParsedAnswer, type ParseOptions, parseToolCalls, shownLength, withoutMarks } from './parseToolCalls.ts';
import { tokenMark } from './toolCall.ts';

export interface AnswerPiece {
  readonly text: string;
  /** `token`: the text of one special token, not text that spells it. */
  readonly kind: 'text' | 'token';
}

export class ToolCallStream {
  readonly #options: ParseOptions;
  #answer = '';
  #shown = 0;

  constructor(options: ParseOptions) {
    this.#options = options;
  }

  /** @returns the text that can be shown now */
  push(piece: AnswerPiece): string {
    const text = withoutMarks(piece.text);
    this.#answer += this.#options.tokens === 'marked' && piece.kind === 'token' ? tokenMark + text : text;
    const end = shownLength(this.#answer, this.#shown, this.#options);
    const shown = withoutMarks(this.#answer.slice(this.#shown, end));
    this.#shown = end;
    return shown;
  }

  /** @returns the whole answer, and as `rest` the text that was held back and turned out to be no call */
  end(): ParsedAnswer & { readonly rest: string } {
    const parsed = parseToolCalls(this.#answer, this.#options);
    const shown = withoutMarks(this.#answer.slice(0, this.#shown));
    return { ...parsed, rest: parsed.text.slice(shown.length) };
  }
}
