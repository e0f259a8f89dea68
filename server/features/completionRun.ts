// One answer of the model to one place, from the request until nothing more of it can be shown. Several requests of the editor may wait for
// it: whoever types on what it says joins it. Its first lines are shown while the rest is still being written into what is kept for reuse.
// It knows the engine's interface and the filters; it must not know LSP, documents or what is shown.
import type { Log } from '../core/log.ts';
import type { Failure } from '../core/outcome.ts';
import { isProse } from '../core/completion/languageSigns.ts';
import { scopeAt } from '../core/completion/lexLine.ts';
import { indentWidth, tabWidth } from '../core/completion/indentation.ts';
import { cutLoops } from '../core/completion/postprocess/cutLoops.ts';
import type { Hidden } from '../core/completion/postprocess/postprocess.ts';
import { postprocess } from '../core/completion/postprocess/postprocess.ts';
import { trimLeadingBlanks } from '../core/completion/postprocess/trimBlanks.ts';
import type { QuietReason } from '../core/completion/quietReasons.ts';
import type { Reuse, Suggestion } from '../core/completion/reuse.ts';
import { keyOf, matchAt } from '../core/completion/reuse.ts';
import type { Shape } from '../core/completion/shape.ts';
import { endOfShape, wholeLinesLength } from '../core/completion/shape.ts';
import type { Site } from '../core/completion/site.ts';
import { siteAfter } from '../core/completion/site.ts';
import { thresholds } from '../core/completion/thresholds.ts';
import type { CompletionPrompt, FillingWay } from '../core/prompt/completionPrompt.ts';
import { completionPrompt } from '../core/prompt/completionPrompt.ts';
import { contextReserve, mostPromptTokens } from '../core/prompt/contextShare.ts';
import type { FimContext } from '../core/prompt/fimFamilies.ts';
import type { TokenEstimate } from '../core/prompt/tokenEstimate.ts';
import type { Generation, Inference, ModelDescription } from '../inference/inference.ts';
import type { Clock } from './clock.ts';

export interface RunRequest {
  readonly id: string;
  readonly site: Site;
  readonly languageId: string;
  /** As the model sees it. */
  readonly path: string;
  readonly shape: Shape;
  readonly way: FillingWay;
  readonly model: ModelDescription;
  /** The user's limit for a block, tokens. */
  readonly maxTokens: number;
  /** The end token is forbidden as the first one. */
  readonly mustSaySomething: boolean;
  readonly source: 'model' | 'ahead';
  /** What the answer is likely to be. */
  readonly expected?: string;
  /** What of other files the model is told, and about how many tokens that is. */
  readonly context?: FimContext & { readonly tokens: number };
  /** Greedy when absent. */
  readonly variation?: { readonly temperature: number; readonly seed: number };
}

export interface RunDependencies {
  readonly inference: Inference;
  readonly clock: Clock;
  readonly estimate: TokenEstimate;
  readonly log: Log;
  /** Absent for an answer that is not to be found again. */
  readonly reuse?: Reuse;
}

/** Undefined while it is under way. `why`: nothing of the answer is to be shown. */
export type RunEnd = { readonly outcome: 'ok' } | { readonly outcome: 'nothing'; readonly why: QuietReason } | Failure;

/** Tokens of a prompt that are not text: family tokens and the path. */
const overheadTokens = 40;
/** A begun chat has an instruction before the text and fences around it. */
const chatOverheadTokens = 160;
/** The rest of a line is rarely longer. */
const lineTokens = 48;

export class CompletionRun {
  readonly request: RunRequest;
  readonly done: Promise<void>;
  readonly #deps: RunDependencies;
  readonly #key: string;
  readonly #given = new AbortController();
  readonly #over = new AbortController();
  readonly #startedMs: number;
  #sayFirstLines: () => void = () => {};
  readonly #firstLines: Promise<void>;
  #written = '';
  /** Of the first tokens, as far as the engine has said them. */
  #confidence: readonly number[] | undefined;
  #suggestion: Suggestion | undefined;
  #end: RunEnd | undefined;
  #waiting = 0;
  #latencyMs: number | undefined;

  constructor(request: RunRequest, deps: RunDependencies) {
    this.request = request;
    this.#deps = deps;
    this.#key = keyOf(request.site);
    this.#startedMs = deps.clock.now();
    this.#firstLines = new Promise((resolve) => {
      this.#sayFirstLines = resolve;
    });
    this.done = this.#write().then(
      (end) => this.#finish(end),
      (error: unknown) => {
        this.#finish({ outcome: 'cancelled' });
        throw error;
      },
    );
    // Whoever joins meets the bug, too; of what nobody waits for, the log tells it.
    this.done.catch((error: unknown) => deps.log.error(`A completion failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`));
  }

  get end(): RunEnd | undefined {
    return this.#end;
  }

  /** What can be shown of it so far. */
  get suggestion(): Suggestion | undefined {
    return this.#suggestion;
  }

  /** What has been written so far, behind what stands at this place. */
  writtenBehind(site: Site): string {
    return matchAt(this.#asSuggestion(this.#written, 'growing'), site)?.remainder ?? '';
  }

  /** From the beginning to the first text that could be shown, ms. */
  get latencyMs(): number | undefined {
    return this.#latencyMs;
  }

  /** Whether what has been written so far could still continue the text at this place. */
  agrees(site: Site): boolean {
    const hit = this.#given.signal.aborted ? undefined : matchAt(this.#asSuggestion(this.#written, 'growing'), site);
    return hit !== undefined && hit.typed >= 0;
  }

  abort(): void {
    this.#given.abort();
  }

  /** Returns when there is something to show, when it is over, or when the signal aborts. */
  async join(signal: AbortSignal, { wantsWhole }: { readonly wantsWhole: boolean }): Promise<void> {
    this.#waiting++;
    const { clock } = this.#deps;
    let leave = () => {};
    const left = new Promise<void>((resolve) => {
      leave = resolve;
    });
    signal.addEventListener('abort', leave, { once: true });
    if (signal.aborted) leave();
    try {
      const firstLines = wantsWhole ? [] : [this.#firstLines.then(() => clock.wait(thresholds.restPatienceMs, this.#over.signal))];
      await Promise.race([this.done, left, ...firstLines]);
    } finally {
      signal.removeEventListener('abort', leave);
      this.#waiting--;
      // The next keystroke may join it; what is shown already is written to its end.
      if (this.#waiting === 0 && !this.#end && !this.#suggestion) void clock.wait(thresholds.orphanGraceMs, this.#over.signal).then(() => this.#endOrphan());
    }
  }

  #endOrphan(): void {
    if (this.#waiting === 0 && !this.#suggestion) this.abort();
  }

  async #write(): Promise<RunEnd> {
    const { inference, estimate } = this.#deps;
    const { way, model, shape, site } = this.request;
    const roomForAnswer = Math.floor(model.contextSize / 4);
    const maxTokens = Math.min(shape === 'line' || shape === 'next' ? lineTokens : this.request.maxTokens, roomForAnswer);
    // Room for the longer of both shapes: a budget that changed with the shape would move the window within one line.
    const roomTokens = Math.min(Math.max(lineTokens, this.request.maxTokens), roomForAnswer);
    let budgetTokens = Math.min(mostPromptTokens, model.contextSize - roomTokens - (way.kind === 'chat' ? chatOverheadTokens : overheadTokens));
    let { context } = this.request;
    // The estimate may be wrong for a dense file: the engine says by how much, and the second try is made to fit.
    for (let attempt = 0; ; attempt++) {
      const asked = completionPrompt(way, {
        text: site.text,
        offset: site.offset,
        budget: estimate.charactersFor(budgetTokens - (context ? contextReserve(context.tokens, model.contextSize) : 0)),
        path: this.request.path,
        languageId: this.request.languageId,
        isOneLine: shape === 'line',
        isProse: isProse(this.request.languageId) || scopeAt(site, this.request.languageId) !== 'code',
        ...(context ? { context } : {}),
      });
      const enough = new AbortController();
      let answer = '';
      const generated = await inference.generate(this.#generateRequest(asked, maxTokens), {
        signal: AbortSignal.any([this.#given.signal, enough.signal]),
        onText: (piece, confidence) => {
          answer += piece;
          if (confidence) this.#confidence = confidence;
          if (this.#read(asked.suggestionOf(answer), piece)) enough.abort();
        },
      });
      if (this.#given.signal.aborted) return { outcome: 'cancelled' };
      if (enough.signal.aborted) return this.#conclude(asked.suggestionOf(answer), 'enough', undefined);
      if (generated.outcome === 'ok') {
        const { usage, text, finish } = generated.value;
        estimate.observe(asked.characters, usage.evaluatedTokens + usage.reusedTokens);
        return this.#conclude(asked.suggestionOf(text), finish === 'length' ? 'cut' : 'ended', generated.value);
      }
      if (generated.outcome !== 'contextOverflow' || attempt > 0) return generated;
      estimate.observe(asked.characters, generated.promptTokens);
      budgetTokens = Math.floor((budgetTokens * generated.availableTokens * 0.9) / generated.promptTokens);
      // The file itself matters more.
      context = undefined;
    }
  }

  #generateRequest(asked: CompletionPrompt, maxTokens: number): Parameters<Inference['generate']>[0] {
    const { source, mustSaySomething, expected, variation } = this.request;
    // The engine ends at once where endOfBlock would; all other ends are seen while reading.
    const dedentBelow = this.request.shape === 'block' ? indentWidth(this.request.site.linePrefix) : 0;
    return {
      prompt: asked.prompt,
      priority: source === 'ahead' ? 'background' : 'inline',
      maxTokens,
      temperature: variation?.temperature ?? 0,
      stop: asked.stop,
      ...(dedentBelow > 0 ? { lineStops: { dedentBelow, tabSize: tabWidth } } : {}),
      forbidEndFirst: mustSaySomething,
      ...(source === 'ahead' ? { isAhead: true } : {}),
      confidenceTokens: thresholds.confidenceTokens,
      ...(variation ? { seed: variation.seed } : { speculation: 'promptLookup' as const, ...(expected ? { expected } : {}) }),
    };
  }

  /** @returns whether decoding may stop: it costs time that nobody waits for once the text can only be cut */
  #read(text: string | undefined, piece: string): boolean {
    if (text === undefined) return true;
    const { shape, site, languageId } = this.request;
    this.#written = trimLeadingBlanks(text, site.linePrefix);
    if (piece.includes('\n') && shape !== 'line' && wholeLinesLength(text) > 0) this.#publish(text, 'growing');
    return cutLoops(text).length < text.length || endOfShape(text, shape, { linePrefix: site.linePrefix, languageId }).isComplete;
  }

  /** Keeps what can be shown so far. What was shown once is only made longer. */
  #publish(text: string, end: 'growing' | 'cut' | 'ended' | 'enough'): Hidden | undefined {
    const { shape, site, languageId } = this.request;
    const result = postprocess({ text, end, shape, site, languageId });
    if ('hidden' in result) return this.#suggestion ? undefined : result.hidden;
    if (this.#suggestion && !result.shown.startsWith(this.#suggestion.text)) return undefined;
    this.#latencyMs ??= this.#deps.clock.now() - this.#startedMs;
    this.#keep(this.#asSuggestion(result.shown, end === 'growing' ? 'growing' : 'whole'));
    if (end !== 'growing' && end !== 'cut' && result.tail !== '') this.#keepTail(result.shown, result.tail);
    this.#sayFirstLines();
    return undefined;
  }

  #conclude(text: string | undefined, end: 'cut' | 'ended' | 'enough', generation: Generation | undefined): RunEnd {
    if (text === undefined) return { outcome: 'nothing', why: 'chat' };
    this.#written = trimLeadingBlanks(text, this.request.site.linePrefix);
    if (generation?.confidence) this.#confidence = generation.confidence;
    const hidden = this.#publish(text, end);
    if (this.#suggestion) return { outcome: 'ok' };
    const why = hidden === undefined || hidden === 'empty' ? 'modelEnded' : hidden;
    this.#deps.reuse?.put({ ...this.#asSuggestion('', 'whole'), why });
    return { outcome: 'nothing', why };
  }

  #finish(end: RunEnd): void {
    this.#end = end;
    this.#over.abort();
    if (this.#suggestion?.isGrowing) this.#keep({ ...this.#suggestion, isGrowing: false });
    this.#latencyMs ??= this.#deps.clock.now() - this.#startedMs;
  }

  #keep(suggestion: Suggestion): void {
    this.#suggestion = suggestion;
    this.#deps.reuse?.put(suggestion);
  }

  #keepTail(shown: string, tail: string): void {
    const site = siteAfter(this.request.site, shown);
    this.#deps.reuse?.put({
      id: `${this.request.id}t`,
      key: keyOf(site),
      head: site.linePrefix,
      text: tail,
      isGrowing: false,
      source: 'tail',
      atMs: this.#deps.clock.now(),
    });
  }

  #asSuggestion(text: string, state: 'growing' | 'whole'): Suggestion {
    const { id, site, source } = this.request;
    const confidence = this.#confidence;
    return {
      id,
      key: this.#key,
      head: site.linePrefix,
      text,
      isGrowing: state === 'growing',
      source,
      atMs: this.#startedMs,
      ...(confidence ? { confidence } : {}),
    };
  }
}
