// Continue's way to ask and to show, as far as its public source says: written anew against llama-server. It knows that extension's rules; it
// must not know what is measured. https://github.com/continuedev/continue (core/autocomplete)
//
// A request waits 350 ms for the next key, then looks into its cache (by the text before the cursor alone), then asks; an answer under way is
// gone on with while what is typed agrees with it and aborted when another is asked for. Its budgets: 30 % of 1,024 tokens before the cursor,
// 20 % behind it. Left out: snippets of other files, since no model is told of other files here.
import type { SimulatedClock } from '../completion/simulatedClock.ts';
import type { Answer, CompletionSide, Edit, OpenDocument } from '../completion/side.ts';
import { applied } from '../completion/side.ts';
import { beforeRestOfLine, filteredStream, mayBeMultiLine, type Place, processed } from './continueFilters.ts';
import type { LlamaEndpoint } from './llamaEndpoint.ts';
import type { PeerTools } from './llamaVscode.ts';

const debounceMs = 350;
const promptTokens = 1024;
const prefixShare = 0.3;
const suffixShare = 0.2;
const answerTokens = 128;
/** More than those tokens are, so that what is counted is never cut too early. */
const charactersPerToken = 8;
const showAfterMs = 300;
const mostCached = 1000;

export class ContinueDev implements CompletionSide {
  readonly name: string;
  readonly #server: LlamaEndpoint;
  readonly #prompts: PeerTools['prompts'];
  readonly #budget: { readonly prefixTokens: number; readonly suffixTokens: number; readonly mostTokens: number };
  readonly #clock: SimulatedClock;
  readonly #cache = new Map<string, string>();
  #text = '';
  #path = '';
  #languageId = '';
  #pending: Pending | undefined;
  #underWay = 0;
  #tokens = 0;

  constructor({ server, prompts, clock, contextSize }: PeerTools) {
    this.name = `Continue's requests (${prompts.family.name} order)`;
    const tokens = Math.min(promptTokens, contextSize);
    this.#budget = { prefixTokens: Math.floor(tokens * prefixShare), suffixTokens: Math.floor(tokens * suffixShare), mostTokens: contextSize - answerTokens };
    this.#server = server;
    this.#prompts = prompts;
    this.#clock = clock;
  }

  open({ text, path, languageId }: OpenDocument): void {
    this.#text = text;
    this.#path = path;
    this.#languageId = languageId;
    this.#cache.clear();
    this.#pending?.abort.abort();
    this.#pending = undefined;
  }

  edit(edit: Edit): void {
    this.#text = applied(this.#text, edit);
  }

  async ask(offset: number, signal: AbortSignal): Promise<Answer | undefined> {
    await this.#clock.wait(debounceMs, signal);
    if (signal.aborted) return undefined;
    const place = { prefix: this.#text.slice(0, offset), suffix: this.#text.slice(offset) };
    const known = this.#cache.get(place.prefix);
    if (known !== undefined) return { text: beforeRestOfLine(known, place), usedEngine: false };
    const isMultiLine = mayBeMultiLine(place, this.#languageId);
    const { text, isNew } = await this.#written(place, isMultiLine, signal);
    if (signal.aborted) return undefined;
    const shown = processed(text, place);
    if (shown !== '') this.#keep(place.prefix, shown);
    return { text: beforeRestOfLine(shown, place), usedEngine: isNew };
  }

  accepted(): void {}

  async quiet(): Promise<void> {
    while (this.#underWay > 0) await this.#clock.wait(1);
  }

  tokens(): Promise<number> {
    return Promise.resolve(this.#tokens);
  }

  #keep(prefix: string, completion: string): void {
    this.#cache.set(prefix, completion);
    for (const oldest of this.#cache.keys()) {
      if (this.#cache.size <= mostCached) break;
      this.#cache.delete(oldest);
    }
  }

  /** Filtered while it comes; what is there 300 ms after the first line is shown as it is. */
  async #written(place: Place, isMultiLine: boolean, signal: AbortSignal): Promise<{ readonly text: string; readonly isNew: boolean }> {
    const since = this.#pending && place.prefix.startsWith(this.#pending.prefix) ? place.prefix.slice(this.#pending.prefix.length) : undefined;
    const joined = this.#pending && since !== undefined && this.#pending.text.startsWith(since) ? this.#pending : undefined;
    const pending = joined ?? this.#start(place);
    const skipped = joined && since !== undefined ? since.length : 0;
    let firstLineMs: number | undefined;
    while (true) {
      const filtered = filteredStream(pending.text.slice(skipped), { ...place, isMultiLine, isEnded: pending.isEnded });
      if (filtered.isComplete || signal.aborted) {
        // Cut by a filter: the rest is not wanted from the model either.
        if (!pending.isEnded && !signal.aborted) pending.abort.abort();
        return { text: filtered.text, isNew: !joined };
      }
      if (filtered.text.includes('\n')) firstLineMs ??= this.#clock.now();
      if (firstLineMs !== undefined && this.#clock.now() - firstLineMs >= showAfterMs) return { text: filtered.text, isNew: !joined };
      await pending.more;
    }
  }

  #start({ prefix, suffix }: Place): Pending {
    this.#pending?.abort.abort();
    const pending = new Pending(prefix);
    this.#pending = pending;
    void this.#request(pending, suffix);
    return pending;
  }

  async #request(pending: Pending, suffix: string): Promise<void> {
    this.#underWay++;
    try {
      const { prefixTokens, suffixTokens } = this.#budget;
      const texts = { prefix: pending.prefix.slice(-prefixTokens * charactersPerToken), suffix: suffix.slice(0, suffixTokens * charactersPerToken) };
      const prompt = await this.#clock.untimed(this.#prompts.tokens({ ...texts, path: this.#path, ...this.#budget }));
      if (pending.abort.signal.aborted) return;
      const onText = (piece: string) => pending.add(piece);
      const asked = this.#server.complete({ prompt, maxTokens: answerTokens, reusePrefix: true, signal: pending.abort.signal, onText });
      const answer = await this.#clock.busy(asked);
      this.#tokens += answer.evaluatedTokens + answer.generatedTokens;
    } finally {
      pending.end();
      this.#underWay--;
    }
  }
}

/** An answer as it comes. */
class Pending {
  readonly prefix: string;
  readonly abort = new AbortController();
  text = '';
  isEnded = false;
  more: Promise<void>;
  #say: () => void = () => {};

  constructor(prefix: string) {
    this.prefix = prefix;
    this.more = this.#next();
  }

  add(piece: string): void {
    this.text += piece;
    this.#tell();
  }

  end(): void {
    this.isEnded = true;
    this.#tell();
  }

  #tell(): void {
    const say = this.#say;
    this.more = this.#next();
    say();
  }

  #next(): Promise<void> {
    return new Promise((resolve) => {
      this.#say = resolve;
    });
  }
}
