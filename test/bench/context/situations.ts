// What a method sees of a hole: the file with the hole's line blank and, in the harder variant, without the import that would give the name away.
// It knows holes and text; it must not know any method.
import type { Hole, Repository } from './holes.ts';
import { importsOf } from './sourceScan.ts';

export interface Situation {
  readonly path: string;
  /** Of the hole, in `text`. */
  readonly line: number;
  /** The whole file, as it is seen. */
  readonly text: string;
  /** 30 lines above the hole and 10 below. */
  readonly nearText: string;
}

const linesAbove = 30;
const linesBelow = 10;

/** Lines keep their numbers: what is left out of an import is replaced by blank lines. */
export function situationOf(repository: Repository, hole: Hole, options: { readonly hideImport: boolean }): Situation {
  let text = repository.files.get(hole.path) as string;
  if (options.hideImport && hole.hidden !== undefined) text = withoutImport(text, repository, hole.hidden);
  const lines = text.split('\n');
  lines[hole.line] = '';
  return {
    path: hole.path,
    line: hole.line,
    text: lines.join('\n'),
    nearText: lines.slice(Math.max(0, hole.line - linesAbove), hole.line + linesBelow + 1).join('\n'),
  };
}

function withoutImport(text: string, repository: Repository, local: string): string {
  let result = text;
  for (const statement of importsOf(text, repository.language).toReversed()) {
    if (!statement.names.some((name) => name.local === local)) continue;
    const removed = text.slice(statement.start, statement.end);
    const kept = statement.without(local).replace(/\n/g, ' ');
    const lost = removed.split('\n').length - 1;
    result = result.slice(0, statement.start) + kept + '\n'.repeat(lost) + result.slice(statement.end);
  }
  return result;
}
