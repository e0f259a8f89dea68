// What was changed between two published versions of a file, cut into the smallest pieces that somebody edits at once: the tokens that differ
// within the lines that differ. It knows texts; it must not know who suggests what.
import { diffArrays, diffLines } from 'diff';

/** A replacement; `start` is a UTF-16 offset in the older text. */
export interface Hunk {
  readonly start: number;
  readonly before: string;
  readonly after: string;
  /** Index of the region it lies in. */
  readonly region: number;
}

/** Lines that differ: [start, end) in the older text, and what stands there in the newer one. */
export interface ChangedRegion {
  readonly start: number;
  readonly end: number;
  readonly after: string;
}

export interface VersionHunks {
  readonly regions: readonly ChangedRegion[];
  /** In the order of the text. */
  readonly hunks: readonly Hunk[];
}

/** Names and numbers, blanks within a line, line breaks with their indentation, and every other sign by itself. */
export function tokensOf(text: string): string[] {
  return text.match(/[\p{L}\p{N}_$]+|\n[ \t]*|[ \t]+|[^\s\p{L}\p{N}_$]|\s/gu) ?? [];
}

export function versionHunks(older: string, newer: string): VersionHunks {
  const regions: ChangedRegion[] = [];
  let offset = 0;
  let pending: { start: number; before: string; after: string } | undefined;
  const close = () => {
    if (pending) regions.push({ start: pending.start, end: pending.start + pending.before.length, after: pending.after });
    pending = undefined;
  };
  for (const part of diffLines(older, newer)) {
    if (!part.added && !part.removed) {
      close();
      offset += part.value.length;
      continue;
    }
    pending ??= { start: offset, before: '', after: '' };
    if (part.added) pending.after += part.value;
    else {
      pending.before += part.value;
      offset += part.value.length;
    }
  }
  close();
  return { regions, hunks: regions.flatMap((region, index) => hunksIn(older, region, index)) };
}

function hunksIn(older: string, { start, end, after }: ChangedRegion, region: number): Hunk[] {
  const hunks: Hunk[] = [];
  let at = start;
  let open: { start: number; before: string; after: string } | undefined;
  const close = () => {
    if (open) hunks.push({ ...open, region });
    open = undefined;
  };
  for (const { value, added, removed } of diffArrays(tokensOf(older.slice(start, end)), tokensOf(after))) {
    const text = value.join('');
    if (!added && !removed) {
      // A blank between two differences is no place to stop typing.
      if (open && /^[ \t]+$/.test(text)) {
        open.before += text;
        open.after += text;
      } else close();
      at += text.length;
      continue;
    }
    open ??= { start: at, before: '', after: '' };
    if (added) open.after += text;
    else {
      open.before += text;
      at += text.length;
    }
  }
  close();
  return hunks.filter(({ before, after: inserted }) => before !== inserted);
}

/** How many telling tokens must go and come to make one text the other. */
export function tokenDistance(one: string, other: string): number {
  const [left, right] = [telling(one), telling(other)];
  let previous = Array.from({ length: right.length + 1 }, () => 0);
  for (const token of left) {
    const row = [0];
    for (let column = 0; column < right.length; column++) {
      row.push(token === right[column] ? (previous[column] as number) + 1 : Math.max(previous[column + 1] as number, row[column] as number));
    }
    previous = row;
  }
  return left.length + right.length - 2 * (previous.at(-1) ?? 0);
}

function telling(text: string): string[] {
  return tokensOf(text).filter((token) => token.trim() !== '');
}
