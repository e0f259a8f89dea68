// A cautious estimate of tokens from characters, for the keystroke path, where asking the engine to count would cost a round trip.
// It knows observed ratios; it must not know vocabularies.

/** Code in a small vocabulary has about 2.6 characters a token; starting below real figures only makes the first prompt shorter. */
const firstCharactersPerToken = 2.3;
const learningRate = 0.2;
/** Dense stretches have fewer characters a token than the average, so the average is not used in full. */
const caution = 0.88;

export class TokenEstimate {
  #charactersPerToken = firstCharactersPerToken / caution;

  charactersFor(tokens: number): number {
    return Math.max(0, Math.floor(tokens * this.#charactersPerToken * caution));
  }

  /** Learns from a prompt whose tokens the engine has counted. */
  observe(characters: number, tokens: number): void {
    if (tokens < 32 || characters < 64) return;
    this.#charactersPerToken += (characters / tokens - this.#charactersPerToken) * learningRate;
  }
}
