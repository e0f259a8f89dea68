// A cautious estimate of tokens from characters, for the keystroke path, where asking the engine to count would cost a round trip.
// It knows observed ratios; it must not know vocabularies.

/** Code in a small vocabulary has about 2.6 characters a token; starting below real figures only makes the first prompt shorter. */
const firstCharactersPerToken = 2.3;
const learningRate = 0.2;
/** Dense stretches have fewer characters a token than the average, so the average is not used in full. */
const caution = 0.88;
/** Answers move the estimate a little each time; in steps of this many characters most of that changes nothing. */
const stepCharacters = 400;

export class TokenEstimate {
  #charactersPerToken = firstCharactersPerToken / caution;
  #last = 0;
  #lastTokens = -1;

  /**
   * In steps, and back up only by two at once: where a prompt is cut must not move while somebody types, or all of it is read again.
   * `tokens` should be the same from one call to the next.
   */
  charactersFor(tokens: number): number {
    const exact = Math.max(0, tokens * this.#charactersPerToken * caution);
    const stepped = exact < stepCharacters ? Math.floor(exact) : exact - (exact % stepCharacters);
    const isSmallRise = tokens === this.#lastTokens && stepped > this.#last && stepped <= this.#last + stepCharacters;
    if (!isSmallRise) this.#last = Math.floor(stepped);
    this.#lastTokens = tokens;
    return this.#last;
  }

  /** Learns from a prompt whose tokens the engine has counted. */
  observe(characters: number, tokens: number): void {
    if (tokens < 32 || characters < 64) return;
    this.#charactersPerToken += (characters / tokens - this.#charactersPerToken) * learningRate;
  }
}
