// Windows of other texts that are alike to what stands around the cursor: code is often written by the example of what is open beside it. It knows text;
// it must not know definitions or where texts come from.
import { subWordsOf } from './words.ts';

export interface Snippet {
  readonly path: string;
  readonly startLine: number;
  /** Inclusive. */
  readonly endLine: number;
  readonly text: string;
}

export interface OpenText {
  readonly path: string;
  readonly text: string;
}

const windowLines = 20;
const stepLines = 5;
/** Less alike is alike by chance: two pieces of one language share their keywords. */
const minSimilarity = 0.15;
/** The search runs at idle, and must end soon even beside a file of 100,000 lines. */
const maxLinesOfText = 5000;

/** @returns at most one window of each text, the most alike first */
export function similarWindows(nearText: string, texts: readonly OpenText[], limit: number): Snippet[] {
  const wanted = wordsOf(nearText);
  const found: { readonly snippet: Snippet; readonly similarity: number }[] = [];
  for (const { path, text } of texts) {
    const lines = text.split('\n', maxLinesOfText);
    const words = lines.map(wordsOf);
    let best: { readonly start: number; readonly similarity: number } | undefined;
    for (let start = 0; start === 0 || start + windowLines <= lines.length + stepLines - 1; start += stepLines) {
      const similarity = jaccard(wanted, words.slice(start, start + windowLines));
      if (similarity > (best?.similarity ?? minSimilarity)) best = { start, similarity };
    }
    if (!best) continue;
    const end = Math.min(lines.length, best.start + windowLines);
    found.push({ snippet: { path, startLine: best.start, endLine: end - 1, text: lines.slice(best.start, end).join('\n') }, similarity: best.similarity });
  }
  found.sort((a, b) => b.similarity - a.similarity || (a.snippet.path < b.snippet.path ? -1 : 1));
  return found.slice(0, limit).map(({ snippet }) => snippet);
}

function wordsOf(text: string): ReadonlySet<string> {
  return new Set((text.match(/[A-Za-z_$][\w$]*/g) ?? []).flatMap((identifier) => [identifier, ...subWordsOf(identifier)]));
}

function jaccard(wanted: ReadonlySet<string>, lines: readonly ReadonlySet<string>[]): number {
  const words = new Set<string>();
  for (const line of lines) for (const word of line) words.add(word);
  let both = 0;
  for (const word of words) if (wanted.has(word)) both++;
  return both / Math.max(1, words.size + wanted.size - both);
}
