// The prompts of the peers, in an order that the model was trained on: the product's own layout of the model's family, filled with as much of a
// file as a peer sends. It knows layouts and tokens; it must not know who asks.
import type { PromptPart } from '../../../native/protocol/messages.ts';
import type { FimFamily } from '../../../server/core/prompt/fimFamilies.ts';
import type { Piece } from './llamaEndpoint.ts';
import type { PromptTokens } from './promptTokens.ts';

export interface PromptTexts {
  /** Everything before the cursor that is to be sent, and everything behind it. */
  readonly prefix: string;
  readonly suffix: string;
  /** Relative to the project; only some families are told of it. */
  readonly path: string;
  /** Tokens that are kept of each: of the prefix the end, of the suffix the beginning. */
  readonly prefixTokens: number;
  readonly suffixTokens: number;
  /** Tokens of the whole prompt; where the family's own come on top of both, the prefix makes room. */
  readonly mostTokens: number;
}

export class FamilyPrompts {
  readonly family: FimFamily;
  readonly #tokens: PromptTokens;

  /** @param tokens with all special tokens of the family */
  constructor(family: FimFamily, tokens: PromptTokens) {
    this.family = family;
    this.#tokens = tokens;
  }

  async tokens({ prefix, suffix, path, prefixTokens, suffixTokens, mostTokens }: PromptTexts): Promise<readonly number[]> {
    const [before, behind] = await Promise.all([this.#tokens.pieces(prefix), this.#tokens.pieces(suffix)]);
    // Counted from the end, since some tokenizers put a blank before a text.
    const withoutEnd = (text: string, end: string) => Math.max(0, text.length - end.length);
    const kept = suffix.slice(0, withoutEnd(suffix, textOfEnd(behind.slice(suffixTokens))));
    for (let room = Math.min(prefixTokens, before.length); ; ) {
      const end = prefix.slice(withoutEnd(prefix, textOfEnd(before.slice(before.length - room))));
      const ids = await this.#tokens.ofParts(this.family.layout({ prefix: end, suffix: kept, path }));
      if (ids.length <= mostTokens || room === 0) return ids;
      room = Math.max(0, room - (ids.length - mostTokens));
    }
  }
}

/** What the last tokens of a text say; a character that begins before them is not theirs. */
function textOfEnd(pieces: readonly Piece[]): string {
  const bytes = Buffer.concat(pieces.map((piece) => piece.bytes));
  let from = 0;
  // https://www.rfc-editor.org/rfc/rfc3629: all bytes of a character but the first begin with 10.
  while (from < bytes.length && ((bytes[from] as number) & 0b1100_0000) === 0b1000_0000) from++;
  return bytes.toString('utf8', from);
}

/** To be read by people: the signs of the family and what stands between them. */
export function tokenOrderOf({ name, layout }: FimFamily): string {
  const parts = layout({ prefix: 'above\nline', suffix: 'behind', path: 'path' });
  const said = parts.map((part) => (part.kind === 'special' ? part.token : orderOfText(part)).trim());
  return `${name}: ${said.filter((one) => one !== '').join(' ')}`;
}

function orderOfText({ text, lineMarker }: Extract<PromptPart, { kind: 'text' }>): string {
  return text.replace('\n', lineMarker === undefined ? ' ' : ` ${lineMarker} `);
}
