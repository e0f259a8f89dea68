// Whether a suggestion that fits is also worth a person's attention: a small filter on the model's confidence, the place and what became of
// earlier suggestions. It knows figures; it must not know where they come from. Asked for explicitly, everything is worth showing.
import { thresholds } from './thresholds.ts';

export interface Worth {
  readonly text: string;
  readonly isExplicit: boolean;
  /** It is being typed through: what stands there already must not vanish. */
  readonly isShown: boolean;
  /** Probabilities of the model's first tokens, where the engine gave them. */
  readonly confidence: readonly number[] | undefined;
  /** How often this very suggestion was turned down at this place. */
  readonly rejectsAtPlace: number;
  readonly linePrefix: string;
  readonly lineSuffix: string;
  /** How much of it was typed since it was computed, in characters: whoever types it agrees with it. */
  readonly typed: number;
}

export type WorthVerdict = 'show' | 'unsure' | 'turnedDown' | 'trivial';

export function worthShowing({ text, isExplicit, isShown, confidence, rejectsAtPlace, linePrefix, lineSuffix, typed }: Worth): WorthVerdict {
  if (isExplicit || isShown) return 'show';
  if (rejectsAtPlace >= thresholds.mostRejectsAtPlace) return 'turnedDown';
  const isInWord = /[\p{L}\p{N}_$]$/u.test(linePrefix);
  const least = isInWord ? thresholds.leastProbabilityInWord : thresholds.leastProbability;
  if (confidence && confidence.length > 0 && typed < thresholds.agreedCharacters && geometricMean(confidence) < least) return 'unsure';
  // One closing sign at the end of a line is typed faster than it is read.
  if (/^[\s)\]};,]$/.test(text) && lineSuffix === '') return 'trivial';
  return 'show';
}

function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(Math.max(value, 1e-9)), 0) / values.length);
}
