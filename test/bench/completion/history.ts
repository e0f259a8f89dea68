// What a person would have typed between two published versions of a file: the regions that differ, as keystrokes in a rhythm. It knows texts and
// chance; it must not know who suggests.
import { diffLines } from 'diff';
import { logNormal, randomFrom, seedOf, shuffled } from '../random.ts';
import type { SourceFile } from './corpus.ts';
import type { OpenDocument } from './side.ts';

/** Assumed, not recorded. Gaps and pauses in ms; chances for each key, or each line. */
export const rhythm = {
  key: { median: 150, sigma: 0.45 },
  /** Before a line is begun, now and then somebody thinks. */
  thought: { chance: 0.35, median: 900, sigma: 0.6 },
  /** Before a place is turned to. */
  move: { median: 2500, sigma: 0.5 },
  /** Some wrong letters, seen and deleted again. */
  slip: { chance: 0.02, mostLetters: 3, pauseMs: 250 },
  /** The last word is taken back at once and typed again. */
  undo: { chance: 0.03, mostCharacters: 16, pauseMs: 700 },
} as const;

/** One key, or one line break with the indentation that an editor adds. */
export interface Key {
  readonly text: string;
  readonly gapMs: number;
  /** Typed first, and deleted letter by letter. */
  readonly slip?: string;
  /** Characters before this key that are taken back and put in again first. */
  readonly undone?: number;
}

export interface Region {
  /** UTF-16 offset in the text as it is when all regions before this one were typed. */
  readonly offset: number;
  /** Taken away at once before anything is typed. */
  readonly removed: string;
  readonly keys: readonly Key[];
  readonly moveMs: number;
}

export interface Episode {
  readonly document: OpenDocument;
  /** Other files of the package, as they are open beside it. */
  readonly others: readonly OpenDocument[];
  readonly regions: readonly Region[];
  readonly keystrokes: number;
}

const leastTyped = 12;
const mostTyped = 240;
const mostTypedInFile = 240;
const mostOthers = 2;

/** Episodes with so many keystrokes in all, packages in turn. */
export function drawEpisodes(files: readonly SourceFile[], keystrokes: number, seed: number): Episode[] {
  const random = randomFrom(seed);
  const packages = shuffled([...new Set(files.map((file) => file.package))], random);
  const queues = packages.map((name) =>
    shuffled(
      files.filter((file) => file.package === name),
      random,
    ),
  );
  const episodes: Episode[] = [];
  let typed = 0;
  while (typed < keystrokes && queues.some((queue) => queue.length > 0)) {
    for (const queue of queues) {
      if (typed >= keystrokes) break;
      const episode = nextEpisode(queue, files, seed);
      if (!episode) continue;
      episodes.push(episode);
      typed += episode.keystrokes;
    }
  }
  return episodes;
}

function nextEpisode(queue: SourceFile[], files: readonly SourceFile[], seed: number): Episode | undefined {
  for (let file = queue.pop(); file; file = queue.pop()) {
    const episode = episodeOf(file, files, randomFrom(seedOf(`${seed} ${file.package}/${file.path}`)));
    if (episode) return episode;
  }
  return undefined;
}

interface Change {
  /** In the newer text. */
  readonly offset: number;
  readonly removed: string;
  readonly added: string;
}

function episodeOf(file: SourceFile, files: readonly SourceFile[], random: () => number): Episode | undefined {
  if (file.olderText === undefined) return undefined;
  const chosen: Change[] = [];
  let sum = 0;
  for (const change of shuffled(changesOf(file.olderText, file.text), random)) {
    const length = change.added.trim().length;
    if (length < leastTyped || change.added.length > mostTyped || sum + change.added.length > mostTypedInFile) continue;
    chosen.push(change);
    sum += change.added.length;
  }
  if (chosen.length === 0) return undefined;
  const inOrder = chosen.toSorted((one, other) => one.offset - other.offset);
  let text = file.text;
  for (const { offset, removed, added } of inOrder.toReversed()) text = text.slice(0, offset) + removed + text.slice(offset + added.length);
  // Earlier regions stand in their newer form by then, so the newer text's offsets hold.
  const regions = inOrder.map(({ offset, removed, added }) => ({ offset, removed, keys: keysFor(added, random), moveMs: logNormal(random, rhythm.move) }));
  const others = files.filter((other) => other.package === file.package && other.languageId === file.languageId && other.path !== file.path);
  return {
    document: { path: file.path, languageId: file.languageId, text },
    others: shuffled(others, random)
      .slice(0, mostOthers)
      .map(({ path, languageId, text: otherText }) => ({ path, languageId, text: otherText })),
    regions,
    keystrokes: regions.reduce((count, { keys }) => count + keys.length, 0),
  };
}

/** Lines that differ; of a changed line only what is between the common beginning and end. */
function changesOf(older: string, newer: string): Change[] {
  const changes: Change[] = [];
  let offset = 0;
  let removed = '';
  for (const part of [...diffLines(older, newer), { value: '', added: false, removed: false }]) {
    if (part.removed) {
      removed += part.value;
      continue;
    }
    const added = part.added ? part.value : '';
    if (removed !== '' || added !== '') changes.push(narrowed({ offset, removed, added }));
    removed = '';
    offset += part.value.length;
  }
  return changes.filter(({ added }) => added !== '');
}

function narrowed({ offset, removed, added }: Change): Change {
  if (removed === '') {
    // Typed behind the line above, beginning with a line break, as somebody does who adds lines.
    return offset === 0 ? { offset, removed, added } : { offset: offset - 1, removed, added: `\n${added.slice(0, -1)}` };
  }
  const shorter = Math.min(removed.length, added.length);
  let head = 0;
  while (head < shorter && removed[head] === added[head]) head++;
  let tail = 0;
  while (tail < shorter - head && removed[removed.length - 1 - tail] === added[added.length - 1 - tail]) tail++;
  return { offset: offset + head, removed: removed.slice(head, removed.length - tail), added: added.slice(head, added.length - tail) };
}

function keysFor(text: string, random: () => number): Key[] {
  const keys: Key[] = [];
  const pieces = text.match(/\n[ \t]*|[^\n]/gu) ?? [];
  for (const [index, piece] of pieces.entries()) {
    const isLineStart = piece.startsWith('\n') || index === 0;
    const thought = isLineStart && random() < rhythm.thought.chance ? logNormal(random, rhythm.thought) : 0;
    const isInWord = /[\p{L}\p{N}_]/u.test(piece);
    const slip = isInWord && random() < rhythm.slip.chance ? wrongLetters(random) : undefined;
    const before = keys.map((key) => key.text).join('');
    const word = /[\p{L}\p{N}_$]+\W?$/u.exec(before.slice(before.lastIndexOf('\n') + 1))?.[0] ?? '';
    const mayUndo = piece === ' ' && word.length > 1 && word.length <= rhythm.undo.mostCharacters;
    const undone = mayUndo && random() < rhythm.undo.chance ? word.length : undefined;
    const gapMs = logNormal(random, rhythm.key) + thought;
    keys.push({ text: piece, gapMs, ...(slip === undefined ? {} : { slip }), ...(undone === undefined ? {} : { undone }) });
  }
  return keys;
}

function wrongLetters(random: () => number): string {
  const count = 1 + Math.floor(random() * rhythm.slip.mostLetters);
  return Array.from({ length: count }, () => String.fromCharCode(97 + Math.floor(random() * 26))).join('');
}
