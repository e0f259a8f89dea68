// From a prompt to token ids. It knows the vocabulary; it must not know families, chats or files.
import type { LlamaModel, Token } from 'node-llama-cpp';
import { headBoundary, withOtherQuestion } from './chatHead.ts';
import { ChatTemplateOfModel } from './chatTemplateOfModel.ts';
import type { RenderedPart } from './chatTemplateRequest.ts';
import type { PromptProblem } from './promptProblems.ts';
import { modelCannot, promptProblem } from './promptProblems.ts';
import type { Prompt, PromptPart } from './protocol/messages.ts';
import type { RenderProcess } from './renderProcess.ts';
import { SegmentedTokenizer } from './segmentedTokenizer.ts';
import { commonPrefix } from './sequencePool.ts';
import { type TextOfTokens, textOfTokens } from './tokenText.ts';

export type PromptTokens =
  | { readonly outcome: 'ok'; readonly tokens: Token[]; readonly rendered?: RenderedTokens }
  | PromptProblem
  | { readonly outcome: 'cancelled' };

/** The parts of a chat's rendering, and where the tokens of each begin. */
interface RenderedTokens {
  readonly parts: readonly RenderedPart[];
  readonly starts: readonly number[];
}

/** What the tokenizer of one model needs to know again and again, looked up once. */
export class Vocabulary {
  readonly #model: LlamaModel;
  readonly #specialByText = new Map<string, Token>();
  readonly #textBySpecial = new Map<Token, string>();
  readonly #control = new Set<Token>();
  readonly #holdsLineBreak = new Map<Token, boolean>();

  readonly #userDefined: RegExp | undefined;
  readonly #segments: SegmentedTokenizer<Token>;
  readonly #template: ChatTemplateOfModel;
  readonly textOf: TextOfTokens;
  /** Control tokens: none of them may begin an answer that was asked for. */
  readonly endings: Uint32Array;

  constructor(model: LlamaModel, renderProcess: RenderProcess) {
    this.#model = model;
    const controlTexts: string[] = [];
    const userDefinedTexts: string[] = [];
    for (const token of model.iterateAllTokens()) {
      const { control, userDefined } = model.getTokenAttributes(token);
      const isControl = control || model.isEogToken(token);
      if (!isControl && !userDefined) continue;
      const text = model.detokenize([token], true);
      this.#specialByText.set(text, token);
      if (isControl || isMeaningful(text)) this.#textBySpecial.set(token, text);
      // Some vocabularies have plain things such as runs of blanks as user-defined tokens, so these end nothing.
      if (isControl) this.#control.add(token);
      (isControl ? controlTexts : userDefinedTexts).push(text);
    }
    this.textOf = textOfTokens(model);
    this.endings = Uint32Array.from(this.#control);
    const meaningful = userDefinedTexts.filter(isMeaningful);
    if (meaningful.length > 0) this.#userDefined = new RegExp(meaningful.map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|'), 'g');
    this.#segments = new SegmentedTokenizer((text) => this.#plainPiece(text));
    const { bosString, eosString } = model.tokens;
    const vocabulary = { bos: bosString ?? '', eos: eosString ?? '', controlTexts, userDefinedTexts };
    this.#template = new ChatTemplateOfModel(model.fileInfo.metadata.tokenizer?.chat_template, vocabulary, renderProcess);
  }

  get hasChatTemplate(): boolean {
    return this.#template.exists;
  }

  isControl(token: Token): boolean {
    return this.#control.has(token);
  }

  get specialTexts(): readonly string[] {
    return [...this.#specialByText.keys()].slice(0, 4096);
  }

  /** The text of a token that means more than its text; undefined for all others. */
  textOfSpecial(token: Token): string | undefined {
    return this.#textBySpecial.get(token);
  }

  special(text: string): Token | undefined {
    return this.#specialByText.get(text);
  }

  /** Text that can never become a special token, whatever it spells. */
  plain(text: string): Token[] {
    return this.#segments.tokens(text);
  }

  #plainPiece(text: string): readonly Token[] {
    if (text === '') return [];
    if (!this.#userDefined) return this.#model.tokenize(text, false);
    // llama.cpp finds user-defined tokens in plain text too, so the text is cut inside each place that spells one.
    const tokens: Token[] = [];
    let from = 0;
    for (const match of text.matchAll(this.#userDefined)) {
      tokens.push(...this.#model.tokenize(text.slice(from, match.index + 1), false));
      from = match.index + 1;
    }
    return [...tokens, ...this.#model.tokenize(text.slice(from), false)];
  }

  holdsLineBreak(token: Token): boolean {
    const known = this.#holdsLineBreak.get(token);
    if (known !== undefined) return known;
    const holds = this.#model.detokenize([token]).includes('\n');
    this.#holdsLineBreak.set(token, holds);
    return holds;
  }

  async render(prompt: Prompt, signal: AbortSignal): Promise<PromptTokens> {
    if (prompt.kind === 'parts') return this.#renderParts(prompt.parts);
    if (!this.hasChatTemplate) return modelCannot('This model has no chat template: it can complete code but not chat.');
    const rendered = await this.#template.render({ ...prompt, date: prompt.date ?? today() }, signal);
    if (rendered.outcome === 'cancelled') return rendered;
    if (rendered.outcome === 'failed') return rendered.action === undefined ? modelCannot(rendered.cause) : promptProblem(rendered.cause, rendered.action);
    const pieces = rendered.parts.map((part) => (part.kind === 'template' ? this.#specialOf(part.text) : this.plain(part.text)));
    const tokens = pieces.flat();
    const { bos, shouldPrependBosToken } = this.#model.tokens;
    if (shouldPrependBosToken && bos !== null && tokens[0] !== bos) tokens.unshift(bos);
    const starts: number[] = [];
    for (let at = tokens.length, index = pieces.length - 1; index >= 0; index--) starts.unshift((at -= pieces[index]?.length ?? 0));
    return { outcome: 'ok', tokens, rendered: { parts: rendered.parts, starts } };
  }

  /**
   * How many of a chat's tokens come before its last question and do not depend on it.
   * @returns 0 where the template does not tell
   */
  async headLength(prompt: Prompt, { tokens, rendered }: Extract<PromptTokens, { outcome: 'ok' }>, signal: AbortSignal): Promise<number> {
    if (prompt.kind !== 'chat' || !rendered) return 0;
    const asked = withOtherQuestion({ ...prompt, date: prompt.date ?? today() });
    const other = asked && (await this.#template.render(asked, signal));
    if (other?.outcome !== 'ok') return 0;
    const { wholeParts, text } = headBoundary(rendered.parts, other.parts);
    const start = rendered.starts[wholeParts] ?? 0;
    if (text === '') return start;
    // Where two texts meet their characters may share a token, another one for each question; so what no question changes is taken.
    const end = this.plain(text);
    return start + Math.min(...[tokens.slice(start), this.plain(`${text}Q`), this.plain(`${text}7`)].map((asking) => commonPrefix(end, asking)));
  }

  #specialOf(text: string): Token[] {
    const token = this.special(text);
    return token === undefined ? this.#model.tokenize(text, true) : [token];
  }

  #renderParts(parts: readonly PromptPart[]): PromptTokens {
    const { bos, shouldPrependBosToken } = this.#model.tokens;
    let tokens: Token[] = shouldPrependBosToken && bos !== null ? [bos] : [];
    for (const part of parts) {
      if (part.kind === 'special') {
        const token = this.special(part.token);
        if (token === undefined) return modelCannot(`The vocabulary of the model has no special token ${part.token}.`);
        tokens.push(token);
        continue;
      }
      const plain = this.plain(part.text);
      if (part.lineMarker !== undefined) {
        const marker = this.special(part.lineMarker);
        if (marker === undefined) return modelCannot(`The vocabulary of the model has no special token ${part.lineMarker}.`);
        let at = plain.length - 1;
        while (at > 0 && !this.holdsLineBreak(plain[at] as Token)) at--;
        plain.splice(Math.max(at, 0), 0, marker);
      }
      // Not spread into push: a long text has more tokens than a call may have arguments.
      tokens = tokens.concat(plain);
    }
    return { outcome: 'ok', tokens };
  }
}

/** Runs of blanks and the like are honest text; what is spelled with letters means something to the model. */
function isMeaningful(userDefined: string): boolean {
  return userDefined.length > 2 && /\w/.test(userDefined);
}

/** Without the time of day, so that a conversation keeps its prefix. */
function today(): string {
  const now = new Date();
  const two = (value: number) => String(value).padStart(2, '0');
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}T12:00`;
}
