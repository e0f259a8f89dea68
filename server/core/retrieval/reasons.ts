// What may speak for a definition, one number for each reason, and what else of it a cursor's place is held against. It knows no way to find reasons
// (see `fileEvidence.ts`) and not what they are worth (see `rankWeights.ts`).
import type { Definition } from './facts.ts';

/** Numbers from 0 to about 1; 0 where nothing speaks for it. */
export interface Reasons {
  importedByName: number;
  /** Imported by name and used nowhere yet: somebody wants to. */
  importedUnused: number;
  /** Exported by a module of which something else is imported. */
  besideImported: number;
  /** What an imported module gives away, `models.Field`, and nobody uses yet. */
  ofModule: number;
  /** How little the module gives away: 1 for one definition, less by an eighth with each doubling. */
  ofSmallModule: number;
  /** The module's name is used nowhere yet. */
  ofUnusedModule: number;
  /** The module has it from another one. */
  passedOn: number;
  /** Member of a type that is imported by name. */
  memberOfImported: number;
  /** Member of another type of such a file. */
  memberBesideImported: number;
  /** Member of the type that an imported variable has or an imported function returns. */
  memberOfValue: number;
  /** Member of a type that is called like a name in the file: `compiler` is likely a `Compiler`. */
  memberOfNamesake: number;
  /** Its name stands in the file, and no import says what it means. */
  visible: number;
  /** One divided by the number of definitions of a visible name. */
  visibleAmong: number;
  visibleMember: number;
  /** A visible name that an imported module gives away. */
  visibleOfModule: number;
  /** A visible name of a type or file that the file has to do with. */
  visibleReached: number;
  /** Its part among all definitions of that name, each counted as far as the file has to do with it. */
  visibleShare: number;
  /** How often the file uses the name: the logarithm to base 2, divided by 5. */
  often: number;
  /** The type, or the type of the member, can be reached from the types in the file. */
  reached: number;
  /** The share of similar files that use it. */
  predicted: number;
  /** The square root of it: the first few files that use it say most. */
  predictedRoot: number;
  popular: number;
  /** Of the files that use its type, the share that use it. */
  usedOfType: number;
  member: number;
  notExported: number;
  field: number;
  variable: number;
}

export interface Candidate {
  readonly definition: Definition;
  readonly reasons: Reasons;
  /** The name by which the file speaks of it: an alias, where an import gives one. */
  localName: string;
  /** Types of variables in the file of which it is a member; with the share that inheritance leaves. */
  localTypes: ReadonlyMap<string, number>;
  /** Names in the file that stand for its type or a value of it, with the share that inheritance and doubt leave. */
  typeNames: ReadonlyMap<string, number>;
  holders: ReadonlyMap<string, number>;
  namesakes: ReadonlyMap<string, number>;
  /** Classes of the file that inherit it. */
  heirs: ReadonlyMap<Definition, number>;
}

export function noReasons(): Reasons {
  return {
    importedByName: 0,
    importedUnused: 0,
    besideImported: 0,
    ofModule: 0,
    ofSmallModule: 0,
    ofUnusedModule: 0,
    passedOn: 0,
    memberOfImported: 0,
    memberBesideImported: 0,
    memberOfValue: 0,
    memberOfNamesake: 0,
    visible: 0,
    visibleAmong: 0,
    visibleMember: 0,
    visibleOfModule: 0,
    visibleReached: 0,
    visibleShare: 0,
    often: 0,
    reached: 0,
    predicted: 0,
    predictedRoot: 0,
    popular: 0,
    usedOfType: 0,
    member: 0,
    notExported: 0,
    field: 0,
    variable: 0,
  };
}
