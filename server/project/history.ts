// What git's history says about files: which ones change together, and where a change of the branch shows. It knows git's words, no index.
import { watch } from 'node:fs';
import path from 'node:path';
import type { CoChange } from '../core/retrieval/facts.ts';
import { runGit } from './git.ts';

const maxCommits = 3000;
/** A commit that touches more says nothing about any two files of it. */
const maxFilesOfCommit = 20;
const keptPerFile = 12;
const maxHistoryBytes = 64 * 1024 * 1024;
const mark = '\u0001';

export interface HistoryOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Undefined without a history. Paths are relative to `root`; those that `isListed` refuses are left out. */
export async function readCoChanges(
  root: string,
  isListed: (path: string) => boolean,
  { timeoutMs, signal }: HistoryOptions,
): Promise<ReadonlyMap<string, readonly CoChange[]> | undefined> {
  const args = ['log', '--no-merges', '--no-renames', '--relative', '--name-only', '-z', '--format=%x01', '-n', String(maxCommits)];
  const output = await runGit(args, { cwd: root, timeoutMs, maxBytes: maxHistoryBytes, signal });
  if (output === undefined) return undefined;
  const counts = new Map<string, Map<string, number>>();
  for (const commit of output.split(mark)) {
    const files = commit
      .split('\0')
      .map((name) => name.replace(/^\n+/, ''))
      .filter((name) => name !== '' && isListed(name));
    if (files.length < 2 || files.length > maxFilesOfCommit) continue;
    for (const file of files) {
      const others = counts.get(file) ?? new Map<string, number>();
      counts.set(file, others);
      for (const other of files) if (other !== file) others.set(other, (others.get(other) ?? 0) + 1);
    }
  }
  const found = new Map<string, readonly CoChange[]>();
  for (const [file, others] of counts) {
    const best = [...others].sort((a, b) => b[1] - a[1]).slice(0, keptPerFile);
    found.set(
      file,
      best.map(([other, count]) => ({ path: other, count })),
    );
  }
  return found;
}

/** Calls back when another commit or branch is checked out, until the signal is aborted. Does nothing where there is no repository. */
export async function watchHead(root: string, onChange: () => void, { timeoutMs, signal }: HistoryOptions): Promise<void> {
  const output = await runGit(['rev-parse', '--absolute-git-dir'], { cwd: root, timeoutMs, maxBytes: 64 * 1024, signal });
  const folder = output?.trim();
  if (!folder || signal.aborted) return;
  try {
    // git replaces HEAD rather than writing it, so the folder is watched.
    const watcher = watch(path.normalize(folder), { persistent: false, signal }, (_event, name) => {
      // Not the staging area: looking at the status alone writes that.
      if (name === 'HEAD') onChange();
    });
    // The folder may be deleted while it is watched; then there is nothing left to hear.
    watcher.on('error', () => watcher.close());
  } catch (error) {
    // No more watches are allowed on this machine: the client's own file events remain.
    if (!(error instanceof Error)) throw error;
  }
}
