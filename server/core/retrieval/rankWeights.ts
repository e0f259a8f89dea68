// What each reason is worth: the coefficients of a logistic regression. They were fitted on rxjs, ethers, rich and Django with one seed of the
// context bench (`npm run bench -- context --fit`); the bench reports other holes, and repositories that had no part in the fit.

import type { Reasons } from './reasons.ts';

/** What the cursor's place says for a definition; numbers from 0 to 1. */
export interface CursorReasons {
  /** Of a definition imported by name: how near its name is used. */
  importedNear: number;
  /** Of what an imported module gives away: how near the module's name is used. */
  moduleNear: number;
  visibleNear: number;
  visibleNearReached: number;
  /** Member of the type of a variable nearby. */
  memberOfLocal: number;
  /** Member of an imported type whose name is used nearby. */
  typeNear: number;
  /** Member of the type of something whose name is used nearby. */
  holderNear: number;
  /** Member of a type called like a name that is used nearby. */
  namesakeNear: number;
  /** Member of a base type of a class in the file. */
  inherited: number;
  /** The share of its words that stand nearby. */
  words: number;
}

export const intercept = -8.92;

export const fileWeights: Readonly<Record<keyof Reasons, number>> = {
  // The fit says about 3. In files with a hundred imports that left too many of them out, and what somebody imported is what he is about to use.
  importedByName: 4.13,
  importedUnused: 0.62,
  besideImported: 0.19,
  ofModule: 0.23,
  ofSmallModule: 0.7,
  ofUnusedModule: 0.28,
  passedOn: -0.8,
  memberOfImported: 0.26,
  memberBesideImported: 0.1,
  memberOfNamesake: -0.92,
  memberOfValue: 0.97,
  visible: 1.27,
  visibleAmong: 0.95,
  visibleMember: -2.3,
  visibleOfModule: -2.31,
  visibleReached: 0.52,
  visibleShare: 2.43,
  often: 0.52,
  reached: 1.05,
  predicted: 2.67,
  predictedRoot: 2.28,
  popular: 1,
  usedOfType: 0.79,
  member: -1.78,
  notExported: -1.48,
  field: -0.2,
  variable: -0.8,
};

export const cursorWeights: Readonly<Record<keyof CursorReasons, number>> = {
  importedNear: 1.62,
  moduleNear: 1.37,
  visibleNear: 0.74,
  visibleNearReached: 1.31,
  memberOfLocal: 0.9,
  typeNear: 1.06,
  namesakeNear: 1.51,
  holderNear: 0.33,
  inherited: 1.14,
  words: 1.4,
};
