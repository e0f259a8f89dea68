// The sequences of one context and what each holds, so that a request gets the one whose evaluated tokens begin like its prompt.
// It knows tokens and who uses which sequence; it must not know how anything is evaluated.
import type { Priority } from './protocol/messages.ts';

export interface Sequence {
  readonly id: number;
  /** Tokens whose state the sequence holds, in order. */
  tokens: number[];
  isBusy: boolean;
  /** Counts up with each use: the smallest was not used for longest. */
  usedAt: number;
}

export class SequencePool {
  readonly #inline: readonly Sequence[];
  readonly #other: readonly Sequence[];
  #uses = 0;

  /** `count` >= 2: two of them serve completions (one when there are fewer than four), so that neither these nor chats evict the other's state. */
  constructor(count: number) {
    const all = Array.from({ length: count }, (_, id): Sequence => ({ id, tokens: [], isBusy: false, usedAt: 0 }));
    const inlineCount = count >= 4 ? 2 : 1;
    this.#inline = all.slice(0, inlineCount);
    this.#other = all.slice(inlineCount);
  }

  /** The idle sequence that shares the longest prefix; of equals the one not used for longest. Undefined when all are busy. */
  take(priority: Priority, prompt: ArrayLike<number>): Sequence | undefined {
    let best: Sequence | undefined;
    let bestPrefix = -1;
    const candidates = priority === 'inline' ? this.#inline : this.#other;
    for (const sequence of candidates) {
      if (sequence.isBusy) continue;
      const prefix = commonPrefix(sequence.tokens, prompt);
      if (prefix > bestPrefix || (prefix === bestPrefix && best !== undefined && sequence.usedAt < best.usedAt)) {
        best = sequence;
        bestPrefix = prefix;
      }
    }
    if (!best) return undefined;
    best.isBusy = true;
    best.usedAt = ++this.#uses;
    return best;
  }

  give(sequence: Sequence): void {
    sequence.isBusy = false;
  }
}

export function commonPrefix(held: ArrayLike<number>, prompt: ArrayLike<number>): number {
  const limit = Math.min(held.length, prompt.length);
  let common = 0;
  while (common < limit && held[common] === prompt[common]) common++;
  return common;
}
