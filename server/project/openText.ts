// Text search in documents that are open: what is unsaved stands in no database, and its lines may have moved. It knows words; it must not know where documents
// come from.
import type { TextHit } from '../core/retrieval/facts.ts';
import { chunkLines } from './indexSchema.ts';
import { wordsOf } from './searchWords.ts';
import { skipByText } from './skipRules.ts';

/** As of files on the disk, only the head of a long text is searched. UTF-16 units. */
const maxSearchedLength = 256 * 1024;

interface Split {
  readonly text: string;
  /** The words of each piece of `chunkLines` lines. */
  readonly pieces: readonly ReadonlySet<string>[];
}

export class OpenText {
  readonly #texts = new Map<string, string>();
  /** Made when somebody searches, and kept until the text is another one. */
  readonly #split = new Map<string, Split>();

  set(path: string, text: string): void {
    this.#texts.set(path, text);
  }

  delete(path: string): void {
    this.#texts.delete(path);
    this.#split.delete(path);
  }

  /**
   * Pieces that hold words of the query, in the documents that `isWanted`.
   * @returns scores from above 0 to 1: the share of the query's words
   */
  search(query: string, isWanted: (path: string) => boolean): TextHit[] {
    const wanted = [...new Set(wordsOf(query).split(' '))].filter((word) => word !== '');
    const hits: TextHit[] = [];
    for (const path of wanted.length > 0 ? this.#texts.keys() : []) {
      if (!isWanted(path)) continue;
      for (const [at, words] of this.#piecesOf(path).entries()) {
        const share = wanted.filter((word) => words.has(word)).length / wanted.length;
        if (share > 0) hits.push({ path, startLine: at * chunkLines, endLine: (at + 1) * chunkLines - 1, score: share });
      }
    }
    return hits;
  }

  #piecesOf(path: string): Split['pieces'] {
    const text = this.#texts.get(path) ?? '';
    let split = this.#split.get(path);
    if (split?.text !== text) {
      split = { text, pieces: piecesOf(text) };
      this.#split.set(path, split);
    }
    return split.pieces;
  }
}

function piecesOf(text: string): ReadonlySet<string>[] {
  // What would not be indexed is not found before it is saved, either.
  if (skipByText(text) !== undefined) return [];
  const lines = text.slice(0, maxSearchedLength).split('\n');
  const pieces: ReadonlySet<string>[] = [];
  for (let start = 0; start < lines.length; start += chunkLines) pieces.push(new Set(wordsOf(lines.slice(start, start + chunkLines).join('\n')).split(' ')));
  return pieces;
}
