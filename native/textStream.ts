// Turns tokens into text as they come, without ever showing half a character. It knows when a character is whole; it must not know vocabularies or stops.
import type { Token } from 'node-llama-cpp';
import type { TextOfTokens } from './tokenText.ts';

const replacementCharacter = '\ufffd';
/** A UTF-8 character has at most four bytes, so that many tokens without a whole character are real rubbish. */
const maxHeldTokens = 4;
/** How many earlier tokens the detokenizer sees, so that leading blanks come out right. */
const contextTokens = 8;

export class TextStream {
  readonly #textOf: TextOfTokens;
  #pending: Token[] = [];
  #last: Token[];

  /** `prompt`: the tokens before the answer, so that the first piece joins them rightly. */
  constructor(textOf: TextOfTokens, prompt: readonly Token[]) {
    this.#textOf = textOf;
    this.#last = prompt.slice(-contextTokens);
  }

  /** @returns the text that is complete with this token; may be empty */
  push(token: Token): string {
    this.#pending.push(token);
    const text = this.#textOf(this.#pending, this.#last);
    if (text.endsWith(replacementCharacter) && this.#pending.length < maxHeldTokens) return '';
    this.#last = [...this.#last, ...this.#pending].slice(-contextTokens);
    this.#pending = [];
    return text;
  }

  end(): string {
    if (this.#pending.length === 0) return '';
    const text = this.#textOf(this.#pending, this.#last);
    this.#pending = [];
    return text;
  }
}
