// One token of one stream out of a decoded batch. It knows what can go wrong with one stream's sampler alone, so that the others of the
// batch go on; it must not know streams, text or grammars' meaning.
import type { AddonContext, AddonSampler } from './addon.ts';

/** A grammar with several readings of the same text can double them with each token: who sees this stops before the next doubling. */
const grammarPatienceMs = 1000;

export interface Sampling {
  readonly batchIndex: number;
  readonly sampler: AddonSampler;
  readonly followsGrammar: boolean;
  readonly wantsConfidence: boolean;
}

export interface Sampled {
  /** -1 when the library could not sample. */
  readonly token: number;
  /**
   * Probability of the token in the distribution that it was taken from, 0 to 1: the model's own when greedy, else after temperature and
   * truncation; under a grammar or with forbidden tokens among those that are left.
   */
  readonly confidence?: number;
  /** The grammar leaves no token, or took too long: the sampler must not be used again. */
  readonly isRefused: boolean;
}

/** Rejects only where the library fails for a reason that is not this stream's. */
export async function sampleToken(context: AddonContext, { batchIndex, sampler, followsGrammar, wantsConfidence }: Sampling): Promise<Sampled> {
  const startedAt = performance.now();
  try {
    // The addon sorts the vocabulary for a confidence, so it is asked for only where it is wanted.
    const [token, , confidence] = wantsConfidence
      ? await context.sampleToken(batchIndex, sampler, false, true)
      : [await context.sampleToken(batchIndex, sampler)];
    const isRefused = followsGrammar && (token < 0 || performance.now() - startedAt > grammarPatienceMs);
    return { token, isRefused, ...(confidence === undefined ? {} : { confidence: Math.min(1, Math.max(0, confidence)) }) };
  } catch (error) {
    if (!followsGrammar) throw error;
    return { token: -1, isRefused: true };
  }
}
