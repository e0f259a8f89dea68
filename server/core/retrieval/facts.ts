// What parsing says about a file, as plain values, and how retrieval reads it. It knows no parser, no database and no editor.
//
// Lines and columns count from 0, columns in UTF-16 units. A path is relative to its workspace folder, with `/` on every platform.

export type DefinitionKind =
  | 'function'
  | 'method'
  | 'constructor'
  | 'class'
  | 'struct'
  | 'interface'
  | 'trait'
  | 'enum'
  | 'enumMember'
  | 'type'
  | 'constant'
  | 'variable'
  | 'field'
  | 'namespace'
  | 'macro';

/** Something that other code can name. Locals of a function are no definitions (see `LocalBinding`). */
export interface Definition {
  readonly name: string;
  readonly kind: DefinitionKind;
  /** The name of the class, struct, interface, trait, enum or namespace around it; for nested ones joined by `.`. */
  readonly container?: string;
  /**
   * What a reader needs to use it, without its body. One line; types, interfaces and enums may have up to 12. The members of a class are
   * definitions of their own.
   */
  readonly signature: string;
  /** The first sentence of its documentation comment. */
  readonly docstring?: string;
  /** The simple name of its declared type (variables, fields) or of what it returns (functions), where it is written down. */
  readonly typeName?: string;
  readonly path: string;
  readonly startLine: number;
  /** The last line of it, inclusive. */
  readonly endLine: number;
  /** Whether other files can name it: exported, public, or without an underscore, as the language has it. */
  readonly isExported: boolean;
}

/** A name that is used. Of files that are not open only the first place of each name is kept. */
export interface Reference {
  readonly name: string;
  readonly line: number;
  readonly column: number;
}

/** A local, parameter or field of which the file says the type: `x: Box`, `Box x`, `x = new Box()`, `x := Box{}`. Of open documents only. */
export interface LocalBinding {
  readonly name: string;
  /** The simple name of the type. */
  readonly typeName: string;
  readonly line: number;
}

/** One name that an import brings into the file. */
export interface ImportBinding {
  /** The name in this file; '*' when all names come in (`from x import *`), '' when none does (`import 'x'`, `#include`: see `imported`). */
  readonly local: string;
  /** '*' (the whole module or all of its names), 'default', or the name over there. */
  readonly imported: string;
  readonly specifier: string;
  /** The project's files it leads to: none outside the project, several where a package is a folder (Go, Java, C#). */
  readonly resolvedPaths: readonly string[];
  readonly line: number;
}

/** A name that the file exports without defining it there, or under another name. */
export interface ReExport {
  /** '*' for all names of the other module. */
  readonly exported: string;
  /** The name over there or, without a specifier, in this file; '*' for the module itself or all of its names. */
  readonly imported: string;
  readonly specifier?: string;
  readonly resolvedPaths: readonly string[];
  readonly line: number;
}

/** `type` extends or implements `base`; both simple names. */
export interface BaseType {
  readonly type: string;
  readonly base: string;
}

export interface FileFacts {
  readonly path: string;
  readonly languageId: string;
  /** In the order of the file. */
  readonly definitions: readonly Definition[];
  readonly references: readonly Reference[];
  readonly bindings: readonly LocalBinding[];
  readonly imports: readonly ImportBinding[];
  readonly exports: readonly ReExport[];
  readonly baseTypes: readonly BaseType[];
  /** Equal hashes are equal texts. */
  readonly contentHash: string;
  readonly lineCount: number;
}

/** A piece of a file that text search found. */
export interface TextHit {
  readonly path: string;
  readonly startLine: number;
  readonly endLine: number;
  /** Higher is better; comparable within one search only. */
  readonly score: number;
}

export interface CoChange {
  readonly path: string;
  /** In how many of the last commits both files changed. */
  readonly count: number;
}

/**
 * One workspace folder's facts. Every method is synchronous and answers from memory or one indexed look-up (tens of microseconds), at
 * any time: while the index is built, from what is there already. Unsaved text of open documents counts.
 */
export interface SymbolSource {
  /** Grows with every change of the facts: what was computed under another revision may be stale. */
  readonly revision: number;
  file(path: string): FileFacts | undefined;
  /** At most 16, in no promised order. */
  definitionsNamed(name: string): readonly Definition[];
  /** Members of every type of that simple name: methods, fields, enum members; not those of its base types. */
  membersOf(container: string): readonly Definition[];
  /** The names of the types that a type of that name extends or implements. */
  baseTypesOf(type: string): readonly string[];
  /** What an imported name stands for; re-exports are followed. Of '*' all exported top-level definitions. */
  definitionsOfImport(binding: Pick<ImportBinding, 'imported' | 'resolvedPaths'>): readonly Definition[];
  importersOf(path: string): readonly string[];
  /** Most often first; empty without a history. */
  coChangedWith(path: string): readonly CoChange[];
  paths(): Iterable<string>;
  /** Words or identifiers; best first. Milliseconds rather than microseconds: for chat and idle moments. */
  searchText(query: string, limit: number): readonly TextHit[];
}
