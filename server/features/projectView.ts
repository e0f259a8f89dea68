// How the features see the project: folders with their facts, and where a document belongs. It knows URIs; it must not know disks or how an index is made:
// the composition hands in an implementation.
import type { SymbolSource } from '../core/retrieval/facts.ts';

export interface ProjectFolder {
  readonly symbols: SymbolSource;
  /** The folder's own name. */
  readonly name: string;
  /** Of a path that the folder's facts name. */
  readonly uriOf: (path: string) => string;
  /** Whether every file has been looked at; `version` is another one after files were read again. */
  readonly isComplete: boolean;
  readonly version: string;
  /** Text search takes milliseconds: it is done by a database, or over few files. */
  readonly searchesFast: boolean;
}

export interface ProjectPlace {
  readonly folder: ProjectFolder;
  /** As the folder's facts name it. */
  readonly path: string;
}

export interface ProjectView {
  readonly folders: () => readonly ProjectFolder[];
  /** Undefined outside all folders, and without a project. */
  readonly place: (uri: string) => ProjectPlace | undefined;
}
