// What the rules for the next edit take and give. It knows offsets in one text; it must not know documents, versions, editors or time.
import type { Source } from './source.ts';

/** Something that was just changed by hand. `after` stands in the text now, at `start`; `before` stood there. UTF-16 offsets. */
export interface RecentChange {
  readonly start: number;
  readonly before: string;
  readonly after: string;
  /** It was suggested and taken, for the change of that number, rather than made by hand. */
  readonly takenFor?: number;
}

export type NextEditKind = 'rename' | 'member' | 'argument' | 'likeLine' | 'key' | 'literal' | 'import' | 'model';

/** A replacement of the text [start, end) that the change asks for elsewhere. */
export interface NextEdit {
  readonly start: number;
  readonly end: number;
  readonly newText: string;
  readonly kind: NextEditKind;
  /** For people, without a closing full stop. */
  readonly why: string;
}

/** What another file of the same language imports, as far as it can be written here alike. */
export interface KnownImport {
  readonly name: string;
  readonly module: string;
  /** The statement that imports this name alone. */
  readonly statement: string;
}

export interface RuleInput {
  readonly source: Source;
  /** The change that is looked at. */
  readonly change: RecentChange;
  /** All recent changes, oldest first, also those that were suggested and taken. */
  readonly changes: readonly RecentChange[];
  readonly imports: readonly KnownImport[];
}

/** Nothing is the usual answer. The order of what is found does not matter, unless a rule says so. */
export type Rule = (input: RuleInput) => readonly NextEdit[];
