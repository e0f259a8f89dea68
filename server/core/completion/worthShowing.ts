// Whether a suggestion that fits is also worth a person's attention: a small filter on the model's confidence, the place and what became of
// earlier suggestions. It knows figures; it must not know where they come from. Asked for explicitly, everything is worth showing.
import { thresholds } from './thresholds.ts';

export interface Worth {
  readonly text: string;
  readonly isExplicit: boolean;
  /** It is being typed through: what stands there already must not vanish. */
  readonly isShown: boolean;
  /** Probabilities of the first tokens, where the engine gave them. */
  readonly confidence: readonly number[] | undefined;
  /** How often this very suggestion was turned down at this place. */
  readonly rejectsAtPlace: number;
  readonly lineSuffix: string;
}

export type WorthVerdict = 'show' | 'unsure' | 'turnedDown' | 'trivial';

export function worthShowing({ text, isExplicit, isShown, confidence, rejectsAtPlace, lineSuffix }: Worth): WorthVerdict {
  if (isExplicit || isShown) return 'show';
  if (rejectsAtPlace >= thresholds.mostRejectsAtPlace) return 'turnedDown';
  if (confidence && confidence.length > 0 && geometricMean(confidence) < thresholds.leastProbability) return 'unsure';
  // One closing sign at the end of a line is typed faster than it is read.
  if (/^[\s)\]};,]$/.test(text) && lineSuffix === '') return 'trivial';
  return 'show';
}

function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(Math.max(value, 1e-9)), 0) / values.length);
}
