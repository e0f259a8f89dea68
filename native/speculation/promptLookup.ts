// Guesses that an answer goes on as the prompt (or an expected text) did after the same words: edits mostly copy what they were shown.
// It knows tokens; it must not know the model or what a guess costs.
import type { Drafter } from './drafter.ts';

/** Tokens that must be equal before a place counts as the same. */
const leastMatch = 2;
/** Longer equal runs than this do not make a place better. */
const mostMatch = 24;
/** Of a pair of tokens that is everywhere only the last places are looked at. */
const mostPlaces = 32;
/** A line that was changed is followed by what came after it: the next end of a line is looked for so many tokens ahead. */
const lineReach = 200;
/** Never a token: keeps the expected text and the prompt apart. */
const boundary = -1;

export class PromptLookup implements Drafter {
  readonly kind = 'promptLookup';
  readonly #tokens: number[] = [];
  /** From a pair of tokens to the positions behind it. */
  readonly #places = new Map<number, number[]>();
  /** Where the answer is followed at the moment, and where it was before it left. */
  #at: number | undefined;
  #left = 0;
  /** The answer has just put another token in place of one: what comes next is likely what came after it. */
  #isSubstitution = false;
  readonly #endsLine: (token: number) => boolean;

  /** `expected`: a text that the answer is likely to be, in tokens; may be empty. */
  constructor(prompt: ArrayLike<number>, expected: ArrayLike<number>, endsLine: (token: number) => boolean) {
    this.#endsLine = endsLine;
    for (let index = 0; index < expected.length; index++) this.#push(expected[index] as number);
    if (expected.length > 0) this.#at = 0;
    this.#push(boundary);
    for (let index = 0; index < prompt.length; index++) this.#push(prompt[index] as number);
  }

  draft(most: number): readonly number[] {
    this.#at ??= this.#nearestPlace();
    if (this.#at === undefined) return [];
    const end = Math.min(this.#at + most, this.#tokens.length);
    const stop = this.#tokens.indexOf(boundary, this.#at);
    return this.#tokens.slice(this.#at, stop >= 0 && stop < end ? stop : end);
  }

  expects(token: number): boolean | undefined {
    this.#at ??= this.#nearestPlace();
    const guess = this.#at === undefined ? boundary : this.#tokens[this.#at];
    return guess === undefined || guess === boundary ? undefined : guess === token;
  }

  append(token: number): void {
    this.#push(token);
    if (this.#at === undefined) return;
    const followed = this.#tokens[this.#at] === token;
    this.#left = this.#at + 1;
    if (followed) {
      this.#at++;
      this.#isSubstitution = false;
    } else if (this.#isSubstitution) {
      this.#at = undefined;
      this.#isSubstitution = false;
    } else {
      // A place that fits the words so far is better than the guess that one token stands for one.
      this.#at = this.#nearestPlace() ?? this.#at + 1;
      this.#isSubstitution = true;
    }
    if (this.#at !== undefined && this.#at >= this.#tokens.length - 1) this.#at = undefined;
  }

  dispose(): void {
    this.#places.clear();
  }

  /** The place with the longest equal run before it; of equals the first one behind where the answer was followed last, else the latest one. */
  #nearestPlace(): number | undefined {
    const last = this.#tokens.length - 1;
    const places = this.#places.get(pairOf(this.#tokens[last - 1], this.#tokens[last])) ?? [];
    let best: number | undefined;
    let bestLength = leastMatch - 1;
    for (let index = places.length - 1; index >= Math.max(0, places.length - mostPlaces); index--) {
      const place = places[index] as number;
      if (place > last || this.#tokens[place] === boundary) continue;
      const length = this.#equalBefore(place);
      const isNearer = length === bestLength && best !== undefined && place >= this.#left && (best < this.#left || place < best);
      if (length > bestLength || isNearer) {
        best = place;
        bestLength = length;
      }
    }
    return best ?? this.#nextLine();
  }

  /** Where the line after the one that was left begins, when the answer has just ended a line. */
  #nextLine(): number | undefined {
    const last = this.#tokens.length - 1;
    if (!this.#endsLine(this.#tokens[last] as number)) return undefined;
    for (let at = this.#left; at < Math.min(last, this.#left + lineReach); at++) {
      const token = this.#tokens[at] as number;
      if (token === boundary) return undefined;
      if (this.#endsLine(token)) return at + 1 < last ? at + 1 : undefined;
    }
    return undefined;
  }

  #equalBefore(place: number): number {
    let length = 0;
    while (length < mostMatch && this.#tokens[place - 1 - length] === this.#tokens[this.#tokens.length - 1 - length] && place - 1 - length >= 0) length++;
    return length;
  }

  #push(token: number): void {
    this.#tokens.push(token);
    const length = this.#tokens.length;
    if (length < 2) return;
    const pair = pairOf(this.#tokens[length - 2], token);
    const places = this.#places.get(pair);
    if (places) places.push(length);
    else this.#places.set(pair, [length]);
  }
}

/** Vocabularies have fewer than 2^25 tokens, so a pair fits into a safe integer. */
function pairOf(first: number | undefined, second: number | undefined): number {
  return (first ?? boundary) * 2 ** 25 + (second ?? boundary);
}
