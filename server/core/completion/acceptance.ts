// What somebody did with a suggestion, told from the change of the text that followed: taken whole, by a word or a line, typed through,
// or turned down. Editors do not say it themselves. It knows text alone.
import type { Suggestion } from './reuse.ts';
import { matchAt } from './reuse.ts';
import type { Site } from './site.ts';

export type Reaction =
  | { readonly kind: 'whole' | 'word' | 'line' | 'part'; readonly taken: string }
  /** The text agrees so far. */
  | { readonly kind: 'typedThrough' }
  | { readonly kind: 'diverged' };

export interface Shown {
  readonly suggestion: Suggestion;
  /** What was shown, with `\n` as line break. */
  readonly remainder: string;
}

/**
 * @param inserted what one change of the text put in before the cursor, with `\n` as line break
 * @param site the place behind it
 */
export function reactionTo({ suggestion, remainder }: Shown, inserted: string, site: Site): Reaction {
  // One character is typed; whoever takes a suggestion of one character is told by its command.
  if (inserted.length > 1 && remainder.startsWith(inserted) && site.before.endsWith(inserted)) {
    if (inserted === remainder) return { kind: 'whole', taken: inserted };
    const rest = remainder.slice(inserted.length);
    if (inserted.endsWith('\n') || rest.startsWith('\n')) return { kind: 'line', taken: inserted };
    return { kind: isWord(inserted, rest) ? 'word' : 'part', taken: inserted };
  }
  return matchAt({ ...suggestion, isGrowing: true }, site) ? { kind: 'typedThrough' } : { kind: 'diverged' };
}

/** An editor takes a word with the blanks and signs around it. */
function isWord(inserted: string, rest: string): boolean {
  const words = inserted.match(/[\p{L}\p{N}_$]+/gu)?.length ?? 0;
  const isSplit = /[\p{L}\p{N}_$]$/u.test(inserted) && /^[\p{L}\p{N}_$]/u.test(rest);
  return words <= 1 && !isSplit;
}
