// Turns tokens into text as they come, without ever showing half a character. It knows when a character is whole; it must not know vocabularies or stops.
import type { Token } from 'node-llama-cpp';
import type { TextOfTokens } from './tokenText.ts';

const replacementCharacter = '\ufffd';
/** A UTF-8 character has at most four bytes, so that many tokens can hold a part of one. */
const mostTokensOfHalf = 3;
/** Tokens that are looked at again with each new one, at most: only rubbish, or U+FFFD again and again, makes it more than four. */
const mostPending = 16;
/** How many earlier tokens the detokenizer sees, so that leading blanks come out right. */
const contextTokens = 8;

export class TextStream {
  readonly #textOf: TextOfTokens;
  /** The tokens whose text is not settled yet, since more bytes can change its last sign. */
  #pending: Token[] = [];
  /** How much of their text was given out, in UTF-16 units. */
  #given = 0;
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
    // Half a character is one U+FFFD at the end; any before it is what the model wrote, or rubbish that no byte can mend.
    const whole = text.endsWith(replacementCharacter) ? text.length - 1 : text.length;
    const piece = text.slice(this.#given, whole);
    this.#given = whole;
    if (whole === text.length) this.#settle(this.#pending.length);
    else if (this.#pending.length >= mostPending) {
      const count = this.#tokensBeforeHalf(text);
      if (count === 0) return piece + this.end();
      this.#settle(count);
    }
    return piece;
  }

  end(): string {
    if (this.#pending.length === 0) return '';
    const rest = this.#textOf(this.#pending, this.#last).slice(this.#given);
    this.#settle(this.#pending.length);
    return rest;
  }

  #settle(count: number): void {
    this.#last = [...this.#last, ...this.#pending.splice(0, count)].slice(-contextTokens);
    this.#given = this.#pending.length === 0 ? 0 : this.#textOf(this.#pending, this.#last).length - 1;
  }

  /** How many of the pending tokens can be cut off without changing their text; 0 where it is not so. */
  #tokensBeforeHalf(text: string): number {
    for (let count = this.#pending.length - 1; count >= this.#pending.length - mostTokensOfHalf; count--) {
      const before = this.#pending.slice(0, count);
      const context = [...this.#last, ...before].slice(-contextTokens);
      if (this.#textOf(before, this.#last) + this.#textOf(this.#pending.slice(count), context) === text) return count;
    }
    return 0;
  }
}
