// What the index of one folder is given and what it tells of itself. Types only.
import type { Log } from '../core/log.ts';
import type { ProjectClock } from './clock.ts';
import type { ParseWorkerThread } from './parseWorkerThread.ts';
import type { SkipReason } from './skipRules.ts';

export interface FolderIndexOptions {
  /** The absolute path of the folder, which also names it. */
  readonly root: string;
  /** Undefined: in memory only. */
  readonly databaseFile: string | undefined;
  readonly maxDatabaseBytes: number;
  readonly maxFiles: number;
  /** The part of one core's time that files nobody looks at may take, above 0 and at most 1. */
  readonly cpuShare: () => number;
  readonly gitTimeoutMs: number;
  /** How long a burst of changes is collected. */
  readonly debounceMs: number;
  /** Folders inside this one that have an index of their own, relative to it. */
  readonly innerFolders: readonly string[];
  readonly worker: ParseWorkerThread;
  readonly clock: ProjectClock;
  readonly log: Log;
  readonly onChange: () => void;
}

export interface FolderStatus {
  readonly root: string;
  readonly files: number;
  /** Files that were parsed since the start; 0 where nothing had changed. */
  readonly parsed: number;
  readonly waiting: number;
  readonly skippedByReason: Readonly<Partial<Record<SkipReason, number>>>;
  /** Whether every listed file has been looked at. */
  readonly isComplete: boolean;
  readonly store: 'sqlite' | 'memory';
  /** What a person should know: the disk is full, files were left out. */
  readonly problem: string | undefined;
}
