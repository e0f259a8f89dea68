// Counts tokens exactly as Mistral's Tekken does: pieces by its pattern, then the neighbours with the lowest rank are joined first. It knows
// the vocabulary file; it must not know what is counted. Counts are kept, since lines of a repository are counted over and over.
import { readFileSync } from 'node:fs';

interface TekkenFile {
  readonly config: { readonly pattern: string; readonly default_vocab_size: number; readonly default_num_special_tokens: number };
  readonly vocab: readonly { readonly rank: number; readonly token_bytes: string }[];
}

export interface Tekken {
  readonly count: (text: string) => number;
  /** The pieces of a text, each with its number of tokens: no token reaches from one into the next. */
  readonly pieces: (text: string) => { readonly piece: string; readonly tokens: number }[];
}

export function readTekken(path: string): Tekken {
  const file = JSON.parse(readFileSync(path, 'utf8')) as TekkenFile;
  const { pattern, default_vocab_size: size, default_num_special_tokens: specials } = file.config;
  const ranks = new Map<string, number>();
  for (const token of file.vocab.slice(0, size - specials)) ranks.set(Buffer.from(token.token_bytes, 'base64').toString('latin1'), token.rank);
  const pieces = new RegExp(pattern, 'gu');
  const countOfPiece = new Map<string, number>();
  const countOfText = new Map<string, number>();
  const tokensOf = (piece: string) => {
    let tokens = countOfPiece.get(piece);
    if (tokens === undefined) countOfPiece.set(piece, (tokens = countPiece(Buffer.from(piece, 'utf8').toString('latin1'), ranks)));
    return tokens;
  };
  const piecesOf = (text: string) => Array.from(text.matchAll(pieces), ([piece]) => ({ piece, tokens: tokensOf(piece) }));
  const count = (text: string) => {
    const known = countOfText.get(text);
    if (known !== undefined) return known;
    const sum = piecesOf(text).reduce((total, { tokens }) => total + tokens, 0);
    if (text.length < 2000) countOfText.set(text, sum);
    return sum;
  };
  return { count, pieces: piecesOf };
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
