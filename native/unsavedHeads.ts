// Heads of chats that are to be saved when there is nothing else to do. It knows sequences and turns; it must not know how a head is saved or what a
// request is.
import type { StreamHead } from './chatHeads.ts';
import type { Sequence } from './sequencePool.ts';
import { commonPrefix } from './sequencePool.ts';
import type { SequenceState } from './sequenceState.ts';
import type { ModelTurns } from './turns.ts';
import { rankOf } from './turns.ts';

/** Saving takes the time of some tokens, so even background work goes first. */
export const idleRank = rankOf('background') + 1;

export interface UnsavedHeadsOptions {
  readonly state: SequenceState;
  readonly turns: ModelTurns;
  /** Whether no request of this model is active. */
  readonly isIdle: () => boolean;
}

export class UnsavedHeads {
  readonly #options: UnsavedHeadsOptions;
  /** By the sequence that begins with them. */
  readonly #heads = new Map<Sequence, StreamHead>();

  constructor(options: UnsavedHeadsOptions) {
    this.#options = options;
  }

  get isEmpty(): boolean {
    return this.#heads.size === 0;
  }

  add(sequence: Sequence, head: StreamHead): void {
    this.#heads.set(sequence, head);
  }

  clear(): void {
    this.#heads.clear();
  }

  /** To be called while no request is active in any model. */
  async saveOne(): Promise<void> {
    const { state, turns, isIdle } = this.#options;
    const [next] = this.#heads;
    if (!next) return;
    const [sequence, head] = next;
    this.#heads.delete(sequence);
    // Of a copy that is not made yet, rubbish would go to disk.
    if (!state.isWhole(sequence) || commonPrefix(sequence.tokens, head.tokens) < head.tokens.length) return;
    // Whoever has come while its files were made goes first.
    const exclusively = (act: () => Promise<void>) =>
      turns.exclusive.run(async () => {
        if (isIdle() && !turns.mustWait(idleRank)) await act();
        else this.#heads.set(sequence, head);
      });
    if ((await head.save(sequence, exclusively)) === 'lost') state.forget(sequence);
  }
}
