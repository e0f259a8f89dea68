// The heads of one model's chats: which of them come from disk, which go there, and how. It knows sequences and saved states; it must not know
// how a prompt is rendered or when the decode loop has time.
import type { AddonContext } from './addon.ts';
import { sizeOf } from './channel/stateDirectory.ts';
import type { Draft, SavedState, SavedStates } from './savedStates.ts';
import { commonPrefix, type Sequence } from './sequencePool.ts';
import { messageOf } from './messageOf.ts';

/** Fewer tokens are evaluated sooner than a file is written, found and checked. */
const leastHead = 128;
/** A head that was saved up to here or further is not saved again: a growing chat is written a few times, not at every turn. */
const savedShare = 0.75;

/** The head of one request's prompt, as the decode loop sees it. */
export interface StreamHead {
  readonly tokens: Uint32Array;
  /** So many of the prompt's first tokens can come from disk; 0 when the pool had as many when it was looked for. */
  readonly savedTokens: number;
  /**
   * Replaces what a sequence holds by the saved state. To be called while nothing else uses the context.
   * @returns the tokens that it holds now; none when the file was of no use
   */
  readonly restore: (sequence: Sequence) => Promise<readonly number[]>;
  /**
   * Saves the head of a sequence that begins with it, unless most of it is on disk.
   * @param exclusively runs an act while nothing else uses the context
   * @returns `lost` when it is not known any more what the sequence holds
   */
  readonly save: (sequence: Sequence, exclusively: Exclusively) => Promise<'kept' | 'lost'>;
}

type Exclusively = (act: () => Promise<void>) => Promise<void>;

export interface ChatHeadsOptions {
  readonly context: AddonContext;
  readonly states: SavedStates;
  /** Names all that the meaning of a state depends on, as SHA-256 in hex. */
  readonly model: string;
  /** Tokens of context of each sequence. */
  readonly contextSize: number;
  /** Bytes of a token's state, rather too many than too few. */
  readonly tokenBytes: number;
  readonly log: (line: string) => void;
}

export class ChatHeads {
  readonly #options: ChatHeadsOptions;
  #canBeCut = true;
  #keeping: Promise<void> = Promise.resolve();

  constructor(options: ChatHeadsOptions) {
    this.#options = options;
  }

  /**
   * @param headLength tokens of the prompt that belong to its head
   * @param heldTokens tokens of the prompt that a sequence in memory holds
   * @returns undefined where the head is not worth it
   */
  async of(prompt: Uint32Array, { headLength, heldTokens }: { readonly headLength: number; readonly heldTokens: number }): Promise<StreamHead | undefined> {
    if (headLength < leastHead) return undefined;
    // The last token is always evaluated: its successor is what is asked for.
    const before = prompt.subarray(0, prompt.length - 1);
    const saved = await this.#options.states.find(this.#options.model, before, heldTokens + leastHead / 2);
    const tokens = prompt.subarray(0, headLength);
    const { states } = this.#options;
    const { deletions } = states;
    return {
      tokens,
      savedTokens: saved?.tokens ?? 0,
      restore: async (sequence) => (saved ? this.#restore(sequence, saved, prompt) : []),
      // What was said before the user deleted everything does not come back.
      save: async (sequence, exclusively) => (states.deletions === deletions ? this.#save(sequence, tokens, exclusively) : 'kept'),
    };
  }

  /** Resolves when what was saved has its name. */
  async idle(): Promise<void> {
    await this.#keeping;
  }

  async #restore(sequence: Sequence, saved: SavedState, prompt: Uint32Array): Promise<readonly number[]> {
    const { context, states, contextSize, log } = this.#options;
    try {
      const tokens = await context.loadSequenceStateFromFile(saved.path, sequence.id, contextSize);
      if (tokens.length === saved.tokens && commonPrefix(tokens, prompt) === saved.tokens) return [...tokens];
      log('A saved state is not used and removed: it holds other tokens than its name says.');
    } catch (error) {
      log(`A saved state is not used and removed: ${messageOf(error)}.`);
    }
    context.disposeSequence(sequence.id);
    await states.remove(saved.path);
    return [];
  }

  /** The library saves whole sequences, so this one is put aside, cut, saved and put back. */
  async #save(sequence: Sequence, head: Uint32Array, exclusively: Exclusively): Promise<'kept' | 'lost'> {
    const { context, states, model, tokenBytes } = this.#options;
    if (!this.#canBeCut || head.length * tokenBytes > states.mostBytes || sequence.tokens.length * tokenBytes > 2 * states.mostBytes) return 'kept';
    if ((await states.longest(model, head)) > head.length * savedShare) return 'kept';
    const aside = await states.begin();
    const draft = aside && (await states.begin());
    let outcome: 'kept' | 'lost' = 'kept';
    let writtenBytes = 0;
    try {
      if (aside && draft)
        await exclusively(async () => {
          // Where a window has slid on, the state before it is gone, and what is left after a cut would not be that of the head.
          if (context.getSequenceKvCacheMinPosition(sequence.id) !== 0) this.#canBeCut = false;
          else ({ outcome, writtenBytes } = await this.#write(sequence, head, { aside, draft }));
        });
    } catch (error) {
      states.fail(error);
    } finally {
      if (aside) await states.discard(aside);
    }
    // Not waited for: all of it is read once more for its seal, and requests must not wait for that.
    if (draft) this.#keeping = this.#keeping.then(() => this.#keep(draft, { model, tokens: head, writtenBytes }));
    return outcome;
  }

  async #keep(draft: Draft, content: { readonly model: string; readonly tokens: Uint32Array; readonly writtenBytes: number }): Promise<void> {
    const { states } = this.#options;
    if (content.writtenBytes > 0) await states.keep(draft, content);
    await states.discard(draft);
  }

  async #write(
    sequence: Sequence,
    head: Uint32Array,
    { aside, draft }: { readonly aside: Draft; readonly draft: Draft },
  ): Promise<{ readonly outcome: 'kept' | 'lost'; readonly writtenBytes: number }> {
    const { context, contextSize, log } = this.#options;
    const isLonger = sequence.tokens.length > head.length;
    if (isLonger) {
      const asideBytes = await context.saveSequenceStateToFile(aside.path, sequence.id, Uint32Array.from(sequence.tokens));
      if ((await sizeOf(aside.path)) !== asideBytes) throw new Error('the disk is full');
      if (!context.removeTokenCellsFromSequence(sequence.id, head.length, -1)) {
        this.#canBeCut = false;
        return { outcome: 'kept', writtenBytes: 0 };
      }
    }
    let writtenBytes = 0;
    try {
      writtenBytes = await context.saveSequenceStateToFile(draft.path, sequence.id, head);
    } catch (error) {
      this.#options.states.fail(error);
    }
    if (!isLonger) return { outcome: 'kept', writtenBytes };
    try {
      const tokens = await context.loadSequenceStateFromFile(aside.path, sequence.id, contextSize);
      return { outcome: tokens.length === sequence.tokens.length ? 'kept' : 'lost', writtenBytes };
    } catch (error) {
      log(`A chat's state was lost while its head was saved: ${messageOf(error)}.`);
      return { outcome: 'lost', writtenBytes };
    }
  }
}
