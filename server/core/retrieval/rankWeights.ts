// What each reason is worth: the coefficients of a logistic regression. They were fitted on rxjs, ethers, rich and Django with one seed of the
// context bench (`test/bench/context/fitWeights.ts`); the bench reports other holes, and repositories that had no part in the fit.
import type { Reasons } from './fileEvidence.ts';

/** What the cursor's place says for a definition; numbers from 0 to 1. */
export interface CursorReasons {
  /** Of a definition imported by name: how near its name is used. */
  importedNear: number;
  visibleNear: number;
  visibleNearReached: number;
  /** Member of the type of a variable nearby. */
  memberOfLocal: number;
  /** Member of a base type of a class in the file. */
  inherited: number;
  /** The share of its words that stand nearby. */
  words: number;
}

export const intercept = -9.71;

export const fileWeights: Readonly<Record<keyof Reasons, number>> = {
  importedByName: 3.65,
  importedUnused: 0.34,
  besideImported: 0.18,
  memberOfImported: 0.69,
  memberBesideImported: 0.59,
  visible: 1.53,
  visibleAmong: 3.0,
  visibleMember: -1.78,
  visibleReached: 0.3,
  reached: 1.05,
  predicted: 2.66,
  predictedRoot: 2.74,
  popular: 2.27,
  member: -1.48,
  notExported: -1.41,
  field: -0.38,
  variable: -0.77,
};

export const cursorWeights: Readonly<Record<keyof CursorReasons, number>> = {
  importedNear: 1.36,
  visibleNear: 1.26,
  visibleNearReached: 1.25,
  memberOfLocal: 1.75,
  inherited: 1.43,
  words: 1.57,
};
