// Finds the one place in a file that a model's SEARCH lines mean, or says that there is none or that there are several.
// It knows four ways in which models write lines down inexactly without changing what they say. It must not know documents,
// positions or formats, and it never guesses: similarity is used only to explain a refusal (nearestLines.ts), because matching
// by similarity edits `getUserById` when the model asked for `getItemById`.
import type { LineRange } from './documentLines.ts';
import { findRuns } from './findRuns.ts';
import { indentationChange } from './indentation.ts';
import { type LineHunk, lineHunks } from './lineHunks.ts';

export type Rung = 'exact' | 'trailingBlanks' | 'indentation' | 'typography';

export interface SearchReplace {
  /** Lines without breaks. */
  readonly search: readonly string[];
  readonly replace: readonly string[];
}

export type Match =
  /** `region` are the matched lines of the file, `hunks` the changes within it; none when the block changes nothing. */
  | { readonly kind: 'placed'; readonly rung: Rung; readonly region: LineRange; readonly hunks: readonly LineHunk[] }
  /** Zero-based first lines of the places, at most `maxPlaces` of them. */
  | { readonly kind: 'severalMatches'; readonly rung: Rung; readonly starts: readonly number[] }
  | { readonly kind: 'noMatch' };

const maxPlaces = 8;

/**
 * The first rung of the ladder that finds anything decides: one place is taken, several are a refusal.
 * @param within the lines that may be touched; without it all of them.
 */
export function matchEdit(lines: readonly string[], edit: SearchReplace, within: LineRange = { start: 0, end: lines.length }): Match {
  // Lines of blanks alone say nothing about a place.
  if (edit.search.every((line) => line.trim() === '')) return { kind: 'noMatch' };
  const scope = lines.slice(within.start, within.end);
  const match = climb(scope, edit, within.start);
  if (match.kind !== 'noMatch') return match;
  const trimmed = withoutBlankEdges(edit);
  return trimmed === undefined ? match : climb(scope, trimmed, within.start);
}

function climb(scope: readonly string[], edit: SearchReplace, offset: number): Match {
  return (
    byKey(scope, edit, { rung: 'exact', offset, key: (line) => line }) ??
    byKey(scope, edit, { rung: 'trailingBlanks', offset, key: (line) => line.trimEnd() }) ??
    byIndentation(scope, edit, offset) ??
    byKey(scope, edit, { rung: 'typography', offset, key: foldTypography }) ?? { kind: 'noMatch' }
  );
}

interface KeyRung {
  readonly rung: Rung;
  readonly offset: number;
  readonly key: (line: string) => string;
}

function byKey(scope: readonly string[], edit: SearchReplace, { rung, offset, key }: KeyRung): Match | undefined {
  const starts = findRuns(scope.map(key), edit.search.map(key), maxPlaces);
  const [first] = starts;
  if (first === undefined) return undefined;
  if (starts.length > 1) return { kind: 'severalMatches', rung, starts: starts.map((start) => start + offset) };
  return placed(rung, first + offset, edit);
}

/** The whole block stands deeper or less deep than in the file, or is indented with the other kind of blank. */
function byIndentation(scope: readonly string[], edit: SearchReplace, offset: number): Match | undefined {
  const key = (line: string): string => line.trim();
  const found: { start: number; edit: SearchReplace }[] = [];
  for (const start of findRuns(scope.map(key), edit.search.map(key), maxCandidates)) {
    const change = indentationChange(edit.search, scope.slice(start, start + edit.search.length));
    if (change === undefined) continue;
    const replace = edit.replace.map((line) => change(line));
    if (!replace.every((line) => line !== undefined)) continue;
    // The unchanged lines must be equal on both sides, so that the file keeps its own.
    found.push({ start, edit: { search: edit.search.map((line) => change(line) ?? line), replace } });
    if (found.length >= maxPlaces) break;
  }
  const [first] = found;
  if (first === undefined) return undefined;
  if (found.length > 1) return { kind: 'severalMatches', rung: 'indentation', starts: found.map(({ start }) => start + offset) };
  return placed('indentation', first.start + offset, first.edit);
}

/** Places whose text is right and whose indentation is looked at; a file with more of them has no unique one in practice. */
const maxCandidates = 256;

function placed(rung: Rung, start: number, edit: SearchReplace): Match {
  return { kind: 'placed', rung, region: { start, end: start + edit.search.length }, hunks: lineHunks(edit.search, edit.replace, start) };
}

/** The block without the blank lines that both its parts begin or end with; undefined when there are none in SEARCH. */
function withoutBlankEdges({ search, replace }: SearchReplace): SearchReplace | undefined {
  const blank = (line: string | undefined): boolean => line?.trim() === '';
  let head = 0;
  while (blank(search[head])) head++;
  let tail = 0;
  while (blank(search[search.length - 1 - tail])) tail++;
  if (head === 0 && tail === 0) return undefined;
  let replaceHead = 0;
  while (replaceHead < head && blank(replace[replaceHead])) replaceHead++;
  let replaceTail = 0;
  while (replaceTail < tail && replaceTail < replace.length - replaceHead && blank(replace[replace.length - 1 - replaceTail])) replaceTail++;
  return { search: search.slice(head, search.length - tail), replace: replace.slice(replaceHead, replace.length - replaceTail) };
}

/** Signs that look alike and that models write for each other. Invisible signs are not among them: they would hide a difference. */
function foldTypography(line: string): string {
  return line
    .replace(/[\u2018\u2019\u201a\u201b\u2032]/g, "'")
    .replace(/[\u201c\u201d\u201e\u201f\u2033]/g, '"')
    .replace(/[\u2010-\u2015\u2212]/g, '-')
    .replace(/[\u00a0\u2000-\u200a\u202f\u205f\u3000]/g, ' ')
    .replace(/\u2026/g, '...')
    .trimEnd();
}
