// llama.vscode's way to ask and to show, as far as its public source says: written anew against llama-server. It knows that extension's rules;
// it must not know what is measured. https://github.com/ggml-org/llama.vscode (src/completion.ts)
//
// Every change asks at once; while a request is under way the next one looks again every 150 ms and gives up when the cursor has moved on; a
// request that was sent is never aborted. Answers are kept under all of the text that was sent; a lookup walks back within the line. When
// something is shown at the end of a line, what would follow its acceptance is asked for at once. Left out: chunks of other places (no model is told
// of other files here) and its samplers (greedy here, so that the runs are the same).
import type { SimulatedClock } from '../completion/simulatedClock.ts';
import type { Answer, CompletionSide, Edit, OpenDocument } from '../completion/side.ts';
import { applied } from '../completion/side.ts';
import type { FamilyPrompts } from './familyPrompts.ts';
import type { LlamaEndpoint } from './llamaEndpoint.ts';

const prefixLines = 256;
const suffixLines = 64;
const answerTokens = 128;
/** What llama-server's `/infill` takes of a longer context, in shares of its batch: three quarters before the cursor, one behind it. */
const batchTokens = 2048;
/** Special tokens of an order. */
const familyTokens = 3;
const mostLineSuffix = 8;
const waitMs = 150;
const mostCached = 250;

interface Sent {
  readonly prefix: string;
  readonly suffix: string;
  readonly prompt: string;
}

export interface PeerTools {
  readonly server: LlamaEndpoint;
  readonly prompts: FamilyPrompts;
  readonly clock: SimulatedClock;
  /** Tokens of the model's context. */
  readonly contextSize: number;
}

export class LlamaVscode implements CompletionSide {
  readonly name: string;
  readonly #tools: PeerTools;
  readonly #cache = new Map<string, string>();
  #text = '';
  #path = '';
  #isInProgress = false;
  #underWay = 0;
  #tokens = 0;

  constructor(tools: PeerTools) {
    this.#tools = tools;
    this.name = `llama.vscode's requests (${tools.prompts.family.name} order)`;
  }

  open({ text, path }: OpenDocument): void {
    this.#text = text;
    this.#path = path;
    this.#cache.clear();
    this.#isInProgress = false;
  }

  edit(edit: Edit): void {
    this.#text = applied(this.#text, edit);
  }

  async ask(offset: number, signal: AbortSignal): Promise<Answer | undefined> {
    while (this.#isInProgress) {
      await this.#tools.clock.wait(waitMs);
      if (signal.aborted) return undefined;
    }
    this.#isInProgress = true;
    try {
      return await this.#answer(offset, signal);
    } finally {
      this.#isInProgress = false;
    }
  }

  accepted(): void {}

  async quiet(): Promise<void> {
    while (this.#underWay > 0) await this.#tools.clock.wait(1);
  }

  tokens(): Promise<number> {
    return Promise.resolve(this.#tokens);
  }

  async #answer(offset: number, signal: AbortSignal): Promise<Answer | undefined> {
    const before = this.#text.slice(0, offset).split('\n');
    const after = this.#text.slice(offset).split('\n');
    const linePrefix = before.pop() ?? '';
    const lineSuffix = after.shift() ?? '';
    const nothing = (usedEngine: boolean): Answer => ({ text: '', usedEngine });
    if (lineSuffix.length > mostLineSuffix) return nothing(false);
    const isBlank = linePrefix.trim() === '';
    const prompt = isBlank ? '' : linePrefix;
    const sent: Sent = {
      prefix: `${before.slice(-prefixLines).join('\n')}\n`,
      suffix: `${lineSuffix}\n${after.slice(0, suffixLines).join('\n')}\n`,
      prompt,
    };
    const known = this.#cached(sent);
    if (known === undefined && signal.aborted) return undefined;
    const line = linePrefix + lineSuffix;
    const completion = known ?? (await this.#request(sent, line.length - line.trimStart().length));
    const usedEngine = known === undefined;
    if (completion.trim() === '') return signal.aborted ? undefined : nothing(usedEngine);
    const lines = withoutTrailingBlankLines(completion.split('\n'));
    if (isDiscarded(lines, { linePrefix, lineSuffix, after })) return signal.aborted ? undefined : nothing(usedEngine);
    const shown = cutToLine(lines, lineSuffix);
    if (usedEngine) this.#keep(sent, shown);
    if (!signal.aborted && lineSuffix.trim() === '') this.#prepare(sent, lines);
    if (signal.aborted) return undefined;
    return { text: isBlank ? withoutLeadingBlanks(shown, linePrefix.length) : shown, usedEngine };
  }

  async #request({ prefix, suffix, prompt }: Sent, indent: number): Promise<string> {
    const { server, prompts, clock, contextSize } = this.#tools;
    const mostTokens = Math.min(batchTokens, contextSize - answerTokens);
    const room = mostTokens - familyTokens;
    const shares = { prefixTokens: Math.floor((3 * room) / 4), suffixTokens: Math.floor(room / 4), mostTokens };
    this.#underWay++;
    try {
      const tokens = await clock.untimed(prompts.tokens({ prefix: prefix + prompt, suffix, path: this.#path, ...shares }));
      const answer = await clock.busy(server.complete({ prompt: tokens, maxTokens: answerTokens, reusePrefix: true, leastIndent: indent }));
      this.#tokens += answer.evaluatedTokens + answer.generatedTokens;
      return answer.text;
    } finally {
      this.#underWay--;
    }
  }

  #cached({ prefix, suffix, prompt }: Sent): string | undefined {
    for (let end = prompt.length; end >= 0; end--) {
      const kept = this.#cache.get(keyOf({ prefix, suffix, prompt: prompt.slice(0, end) }));
      const typed = prompt.slice(end);
      if (kept?.startsWith(typed)) return kept.slice(typed.length);
    }
    return undefined;
  }

  #keep(sent: Sent, completion: string): void {
    const key = keyOf(sent);
    this.#cache.delete(key);
    this.#cache.set(key, completion);
    for (const oldest of this.#cache.keys()) {
      if (this.#cache.size <= mostCached) break;
      this.#cache.delete(oldest);
    }
  }

  /** After the acceptance of all of it, and of its first line. */
  #prepare({ prefix, suffix, prompt }: Sent, lines: readonly string[]): void {
    const last = lines.at(-1) ?? '';
    const whole: Sent =
      lines.length === 1
        ? { prefix, suffix, prompt: prompt + last }
        : { prefix: lastLines(`${prefix}${prompt}${lines.slice(0, -1).join('\n')}\n`), suffix, prompt: last };
    if (!this.#cache.has(keyOf(whole))) {
      void this.#request(whole, prompt.length - prompt.trimStart().length).then((text) => {
        if (text.trim() !== '') this.#keep(whole, withoutTrailingBlankLines(text.split('\n')).join('\n'));
      });
    }
    if (lines.length === 1) return;
    const firstLine: Sent = { prefix: `${prefix}${prompt}${lines[0]}\n`, suffix, prompt: '' };
    if (!this.#cache.has(keyOf(firstLine))) this.#keep(firstLine, lines.slice(1).join('\n'));
  }
}

/** What it would show of an answer at a place. */
export function shownByLlamaVscode(completion: string, before: string, after: string): string {
  const [lineSuffix = '', ...below] = after.split('\n');
  const linePrefix = before.slice(before.lastIndexOf('\n') + 1);
  if (lineSuffix.length > mostLineSuffix || completion.trim() === '') return '';
  const lines = withoutTrailingBlankLines(completion.split('\n'));
  if (isDiscarded(lines, { linePrefix, lineSuffix, after: below })) return '';
  const shown = cutToLine(lines, lineSuffix);
  return linePrefix.trim() === '' ? withoutLeadingBlanks(shown, linePrefix.length) : shown;
}

function keyOf({ prefix, suffix, prompt }: Sent): string {
  return `${prefix}|${suffix}|${prompt}`;
}

function lastLines(text: string): string {
  const lines = text.slice(0, -1).split('\n');
  return `${lines.slice(-prefixLines).join('\n')}\n`;
}

function withoutTrailingBlankLines(lines: readonly string[]): readonly string[] {
  const last = lines.findLastIndex((line) => line.trim() !== '');
  return lines.slice(0, last + 1);
}

function withoutLeadingBlanks(text: string, most: number): string {
  let at = 0;
  while ((at < most && text[at] === ' ') || text[at] === '\t') at++;
  return text.slice(at);
}

interface Around {
  readonly linePrefix: string;
  readonly lineSuffix: string;
  /** Lines below the cursor's. */
  readonly after: readonly string[];
}

/** What repeats the rest of the line, or the next lines, exactly. */
function isDiscarded(lines: readonly string[], { linePrefix, lineSuffix, after }: Around): boolean {
  const [first = '', ...rest] = lines;
  if (lines.length === 0 || (rest.length === 0 && first.trim() === '')) return true;
  if (after.length === 0) return false;
  const standsAt = (from: number) => rest.every((line, index) => line === after[from + index]);
  if (rest.length > 0 && (first.trim() === '' || first.trim() === lineSuffix.trim()) && standsAt(0)) return true;
  if (rest.length === 0 && first === lineSuffix) return true;
  const next = after.findIndex((line) => line.trim() !== '');
  if (next < 0 || linePrefix + first !== after[next]) return false;
  if (rest.length === 0) return true;
  if (rest.length === 1) return after[next + 1]?.startsWith(rest[0] ?? '') ?? false;
  return standsAt(next + 1);
}

function cutToLine(lines: readonly string[], lineSuffix: string): string {
  const [first = ''] = lines;
  if (lineSuffix.trim() === '') return lines.join('\n');
  return first.endsWith(lineSuffix) ? first.slice(0, -lineSuffix.length) : first;
}
