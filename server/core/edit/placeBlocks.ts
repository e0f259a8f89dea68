// Finds the place of every block of an answer in the files that were shown, or says block by block why not.
// It knows formats, matching and the words of a refusal. It must not know uris, versions, models or how an edit is shown.
import { applyEdits, type PlacedBlock, type TextEdit } from './applyEdits.ts';
import { findElision } from './elision.ts';
import { lineHunks } from './lineHunks.ts';
import { matchEdit, type Match } from './matchEdit.ts';
import { type BrokenBlock, type EditBlock, type ParsedAnswer, type Reading, unfenced } from './parseEdits/searchReplace.ts';
import { isWhole, type WholeText } from './parseEdits/wholeText.ts';
import { explainMissing, explainSeveral } from './refusalText.ts';
import { resolveShownPath, type ShownFile } from './shownFile.ts';

export interface Refusal {
  /** As the model wrote it; empty where it named none. */
  readonly path: string;
  readonly reason: 'noMatch' | 'severalMatches' | 'unknownFile' | 'overlap' | 'noChange' | 'unreadable';
  readonly message: string;
}

export interface FileEdits {
  readonly file: ShownFile;
  readonly edits: readonly TextEdit[];
}

export type Placement =
  | { readonly kind: 'placed'; readonly files: readonly FileEdits[] }
  /** At least one block has no place: none of the others may be applied either. */
  | { readonly kind: 'refused'; readonly refusals: readonly Refusal[] };

/** For an answer with at least one block, whole or broken. */
export function placeBlocks({ blocks, broken }: ParsedAnswer, files: readonly ShownFile[]): Placement {
  const refusals: Refusal[] = broken.map((block) => ({ path: block.path ?? '', reason: 'unreadable', message: explainBroken(block) }));
  const placed = files.map((): PlacedBlock[] => []);
  const seen = new Set<string>();
  for (const block of blocks) {
    // Weak models repeat a block word for word: done once, it is done.
    const key = JSON.stringify([block.path, block.readings]);
    if (seen.has(key)) continue;
    seen.add(key);
    const index = resolveShownPath(
      block.path,
      files.map((file) => file.path),
    );
    const file = index === undefined ? undefined : files[index];
    if (file === undefined || index === undefined) {
      refusals.push({ path: block.path ?? '', reason: 'unknownFile', message: explainUnknown(block.path, files) });
      continue;
    }
    const outcome = placeBlock(block, file);
    if ('reason' in outcome) refusals.push(outcome);
    else placed[index]?.push(outcome);
  }

  const result: FileEdits[] = [];
  files.forEach((file, index) => {
    const edits = applyEdits(file.document, placed[index] ?? []);
    if (edits.kind === 'edits') result.push({ file, edits: edits.edits });
    if (edits.kind === 'overlap') {
      refusals.push({ path: file.path, reason: 'overlap', message: `Two blocks change the same lines of ${file.path}, at line ${edits.line + 1}.` });
    }
  });
  if (refusals.length === 0 && result.length === 0) {
    refusals.push({
      path: blocks[0]?.path ?? '',
      reason: 'noChange',
      message: 'The answer changes nothing: what it replaces and what it writes are the same.',
    });
  }
  return refusals.length > 0 ? { kind: 'refused', refusals } : { kind: 'placed', files: result };
}

/** For an answer that is the whole new text of the only shown file; undefined when it cannot be believed to be whole. */
export function placeWholeText(text: WholeText, files: readonly ShownFile[]): Placement | undefined {
  const index = resolveShownPath(
    text.path,
    files.map((file) => file.path),
  );
  const file = index === undefined ? undefined : files[index];
  if (file === undefined || files.length !== 1) return undefined;
  const before = file.document.lines.slice(file.region.start, file.region.end);
  if (findElision(text.lines, inFile(file), file.path) !== undefined || !isWhole(before, text.lines)) return undefined;
  const edits = applyEdits(file.document, [{ region: file.region, hunks: lineHunks(before, text.lines, file.region.start) }]);
  if (edits.kind === 'edits') return { kind: 'placed', files: [{ file, edits: edits.edits }] };
  return { kind: 'refused', refusals: [{ path: file.path, reason: 'noChange', message: `The answer repeats ${file.path} without any change.` }] };
}

function placeBlock(block: EditBlock, file: ShownFile): PlacedBlock | Refusal {
  const refused = (reason: Refusal['reason'], message: string): Refusal => ({ path: block.path ?? file.path, reason, message });
  const { lines } = file.document;
  const creation = block.readings.length === 1 && block.readings[0]?.search.every((line) => line.trim() === '') === true ? block.readings[0] : undefined;
  if (creation !== undefined) {
    if (lines.every((line) => line.trim() === '')) return { region: file.region, hunks: lineHunks(lines, creation.replace) };
    return refused('noMatch', `A block for ${file.path} has an empty SEARCH part, which is understood for an empty file only.`);
  }
  // A later divider makes a longer SEARCH part that begins with the shorter one. Where the file itself holds the line that looks like a
  // divider, and what follows, at that very place, those lines are the file's text: the longest part that is found is meant.
  const only = block.readings.map((reading) => matchReading(reading, file)).findLast(({ match }) => match.kind !== 'noMatch');
  if (only === undefined) {
    const [reading] = block.readings;
    return refused('noMatch', reading === undefined ? '' : explainMissing(reading, file));
  }
  const { match, reading } = only;
  if (match.kind === 'severalMatches') return refused('severalMatches', explainSeveral(match.starts, file));
  if (match.kind === 'noMatch') return refused('noMatch', explainMissing(reading, file));
  const elision = findElision(reading.replace, (line) => reading.search.includes(line) || inFile(file)(line), file.path);
  if (elision !== undefined) {
    return refused('noMatch', `A block for ${file.path} writes “${elision.trim()}” instead of lines: applied, it would delete what that stands for.`);
  }
  return { region: match.region, hunks: match.hunks };
}

function matchReading(reading: Reading, file: ShownFile): { readonly match: Match; readonly reading: Reading } {
  const { document, region } = file;
  const match = matchEdit(document.lines, reading, region);
  const inner = match.kind === 'noMatch' ? unfenced(reading) : undefined;
  return inner === undefined ? { match, reading } : { match: matchEdit(document.lines, inner, region), reading: inner };
}

function inFile(file: ShownFile): (line: string) => boolean {
  const present = new Set(file.document.lines.map((line) => line.trim()));
  return (line) => present.has(line.trim());
}

function explainBroken({ path, answerLine, problem }: BrokenBlock): string {
  const which = path === null ? `The block at line ${answerLine} of the answer` : `The block for ${path} at line ${answerLine} of the answer`;
  switch (problem) {
    case 'truncated':
      return `${which} is cut off: its end is missing.`;
    case 'unclosed':
      return `${which} has no end: the next one begins within it.`;
    case 'noDivider':
      return `${which} has no ======= line between what is searched and what replaces it.`;
    case 'strayMarker':
      return `Line ${answerLine} of the answer ends a block that never began.`;
    case 'tooManyDividers':
      return `${which} holds too many ======= lines to tell which one divides it.`;
  }
}

function explainUnknown(path: string | null, files: readonly ShownFile[]): string {
  const shown = files.map((file) => file.path).join(', ');
  if (path === null) return `A block does not say which file it changes. The model was shown: ${shown}.`;
  return `The model wants to change ${path}, which it was not shown. It was shown: ${shown}.`;
}
