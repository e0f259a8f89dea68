// A prompt for llama-server in the order that the starter model was trained on: what follows the cursor first, a marker where the cursor's line
// begins. It knows the starter model's tokens; it must not know who asks or how much of a file is sent.
import type { LlamaServer } from './llamaServer.ts';

export interface PromptTexts {
  /** Everything before the cursor that is to be sent, and everything behind it. */
  readonly prefix: string;
  readonly suffix: string;
  /** Tokens that are kept of each: of the prefix the end, of the suffix the beginning. */
  readonly prefixTokens: number;
  readonly suffixTokens: number;
}

export class StarterPrompts {
  readonly #server: LlamaServer;
  readonly #special: { readonly suffix: number; readonly prefix: number; readonly cursorLine: number };

  private constructor(server: LlamaServer, special: { readonly suffix: number; readonly prefix: number; readonly cursorLine: number }) {
    this.#server = server;
    this.#special = special;
  }

  static async for(server: LlamaServer): Promise<StarterPrompts> {
    const special = async (text: string) => {
      const [id, ...rest] = await server.tokenize(text, { parseSpecial: true });
      if (id === undefined || rest.length > 0) throw new Error(`${text} is not one token.`);
      return id;
    };
    return new StarterPrompts(server, {
      suffix: await special('<|fim_suffix|>'),
      prefix: await special('<|fim_prefix|>'),
      cursorLine: await special('<|cursor_line|>'),
    });
  }

  async tokens({ prefix, suffix, prefixTokens, suffixTokens }: PromptTexts): Promise<readonly number[]> {
    const [before, behind] = await Promise.all([this.#server.pieces(prefix), this.#server.pieces(suffix)]);
    const kept = before.slice(-prefixTokens);
    const marker = Math.max(
      0,
      kept.findLastIndex(({ piece }) => piece.includes('\n')),
    );
    const ids = kept.map(({ id }) => id);
    const { suffix: suffixId, prefix: prefixId, cursorLine } = this.#special;
    return [suffixId, ...behind.slice(0, suffixTokens).map(({ id }) => id), prefixId, ...ids.slice(0, marker), cursorLine, ...ids.slice(marker)];
  }
}
