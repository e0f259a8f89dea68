// Counts tokens exactly as Mistral's Tekken does: pieces by its pattern, then the neighbours with the lowest rank are joined first. It knows
// the vocabulary file; it must not know what is counted. Counts are kept, since lines of a repository are counted over and over.
import { readFileSync } from 'node:fs';

interface TekkenFile {
  readonly config: { readonly pattern: string; readonly default_vocab_size: number; readonly default_num_special_tokens: number };
  readonly vocab: readonly { readonly rank: number; readonly token_bytes: string }[];
}

/** @returns a function from text to its number of tokens */
export function tekkenCounter(path: string): (text: string) => number {
  const file = JSON.parse(readFileSync(path, 'utf8')) as TekkenFile;
  const { pattern, default_vocab_size: size, default_num_special_tokens: specials } = file.config;
  const ranks = new Map<string, number>();
  for (const token of file.vocab.slice(0, size - specials)) ranks.set(Buffer.from(token.token_bytes, 'base64').toString('latin1'), token.rank);
  const pieces = new RegExp(pattern, 'gu');
  const countOfPiece = new Map<string, number>();
  const countOfText = new Map<string, number>();
  return (text) => {
    const known = countOfText.get(text);
    if (known !== undefined) return known;
    let count = 0;
    for (const [piece] of text.matchAll(pieces)) {
      let tokens = countOfPiece.get(piece);
      if (tokens === undefined) countOfPiece.set(piece, (tokens = countPiece(Buffer.from(piece, 'utf8').toString('latin1'), ranks)));
      count += tokens;
    }
    if (text.length < 2000) countOfText.set(text, count);
    return count;
  };
}

function countPiece(bytes: string, ranks: ReadonlyMap<string, number>): number {
  if (ranks.has(bytes)) return 1;
  const parts = Array.from(bytes);
  while (parts.length > 1) {
    let best = -1;
    let bestRank = Infinity;
    for (let index = 0; index + 1 < parts.length; index++) {
      const rank = ranks.get((parts[index] as string) + (parts[index + 1] as string));
      if (rank !== undefined && rank < bestRank) {
        bestRank = rank;
        best = index;
      }
    }
    if (best < 0) break;
    parts.splice(best, 2, (parts[best] as string) + (parts[best + 1] as string));
  }
  return parts.length;
}
