// What the server and its parse worker say to each other: plain values that survive being copied between threads.
import type { ContentFacts, GrammarFiles } from './parsing.ts';
import type { SkipReason } from './skipRules.ts';

export interface WorkerOptions {
  readonly grammars: GrammarFiles;
  /** Of a `ParsingMark`: what is in hand. Too long with the same, and the worker is ended. */
  readonly mark: SharedArrayBuffer;
}

/** Where one workspace folder lies and keeps its index; without a database its facts are sent back instead. */
export interface FolderPlace {
  readonly folder: string;
  readonly root: string;
  readonly database: string | undefined;
  readonly maxDatabaseBytes: number;
}

export type WorkerRequest =
  /** With `isDamaged` the database that is there is set aside first. */
  | { readonly kind: 'openFolder'; readonly place: FolderPlace; readonly isDamaged?: boolean }
  | { readonly kind: 'closeFolder'; readonly folder: string }
  /** Bring these files up to date, for at most about `sliceMs`; what was not reached comes back. */
  | { readonly kind: 'index'; readonly folder: string; readonly paths: readonly string[]; readonly sliceMs: number }
  /** Files of more interest wait: whatever slice is under way ends after the file at hand. */
  | { readonly kind: 'hurry' }
  | { readonly kind: 'remove'; readonly folder: string; readonly paths: readonly string[] }
  /** A file that made the worker hang or crash is remembered as such until it changes. */
  | { readonly kind: 'giveUpOn'; readonly folder: string; readonly path: string }
  | { readonly kind: 'parseOpen'; readonly folder: string; readonly path: string; readonly text: string; readonly languageId: string }
  | { readonly kind: 'forgetOpen'; readonly folder: string; readonly path: string }
  | { readonly kind: 'setMeta'; readonly folder: string; readonly name: string; readonly value: string }
  | { readonly kind: 'tidy'; readonly folder: string };

export type StoreState =
  | { readonly store: 'sqlite' }
  /** `why` is for the log; undefined where memory was asked for. */
  | { readonly store: 'memory'; readonly why: string | undefined };

export interface IndexedFile {
  readonly path: string;
  /** `fresh`: nothing had changed; `known`: the content was stored before; `gone`: there is no such file any more. */
  readonly outcome: 'fresh' | 'known' | 'parsed' | 'skipped' | 'gone';
  readonly reason?: SkipReason;
  /** Where facts are not stored in a database. */
  readonly facts?: ContentFacts;
}

export interface IndexedSlice {
  readonly files: readonly IndexedFile[];
  readonly left: readonly string[];
  /** How long the worker was at it: the share of time it may have is reckoned from this. */
  readonly busyMs: number;
  /** Facts could not be stored and are in `files` instead: the disk is full or cannot be written. */
  readonly noRoom?: string;
}

export interface WorkerReplies {
  readonly openFolder: StoreState;
  readonly closeFolder: undefined;
  readonly index: IndexedSlice;
  readonly hurry: undefined;
  readonly remove: undefined;
  readonly giveUpOn: undefined;
  readonly parseOpen: ContentFacts;
  readonly forgetOpen: undefined;
  readonly setMeta: undefined;
  /** Whether there may be more to tidy. */
  readonly tidy: boolean;
}

export type ToWorker = { readonly id: number; readonly request: WorkerRequest };

export type FromWorker =
  | { readonly id: number; readonly value: WorkerReplies[keyof WorkerReplies] }
  | { readonly id: number; readonly failed: string; readonly isDamage: boolean }
  /** The check of the whole database found damage. */
  | { readonly damaged: string };
