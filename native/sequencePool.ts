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

/** A sequence that holds at least so many tokens is not given up as long as another one holds less. */
const valuableTokens = 128;

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

  /**
   * The idle sequence that shares the longest prefix; of equals the one not used for longest. A chat leaves one that would lose most of what it
   * holds to the chat that it belongs to, and takes one that holds little, else the one not used for longest. Work ahead of a completion takes
   * the one beside it. Undefined when all are busy.
   */
  take(priority: Priority, prompt: ArrayLike<number>, isAhead = false): Sequence | undefined {
    const idle = isAhead ? this.#besideCurrent() : this.#idle(priority);
    const best = priority === 'inline' || isAhead ? longestPrefix(idle, prompt) : (longestPrefix(idle.filter(continuedBy(prompt)), prompt) ?? leastWorth(idle));
    if (!best) return undefined;
    best.isBusy = true;
    // Work ahead does not count as use: the current completion stays the one used last.
    best.usedAt = isAhead ? best.usedAt : ++this.#uses;
    return best;
  }

  /** Of all sequences, busy ones included, the one that holds most of a prompt's beginning. */
  longest(prompt: ArrayLike<number>): { readonly source: Sequence | undefined; readonly common: number } {
    const source = longestPrefix([...this.#inline, ...this.#other], prompt);
    return { source, common: source ? commonPrefix(source.tokens, prompt) : 0 };
  }

  /** The current completion is in the sequence for completions that was used last; a single one is left to it. */
  #besideCurrent(): readonly Sequence[] {
    if (this.#inline.length === 1) return this.#idle('background');
    const current = Math.max(...this.#inline.map(({ usedAt }) => usedAt));
    return this.#idle('inline').filter(({ usedAt }) => usedAt < current || current === 0);
  }

  #idle(priority: Priority): readonly Sequence[] {
    return (priority === 'inline' ? this.#inline : this.#other).filter((sequence) => !sequence.isBusy);
  }

  give(sequence: Sequence): void {
    sequence.isBusy = false;
  }
}

function longestPrefix(sequences: readonly Sequence[], prompt: ArrayLike<number>): Sequence | undefined {
  let best: Sequence | undefined;
  let bestPrefix = -1;
  for (const sequence of sequences) {
    const prefix = commonPrefix(sequence.tokens, prompt);
    if (prefix > bestPrefix || (prefix === bestPrefix && best !== undefined && sequence.usedAt < best.usedAt)) {
      best = sequence;
      bestPrefix = prefix;
    }
  }
  return best;
}

/** Whether a sequence would keep most of what it holds, or has not much to lose. */
function continuedBy(prompt: ArrayLike<number>): (sequence: Sequence) => boolean {
  return ({ tokens }) => {
    const common = commonPrefix(tokens, prompt);
    return common > 0 && (2 * common >= tokens.length || tokens.length - common < valuableTokens);
  };
}

function leastWorth(sequences: readonly Sequence[]): Sequence | undefined {
  const isValuable = ({ tokens }: Sequence) => Number(tokens.length >= valuableTokens);
  return [...sequences].sort((a, b) => isValuable(a) - isValuable(b) || a.usedAt - b.usedAt)[0];
}

export function commonPrefix(held: ArrayLike<number>, prompt: ArrayLike<number>): number {
  const limit = Math.min(held.length, prompt.length);
  let common = 0;
  while (common < limit && held[common] === prompt[common]) common++;
  return common;
}
