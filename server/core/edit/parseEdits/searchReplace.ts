// Reads SEARCH/REPLACE blocks out of a model's answer.
// It knows the format and the ways in which models bend it. It must not know files: whether a path exists and whether the SEARCH
// lines stand in it is decided by others, and so is which reading counts where the answer itself is ambiguous.
import { fileNamedBy } from './filePath.ts';
import { isFence, withoutFence } from './fences.ts';

export interface Reading {
  /** Lines without breaks; none means that nothing is searched, or that what is searched goes away. */
  readonly search: readonly string[];
  readonly replace: readonly string[];
}

export interface EditBlock {
  /** As the model wrote it, or that of the block before; null when the answer names none. */
  readonly path: string | null;
  /** One, unless several lines look like the divider because the file's own text holds such lines: then one for each, SEARCH parts growing. */
  readonly readings: readonly Reading[];
  /** One-based line of the answer. */
  readonly answerLine: number;
}

export interface BrokenBlock {
  readonly path: string | null;
  readonly answerLine: number;
  /** `truncated`: the answer ends within the block. `unclosed`: the next block begins within it. */
  readonly problem: 'truncated' | 'unclosed' | 'noDivider' | 'strayMarker' | 'tooManyDividers';
}

export interface ParsedAnswer {
  readonly blocks: readonly EditBlock[];
  readonly broken: readonly BrokenBlock[];
}

/** Never fails; takes time linear in the answer. `shownPaths` help to tell a path from prose. */
export function parseSearchReplace(answer: string, shownPaths: readonly string[] = []): ParsedAnswer {
  const lines = answer.split(/\r\n|\n|\r/);
  const blocks: EditBlock[] = [];
  const broken: BrokenBlock[] = [];
  let path: string | null = null;
  let line = 0;
  /** First line behind the block before: what names a file stands between it and the next block. */
  let behind = 0;
  while (line < lines.length) {
    const marker = markerOf(lines[line]);
    if (marker === undefined || marker.kind === 'divider' || marker.kind === 'foreign') {
      line++;
      continue;
    }
    if (marker.kind === 'close') {
      // Weak models write the end twice; anything else in front of a lone end was meant to be a block.
      if (blocks.length === 0 || !lines.slice(behind, line).every((text) => text.trim() === '' || isFence(text))) {
        broken.push({ path, answerLine: line + 1, problem: 'strayMarker' });
      }
      behind = ++line;
      continue;
    }
    path = marker.path ?? fileNamedBy(lines.slice(behind, line), shownPaths) ?? path;
    const block = readBlock(lines, { open: line, length: marker.length });
    if (block.problem === undefined) blocks.push({ path, readings: block.readings, answerLine: line + 1 });
    else broken.push({ path, answerLine: line + 1, problem: block.problem });
    line = behind = block.end;
  }
  return { blocks, broken };
}

/**
 * A reading whose both parts are fenced, without the fences; undefined for any other. Only for a reading that does not match as it is:
 * in a markdown file the fences may be the text itself.
 */
export function unfenced({ search, replace }: Reading): Reading | undefined {
  const inner = withoutFence(search);
  const fresh = replace.length === 0 ? replace : withoutFence(replace);
  return inner === undefined || fresh === undefined ? undefined : { search: inner, replace: fresh };
}

interface RawBlock {
  /** First line behind the block. */
  readonly end: number;
  readonly problem?: BrokenBlock['problem'];
  readonly readings: readonly Reading[];
}

/** Reads from the opening marker on. Markers nested in the block belong to the file's own text. */
function readBlock(lines: readonly string[], { open, length }: { open: number; length: number }): RawBlock {
  const dividers: { line: number; length: number; depth: number }[] = [];
  let nested: number | undefined;
  let depth = 0;
  for (let line = open + 1; line < lines.length; line++) {
    const marker = markerOf(lines[line]);
    if (marker === undefined) continue;
    if (marker.kind === 'divider') dividers.push({ line, length: marker.length, depth: depth + (nested === undefined ? 0 : 1) });
    else if (marker.kind === 'foreign') depth = Math.max(0, depth + marker.depth);
    else if (marker.kind === 'open') {
      // An opening of the same length is the next block; one of another length is text about this format.
      if (marker.length === length && nested === undefined) return { end: line, problem: 'unclosed', readings: [] };
      nested ??= marker.length;
    } else if (nested === marker.length && marker.length !== length) nested = undefined;
    else return finish(lines, { open, close: line, dividers, length });
  }
  return { end: lines.length, problem: 'truncated', readings: [] };
}

interface BlockBounds {
  readonly open: number;
  readonly close: number;
  readonly length: number;
  readonly dividers: readonly { readonly line: number; readonly length: number; readonly depth: number }[];
}

/** Past this many dividers that could be meant the answer is not worth reading: every one of them is another pair of texts. */
const maxReadings = 8;

function finish(lines: readonly string[], { open, close, dividers, length }: BlockBounds): RawBlock {
  const end = close + 1;
  if (dividers.length === 0) return { end, problem: 'noDivider', readings: [] };
  // The divider is not inside a merge conflict, and as long as the other markers, where that tells.
  const outside = preferred(dividers, (divider) => divider.depth === 0);
  const meant = preferred(outside, (divider) => divider.length === length);
  if (meant.length > maxReadings) return { end, problem: 'tooManyDividers', readings: [] };
  return { end, readings: meant.map(({ line }) => ({ search: lines.slice(open + 1, line), replace: lines.slice(line + 1, close) })) };
}

function preferred<Item>(items: readonly Item[], isBetter: (item: Item) => boolean): readonly Item[] {
  const better = items.filter(isBetter);
  return better.length > 0 ? better : items;
}

type Marker =
  | { readonly kind: 'open'; readonly length: number; readonly path: string | undefined }
  | { readonly kind: 'divider'; readonly length: number }
  | { readonly kind: 'close'; readonly length: number }
  /** A marker of a merge conflict in the file itself; `depth` is what it adds to the nesting. */
  | { readonly kind: 'foreign'; readonly depth: 1 | -1 };

/** What a line marks. Every pattern is anchored and bounded, so that no line can take long. */
function markerOf(line: string | undefined): Marker | undefined {
  const first = line?.trimStart()[0];
  if (line === undefined || (first !== '<' && first !== '=' && first !== '>')) return undefined;
  const text = line.trim();
  const divider = /^={5,9}$/.exec(text);
  if (divider) return { kind: 'divider', length: text.length };
  const chevrons = /^(?:<{5,9}|>{5,9})(?![<>])/.exec(text)?.[0];
  if (chevrons === undefined) return undefined;
  const rest = text.slice(chevrons.length).trim();
  const word = /^[A-Za-z]*/.exec(rest)?.[0].toUpperCase();
  const behind = rest.slice(word?.length ?? 0).trim();
  if (chevrons.startsWith('<')) {
    if (word !== 'SEARCH') return { kind: 'foreign', depth: 1 };
    return { kind: 'open', length: chevrons.length, path: pathBehindMarker(behind) };
  }
  if (word === 'REPLACE' && /^[<>`~]*$/.test(behind)) return { kind: 'close', length: chevrons.length };
  return { kind: 'foreign', depth: -1 };
}

function pathBehindMarker(text: string): string | undefined {
  const name = text.replace(/^[:<>\s]+/, '').trim();
  return name === '' ? undefined : fileNamedBy([name], []);
}
