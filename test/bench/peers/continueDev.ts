// Continue's way to ask and to show, as far as its public source says: written anew against llama-server. It knows that extension's rules; it
// must not know what is measured. https://github.com/continuedev/continue (core/autocomplete)
//
// A request waits 350 ms for the next key, then looks into its cache (by the text before the cursor alone), then asks; an answer under way is
// gone on with while what is typed agrees with it and aborted when another is asked for. Its budgets: 30 % of 1,024 tokens before the cursor,
// 20 % behind it. Left out: snippets of other files, which the context has no room for at this answer's length.
import type { SimulatedClock } from '../completion/simulatedClock.ts';
import type { Answer, CompletionSide, Edit, OpenDocument } from '../completion/side.ts';
import { applied } from '../completion/side.ts';
import { similarityOf } from '../completion/scoring.ts';
import type { LlamaServer } from './llamaServer.ts';
import type { PeerTools } from './llamaVscode.ts';

const debounceMs = 350;
const promptTokens = 1024;
const prefixTokens = Math.floor(promptTokens * 0.3);
const suffixTokens = Math.floor(promptTokens * 0.2);
const answerTokens = 128;
/** More than those tokens are, so that what is counted is never cut too early. */
const charactersPerToken = 8;
const showAfterMs = 300;
const mostCached = 1000;
const mostRepeated = 3;

interface Place {
  readonly prefix: string;
  readonly suffix: string;
}

export class ContinueDev implements CompletionSide {
  readonly name = "Continue's requests";
  readonly #server: LlamaServer;
  readonly #prompts: PeerTools['prompts'];
  readonly #clock: SimulatedClock;
  readonly #cache = new Map<string, string>();
  #text = '';
  #languageId = '';
  #pending: Pending | undefined;
  #underWay = 0;
  #tokens = 0;

  constructor({ server, prompts, clock }: PeerTools) {
    this.#server = server;
    this.#prompts = prompts;
    this.#clock = clock;
  }

  open({ text, languageId }: OpenDocument): void {
    this.#text = text;
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
    const isMultiLine = place.suffix.startsWith('\n') && !isComment(lastLine(place.prefix), this.#languageId);
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
      const texts = { prefix: pending.prefix.slice(-prefixTokens * charactersPerToken), suffix: suffix.slice(0, suffixTokens * charactersPerToken) };
      const prompt = await this.#clock.untimed(this.#prompts.tokens({ ...texts, prefixTokens, suffixTokens }));
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

/** What it would show of an answer at a place. */
export function shownByContinue(completion: string, before: string, after: string, languageId: string): string {
  const place = { prefix: before, suffix: after };
  const isMultiLine = after.startsWith('\n') && !isComment(lastLine(before), languageId);
  const { text } = filteredStream(completion, { ...place, isMultiLine, isEnded: true });
  return beforeRestOfLine(processed(text, place), place);
}

interface StreamPlace extends Place {
  readonly isMultiLine: boolean;
  readonly isEnded: boolean;
}

/** Its filters over characters and lines; complete when nothing later can change the text. */
function filteredStream(text: string, { prefix, suffix, isMultiLine, isEnded }: StreamPlace): { readonly text: string; readonly isComplete: boolean } {
  const cut = (at: number) => ({ text: text.slice(0, at), isComplete: true });
  if (/^[\r\n]/.test(text)) return cut(0);
  const lineBreak = text.indexOf('\n');
  if (!isMultiLine && lineBreak >= 0) return cut(closerTooMany(text.slice(0, lineBreak), { prefix, suffix }) ?? lineBreak);
  const closer = closerTooMany(text, isMultiLine ? { prefix: '', suffix } : { prefix, suffix });
  const beginsSuffix = suffix.trimStart().slice(0, 20);
  const repeated = beginsSuffix.length >= 20 ? text.indexOf(beginsSuffix) : -1;
  const end = Math.min(closer ?? text.length, repeated < 0 ? text.length : repeated);
  const below = suffix
    .split('\n')
    .slice(1)
    .find((line) => line.trim() !== '');
  const lines = text.slice(0, end).split('\n');
  // The last line may still be growing.
  const whole = isEnded || end < text.length ? lines : lines.slice(0, -1);
  for (const [index, line] of whole.entries()) {
    const upTo = { text: lines.slice(0, index).join('\n'), isComplete: true };
    if (index > 0 && line === '' && lines[index - 1] === '') return upTo;
    if (below !== undefined && (line === below || isNearly(line, below)) && !(/[)\]};]/.test(below) && line.trim() === below.trim())) return upTo;
    if (index >= mostRepeated - 1 && lines.slice(index - mostRepeated + 1, index + 1).every((one) => one === line && one.trim() !== '')) {
      return { text: lines.slice(0, index - mostRepeated + 2).join('\n'), isComplete: true };
    }
  }
  return { text: lines.join('\n'), isComplete: isEnded || end < text.length };
}

const openerOf: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' };

/** Where a bracket is closed that neither the answer nor what it was given has opened; those at its very beginning may stand. */
function closerTooMany(text: string, { prefix, suffix }: Place): number | undefined {
  const open: string[] = [];
  const line = prefix === '' ? '' : lastLine(prefix) + (suffix.split('\n')[0] ?? '');
  for (const sign of line) {
    if ('([{'.includes(sign)) open.push(sign);
    else if (sign in openerOf && open.pop() !== openerOf[sign]) break;
  }
  for (const sign of /^[ )\]}]*/.exec(suffix)?.[0] ?? '') if (sign in openerOf) open.unshift(openerOf[sign] as string);
  const start = text.search(/[^\s)}\]]/);
  if (start < 0) return undefined;
  for (let at = start; at < text.length; at++) {
    const sign = text[at] as string;
    if ('([{'.includes(sign)) open.push(sign);
    else if (sign in openerOf && open.pop() !== openerOf[sign]) return at;
  }
  return undefined;
}

function processed(completion: string, { prefix }: Place): string {
  if (completion.trim() === '') return '';
  const above = prefix
    .split('\n')
    .filter((line) => line.trim() !== '')
    .at(-1);
  const first = completion.split('\n').find((line) => line.trim() !== '');
  if (above !== undefined && first !== undefined && isNearly(above, first)) return '';
  const line = lastLine(prefix);
  return line.trim() !== '' && line.endsWith(' ') && completion.startsWith(' ') ? completion.slice(1) : completion;
}

/** A line that ends as the rest of the cursor's line does is shown without that. */
function beforeRestOfLine(completion: string, { suffix }: Place): string {
  const rest = suffix.split('\n')[0] ?? '';
  return rest.trim() !== '' && !completion.includes('\n') && completion.endsWith(rest) ? completion.slice(0, -rest.length) : completion;
}

/** Less than a tenth differs. */
function isNearly(one: string, other: string): boolean {
  if (one.length <= 4 || other.length <= 4) return false;
  return similarityOf(one.trim(), other.trim()) > 0.9;
}

function isComment(line: string, languageId: string): boolean {
  return line.trimStart().startsWith(languageId === 'python' ? '#' : '//');
}

function lastLine(text: string): string {
  return text.slice(text.lastIndexOf('\n') + 1);
}
