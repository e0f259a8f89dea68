// From the parts of a prompt to token ids, with the tokenizer of a server: special tokens are named and never spelled, so that the text of a file
// cannot become one. It knows the server's tokenizer; it must not know families or how much of a file is sent.
import type { PromptPart } from '../../../native/protocol/messages.ts';
import type { LlamaEndpoint, Piece } from './llamaEndpoint.ts';

/** Texts whose pieces are remembered: the same text comes again with the next key, and each costs a request. */
const mostRemembered = 64;
const lineFeed = 0x0a;
/** What is spelled in this way is a token of many vocabularies, of which only those that were looked for are known by name. */
const spelledToken = /<\|[^|<>\s]{1,40}\|>|<｜[^｜<>\s]{1,40}｜>/;

export class PromptTokens {
  readonly #endpoint: LlamaEndpoint;
  readonly #special: ReadonlyMap<string, number>;
  readonly #spelled: RegExp;
  /** What this model wants before every prompt. */
  readonly #first: readonly number[];
  readonly #remembered = new Map<string, Promise<readonly Piece[]>>();

  private constructor(endpoint: LlamaEndpoint, special: ReadonlyMap<string, number>, first: readonly number[]) {
    this.#endpoint = endpoint;
    this.#special = special;
    this.#first = first;
    const texts = [...special.keys()].map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    this.#spelled = new RegExp([...texts, spelledToken.source].join('|'), 'g');
  }

  /** @param wanted texts of special tokens that a prompt may name; those that the vocabulary does not have are left out */
  static async for(endpoint: LlamaEndpoint, wanted: Iterable<string>): Promise<PromptTokens> {
    const found = new Map<string, number>();
    for (const text of new Set(wanted)) {
      const [id, ...rest] = await endpoint.tokenize(text, { parseSpecial: true });
      if (id !== undefined && rest.length === 0) found.set(text, id);
    }
    const sample = 'a';
    const [plain, whole] = [
      await endpoint.tokenize(sample, { parseSpecial: false }),
      await endpoint.tokenize(sample, { parseSpecial: false, addSpecial: true }),
    ];
    const at = whole.indexOf(plain[0] ?? -1);
    return new PromptTokens(endpoint, found, at > 0 ? whole.slice(0, at) : []);
  }

  /** Those that were found in the vocabulary. */
  get special(): ReadonlyMap<string, number> {
    return this.#special;
  }

  /** Of plain text: no token of it means more than its text, whatever it spells. */
  pieces(text: string): Promise<readonly Piece[]> {
    const known = this.#remembered.get(text) ?? this.#cut(text);
    this.#remembered.delete(text);
    this.#remembered.set(text, known);
    for (const oldest of this.#remembered.keys()) {
      if (this.#remembered.size <= mostRemembered) break;
      this.#remembered.delete(oldest);
    }
    return known;
  }

  async ofParts(parts: readonly PromptPart[]): Promise<readonly number[]> {
    const ids = await Promise.all(parts.map(async (part) => (part.kind === 'special' ? [this.#idOf(part.token)] : this.#ofText(part))));
    return this.#begun(ids.flat());
  }

  /** Of what a chat template wrote, with the signs that it may write, and of what people wrote, without them. */
  async ofRendering(pieces: readonly { readonly kind: 'template' | 'text'; readonly text: string }[]): Promise<readonly number[]> {
    const ids = await Promise.all(
      pieces.map(async ({ kind, text }) =>
        kind === 'template' ? this.#endpoint.tokenize(text, { parseSpecial: true }) : (await this.pieces(text)).map(({ id }) => id),
      ),
    );
    return this.#begun(ids.flat());
  }

  #begun(ids: readonly number[]): readonly number[] {
    const [first] = this.#first;
    return first === undefined || ids[0] === first ? ids : [...this.#first, ...ids];
  }

  #idOf(text: string): number {
    const id = this.#special.get(text);
    if (id === undefined) throw new Error(`The vocabulary of ${this.#endpoint.address} has no special token ${text}.`);
    return id;
  }

  /** The marker stands before the last token with a line break, else before all, as the engine puts it. */
  async #ofText({ text, lineMarker }: Extract<PromptPart, { kind: 'text' }>): Promise<readonly number[]> {
    const pieces = await this.pieces(text);
    const ids = pieces.map(({ id }) => id);
    if (lineMarker === undefined) return ids;
    const at = Math.max(
      0,
      pieces.findLastIndex(({ bytes }) => bytes.includes(lineFeed)),
    );
    return [...ids.slice(0, at), this.#idOf(lineMarker), ...ids.slice(at)];
  }

  /** llama.cpp finds user-defined tokens in plain text, too, so the text is cut inside each place that spells one. */
  async #cut(text: string): Promise<readonly Piece[]> {
    const cuts = [...text.matchAll(this.#spelled)].map(({ index }) => index + 1);
    const texts = [0, ...cuts].map((from, at) => text.slice(from, cuts[at])).filter((one) => one !== '');
    return (await Promise.all(texts.map((one) => this.#endpoint.pieces(one)))).flat();
  }
}
