// What each reason is worth: the coefficients of a logistic regression. They were fitted on rxjs, ethers, rich and Django with one seed of the
// context bench (`npm run bench -- context --fit`); the bench reports other holes, and repositories that had no part in the fit. Fitted again
// with today's symbol table most come out within 0.4 of these, and `predictedRoot` 1.3 lower; recall is recorded for the weights as they stand.

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

export const intercept = -9.6;

export const fileWeights: Readonly<Record<keyof Reasons, number>> = {
  // The fit says about 3. In files with a hundred imports that left too many of them out, and what somebody imported is what he is about to use.
  importedByName: 4.5,
  importedUnused: 0.33,
  besideImported: 0.21,
  memberOfImported: 0.74,
  memberBesideImported: 0.59,
  visible: 1.11,
  visibleAmong: 1.01,
  visibleMember: -1.9,
  visibleReached: 0.11,
  visibleShare: 2.44,
  often: 0.67,
  reached: 1.01,
  predicted: 2.65,
  predictedRoot: 2.85,
  popular: 1.82,
  usedOfType: 0.34,
  member: -1.55,
  notExported: -1.3,
  field: -0.4,
  variable: -0.78,
};

export const cursorWeights: Readonly<Record<keyof CursorReasons, number>> = {
  importedNear: 1.26,
  visibleNear: 1.01,
  visibleNearReached: 1.18,
  memberOfLocal: 1.51,
  inherited: 1.35,
  words: 1.55,
};
