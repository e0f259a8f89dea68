// From a prompt to token ids. It knows the vocabulary; it must not know families, chats or files.
import type { LlamaModel, Token } from 'node-llama-cpp';
import { renderChat } from './chatTemplate.ts';
import type { Prompt, PromptPart } from './protocol/messages.ts';

export type PromptTokens = { readonly outcome: 'ok'; readonly tokens: Token[] } | { readonly outcome: 'promptProblem'; readonly cause: string };

/** What the tokenizer of one model needs to know again and again, looked up once. */
export class Vocabulary {
  readonly #model: LlamaModel;
  readonly #specialByText = new Map<string, Token>();
  readonly #holdsLineBreak = new Map<Token, boolean>();

  constructor(model: LlamaModel) {
    this.#model = model;
    for (const token of model.iterateAllTokens()) {
      if (model.isSpecialToken(token)) this.#specialByText.set(model.detokenize([token], true), token);
    }
  }

  get specialTexts(): readonly string[] {
    return [...this.#specialByText.keys()].slice(0, 4096);
  }

  special(text: string): Token | undefined {
    return this.#specialByText.get(text);
  }

  /** Text that can never become a special token, whatever it spells. */
  plain(text: string): Token[] {
    return text === '' ? [] : this.#model.tokenize(text, false);
  }

  holdsLineBreak(token: Token): boolean {
    const known = this.#holdsLineBreak.get(token);
    if (known !== undefined) return known;
    const holds = this.#model.detokenize([token]).includes('\n');
    this.#holdsLineBreak.set(token, holds);
    return holds;
  }

  render(prompt: Prompt): PromptTokens {
    if (prompt.kind === 'parts') return this.#renderParts(prompt.parts);
    const template = this.#model.fileInfo.metadata.tokenizer?.chat_template;
    if (!template) return { outcome: 'promptProblem', cause: 'This model has no chat template: it can complete code but not chat.' };
    const { bosString, eosString, bos, shouldPrependBosToken } = this.#model.tokens;
    const rendered = renderChat(template, prompt.messages, { bos: bosString ?? '', eos: eosString ?? '' });
    if (rendered.outcome === 'failed') return { outcome: 'promptProblem', cause: rendered.cause };
    const tokens = rendered.parts.flatMap((part) => (part.kind === 'template' ? this.#model.tokenize(part.text, true) : this.plain(part.text)));
    if (shouldPrependBosToken && bos !== null && tokens[0] !== bos) tokens.unshift(bos);
    return { outcome: 'ok', tokens };
  }

  #renderParts(parts: readonly PromptPart[]): PromptTokens {
    const tokens: Token[] = [];
    const { bos, shouldPrependBosToken } = this.#model.tokens;
    if (shouldPrependBosToken && bos !== null) tokens.push(bos);
    for (const part of parts) {
      if (part.kind === 'special') {
        const token = this.special(part.token);
        if (token === undefined) return { outcome: 'promptProblem', cause: `The vocabulary of the model has no special token ${part.token}.` };
        tokens.push(token);
        continue;
      }
      const plain = this.plain(part.text);
      if (part.lineMarker !== undefined) {
        const marker = this.special(part.lineMarker);
        if (marker === undefined) return { outcome: 'promptProblem', cause: `The vocabulary of the model has no special token ${part.lineMarker}.` };
        let at = plain.length - 1;
        while (at > 0 && !this.holdsLineBreak(plain[at] as Token)) at--;
        plain.splice(Math.max(at, 0), 0, marker);
      }
      tokens.push(...plain);
    }
    return { outcome: 'ok', tokens };
  }
}
