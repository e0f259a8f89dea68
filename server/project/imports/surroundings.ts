// What import resolution is asked with and what it may ask in turn.
import type { FileSet } from '../fileSet.ts';

/** What all languages resolve against. It may keep what it computed until a path or a configuration file changes. */
export interface Surroundings {
  readonly files: FileSet;
  /** The text of a configuration file of the set (`tsconfig.json`, `go.mod`, …), undefined when it cannot be read. */
  readonly readConfig: (path: string) => string | undefined;
  /** Files that declare a C# namespace; with `type` those of them that define a type of that name. */
  readonly filesOfNamespace: (name: string, type?: string) => readonly string[];
  /** Computes once until something changes. */
  readonly remember: <Value>(key: string, compute: () => Value) => Value;
}

export interface ImportToResolve {
  readonly specifier: string;
  readonly imported: string;
}
