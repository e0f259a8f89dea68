// The smallest set of line changes that turns one list of lines into another.
// It knows lists of lines. It must not know documents, positions or models.
import { diffArrays } from 'diff';

export interface LineHunk {
  /** Zero-based lines [start, end) of the old text that go away; start === end inserts before `start`. */
  readonly start: number;
  readonly end: number;
  /** The lines that come instead. */
  readonly lines: readonly string[];
}

/** Above this edit distance the middle becomes one hunk: Myers' diff takes time in the square of it. */
const maxEditDistance = 1000;

/** In document order, not touching each other. `offset` is added to all line numbers. */
export function lineHunks(before: readonly string[], after: readonly string[], offset = 0): readonly LineHunk[] {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head++;
  let tail = 0;
  while (tail < before.length - head && tail < after.length - head && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail++;
  const old = before.slice(head, before.length - tail);
  const fresh = after.slice(head, after.length - tail);
  if (old.length === 0 && fresh.length === 0) return [];
  const whole: LineHunk = { start: offset + head, end: offset + head + old.length, lines: fresh };
  if (old.length === 0 || fresh.length === 0) return [whole];
  const changes = diffArrays(old, fresh, { maxEditLength: maxEditDistance });
  if (changes === undefined) return [whole];

  const hunks: LineHunk[] = [];
  let line = offset + head;
  let open: { start: number; end: number; lines: string[] } | undefined;
  for (const change of changes) {
    if (!change.added && !change.removed) {
      if (open) hunks.push(open);
      open = undefined;
      line += change.value.length;
      continue;
    }
    open ??= { start: line, end: line, lines: [] };
    if (change.added) open.lines.push(...change.value);
    else {
      line += change.value.length;
      open.end = line;
    }
  }
  if (open) hunks.push(open);
  return hunks;
}
