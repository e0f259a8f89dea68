// How good one suggestion is beside what really stood there. Pure: texts in, figures out.
import type { Mask } from './masks.ts';
import type { Syntax } from './syntax.ts';

export interface Score {
  /** Whether anything was shown; all other figures of a quiet one are those of an empty suggestion. */
  readonly isShown: boolean;
  /** The first line is the wanted one, blanks at its end aside. */
  readonly isExact: boolean;
  /** 0 to 1: 1 less Levenshtein's distance of the first lines by the longer one's length. */
  readonly similarity: number;
  /** The file parsed with the hole in it, and no longer with the suggestion in the hole. */
  readonly breaks: boolean;
  /** It does not parse with the suggestion in the hole, whatever it did before. */
  readonly isUnparsable: boolean;
  /** It says again what follows the cursor, and what stood there did not. */
  readonly repeatsSuffix: boolean;
}

export function scoreOf(mask: Mask, suggestion: string | undefined, syntax: Syntax): Score {
  const shown = suggestion ?? '';
  const isShown = shown.trim() !== '';
  const wantedLine = firstLine(mask.wanted);
  const line = firstLine(shown);
  const parses = !isShown || syntax.parses(mask.file.languageId, mask.text.slice(0, mask.offset) + shown + mask.text.slice(mask.offset));
  const isSame = (text: string) => repeatsFollowing(text, mask.text.slice(mask.offset));
  return {
    isShown,
    isExact: isShown && line === wantedLine,
    similarity: isShown ? similarityOf(line, wantedLine) : 0,
    breaks: isShown && mask.holeParses && !parses,
    isUnparsable: isShown && !parses,
    repeatsSuffix: isShown && isSame(shown) && !isSame(mask.wanted),
  };
}

function firstLine(text: string): string {
  return (text.split('\n', 1)[0] ?? '').trimEnd();
}

export function similarityOf(one: string, other: string): number {
  const longest = Math.max(one.length, other.length);
  return longest === 0 ? 1 : 1 - distance(one, other) / longest;
}

/** Levenshtein's, by rows. */
function distance(one: string, other: string): number {
  let previous = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let row = 1; row <= one.length; row++) {
    const current = [row];
    for (let column = 1; column <= other.length; column++) {
      const replaced = (previous[column - 1] as number) + (one[row - 1] === other[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, (previous[column] as number) + 1, (current[column - 1] as number) + 1));
    }
    previous = current;
  }
  return previous.at(-1) ?? 0;
}

/** Its end is the rest of the line, or its last telling line is the next telling one. */
function repeatsFollowing(suggestion: string, after: string): boolean {
  const [rest = '', ...following] = after.split('\n');
  const behind = rest.trim();
  if (behind.length >= 2 && /[\p{L}\p{N}]/u.test(behind) && firstLine(suggestion).endsWith(behind)) return true;
  const next = following.find((line) => line.trim() !== '')?.trim();
  const last = suggestion.trimEnd().split('\n').at(-1)?.trim();
  return next !== undefined && last === next && (next.match(/\p{L}/gu)?.length ?? 0) >= 4 && suggestion.includes('\n');
}

/**
 * How many characters of a suggestion are what will be typed, in whole tokens: names and numbers are not cut.
 * @returns 0 unless there is a token with text in it
 */
export function rightPrefix(suggestion: string, future: string): number {
  let right = 0;
  while (right < suggestion.length && right < future.length && suggestion[right] === future[right]) right++;
  const isWord = (character: string | undefined) => character !== undefined && /[\p{L}\p{N}_$]/u.test(character);
  while (right > 0 && right < future.length && isWord(future[right - 1]) && isWord(future[right])) right--;
  // A suggestion that goes on in the middle of what is the same word to it would have to be cut inside the word.
  const isCutInside = right === future.length && right < suggestion.length && isWord(suggestion[right - 1]) && isWord(suggestion[right]);
  if (isCutInside) while (right > 0 && isWord(suggestion[right - 1])) right--;
  return suggestion.slice(0, right).trim() === '' ? 0 : right;
}
