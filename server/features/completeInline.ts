// Ghost text for one position: whether to ask, what to ask, and what of the answer is shown. Only the newest request lives.
// It knows the use case; it must not know LSP or how an engine is reached.
import type { Log } from '../core/log.ts';
import type { Failure } from '../core/outcome.ts';
import { cancelled } from '../core/outcome.ts';
import { cutLoops } from '../core/completion/postprocess/cutLoops.ts';
import { postprocess } from '../core/completion/postprocess/postprocess.ts';
import type { Shape } from '../core/completion/shape.ts';
import { blockIndent, blockTabSize, endOfBlock, shapeFor } from '../core/completion/shape.ts';
import { triggerVerdict } from '../core/completion/trigger.ts';
import type { FimFamily } from '../core/prompt/fimFamilies.ts';
import { fimFamilyOf } from '../core/prompt/fimFamilies.ts';
import { fimWindow } from '../core/prompt/fimWindow.ts';
import { TokenEstimate } from '../core/prompt/tokenEstimate.ts';
import { indexLines, offsetAt } from '../core/text/lineIndex.ts';
import type { Inference, ModelDescription } from '../inference/inference.ts';
import type { Session } from '../session/session.ts';
import type { Snapshot } from '../session/snapshot.ts';
import type { Clock } from './clock.ts';

export interface InlineRequest {
  readonly uri: string;
  readonly position: { readonly line: number; readonly character: number };
  readonly isExplicit: boolean;
  /** The entry that is selected in the suggest popup: the text that will stand in `range` if it is taken. */
  readonly selected?: { readonly range: LineRange; readonly text: string };
}

interface LineRange {
  readonly start: { readonly line: number; readonly character: number };
  readonly end: { readonly line: number; readonly character: number };
}

export interface InlineSuggestion {
  readonly id: string;
  readonly insertText: string;
  readonly range: LineRange;
}

export type InlineOutcome =
  | { readonly outcome: 'ok'; readonly suggestion: InlineSuggestion }
  | { readonly outcome: 'nothing'; readonly why: string }
  /** The document changed meanwhile. */
  | { readonly outcome: 'stale' }
  | Failure;

export interface CompleteInlineDependencies {
  readonly session: Session;
  readonly inference: Inference;
  readonly clock: Clock;
  readonly log: Log;
}

/** Tokens of a prompt that are not text: family tokens and the path. */
const overheadTokens = 40;
/** The rest of a line is rarely longer. */
const lineTokens = 48;
/** A longer prompt than this helps little and costs time at every cursor jump. */
const mostPromptTokens = 3072;

/** What is fixed for one request once it is made. */
interface Site {
  readonly snapshot: Snapshot;
  readonly text: string;
  readonly offset: number;
  readonly linePrefix: string;
  readonly lineSuffix: string;
  readonly following: string;
  readonly range: LineRange;
  /** Text that the suggestion must begin with: what the popup's entry adds. */
  readonly lead: string;
  readonly shape: Shape;
}

export class CompleteInline {
  readonly #deps: CompleteInlineDependencies;
  readonly #estimate = new TokenEstimate();
  #newest: AbortController | undefined;
  #nextId = 1;

  constructor(deps: CompleteInlineDependencies) {
    this.#deps = deps;
  }

  async complete(request: InlineRequest, signal: AbortSignal): Promise<InlineOutcome> {
    const { session, clock, inference } = this.#deps;
    const { completion } = session.settings;
    // Whatever comes of this request, the one before it answers a cursor that has moved on.
    this.#newest?.abort();
    const superseded = new AbortController();
    this.#newest = superseded;
    const given = AbortSignal.any([signal, superseded.signal]);

    if (session.isPaused && !request.isExplicit) return { outcome: 'nothing', why: 'paused' };
    if (!completion.enabled && !request.isExplicit) return { outcome: 'nothing', why: 'switched off' };
    const snapshot = session.documents.snapshot(request.uri);
    if (!snapshot) return { outcome: 'nothing', why: 'the document is not open' };
    const site = siteOf(snapshot, request, completion.multiLine);
    const verdict = triggerVerdict({
      ...site,
      languageId: snapshot.languageId,
      excludedLanguages: completion.excludedLanguages,
      isExplicit: request.isExplicit,
    });
    if (verdict !== 'ask') return { outcome: 'nothing', why: verdict };

    if (!request.isExplicit) await clock.wait(completion.delayMs, given);
    if (given.aborted) return cancelled;
    const described = await inference.describeModel(given);
    if (described.outcome !== 'ok') return described;
    const family = fimFamilyOf(described.value.specialTokens);
    if (!family) return { outcome: 'nothing', why: `${described.value.name} was not trained to fill holes` };

    const written = await this.#write(site, { family, model: described.value, isExplicit: request.isExplicit }, given);
    if (written.outcome !== 'ok') return written;
    if (session.documents.version(request.uri) !== snapshot.version) return { outcome: 'stale' };
    const result = postprocess({
      text: written.text,
      isCutShort: written.isCutShort,
      shape: site.shape,
      linePrefix: site.linePrefix,
      lineSuffix: site.lineSuffix,
      following: site.following,
      eol: snapshot.text.includes('\r\n') ? '\r\n' : '\n',
    });
    if ('hidden' in result) return { outcome: 'nothing', why: result.hidden };
    return { outcome: 'ok', suggestion: { id: `c${this.#nextId++}`, insertText: site.lead + result.shown, range: site.range } };
  }

  /** A suggestion was taken whole. */
  accepted(id: string): void {
    this.#deps.log.debug(`Completion ${id} was accepted.`);
  }

  async #write(
    site: Site,
    how: { readonly family: FimFamily; readonly model: ModelDescription; readonly isExplicit: boolean },
    signal: AbortSignal,
  ): Promise<{ readonly outcome: 'ok'; readonly text: string; readonly isCutShort: boolean } | Failure> {
    const { session, inference } = this.#deps;
    const { family, model } = how;
    const maxTokens = Math.min(site.shape === 'line' ? lineTokens : session.settings.completion.maxTokens, Math.floor(model.contextSize / 4));
    // Room for the longer of both shapes: a budget that changed with the shape would move the window within one line.
    const roomTokens = Math.min(Math.max(lineTokens, session.settings.completion.maxTokens), Math.floor(model.contextSize / 4));
    let budgetTokens = Math.min(mostPromptTokens, model.contextSize - roomTokens - overheadTokens);
    // The estimate may be wrong for a dense file: the engine says by how much, and the second try is made to fit.
    for (let attempt = 0; ; attempt++) {
      const window = fimWindow(site.text, site.offset, this.#estimate.charactersFor(budgetTokens));
      // Models learned from text with plain line feeds; the editor's line breaks come back in postprocess.
      const unified = { prefix: window.prefix.replaceAll('\r\n', '\n'), suffix: window.suffix.replaceAll('\r\n', '\n') };
      const parts = family.layout({ ...unified, path: session.displayPath(site.snapshot.uri) });
      const enough = new AbortController();
      let streamed = '';
      const dedentBelow = site.shape === 'block' ? blockIndent(site.linePrefix) : 0;
      const generated = await inference.generate(
        {
          prompt: { kind: 'parts', parts: [...parts] },
          priority: 'inline',
          maxTokens,
          temperature: 0,
          stop: site.shape === 'line' ? ['\n'] : [],
          // The engine ends at once where endOfBlock would; all other ends of a block are seen below.
          ...(dedentBelow > 0 ? { lineStops: { dedentBelow, tabSize: blockTabSize } } : {}),
          forbidEndFirst: how.isExplicit || family.endsTooEarly,
        },
        {
          signal: AbortSignal.any([signal, enough.signal]),
          onText: (piece) => {
            streamed += piece;
            if (isEnough(streamed, site)) enough.abort();
          },
        },
      );
      if (enough.signal.aborted && !signal.aborted) return { outcome: 'ok', text: streamed, isCutShort: false };
      if (generated.outcome === 'ok') {
        const { usage, text, finish } = generated.value;
        this.#estimate.observe(window.prefix.length + window.suffix.length, usage.evaluatedTokens + usage.reusedTokens);
        return { outcome: 'ok', text, isCutShort: finish === 'length' };
      }
      if (generated.outcome !== 'contextOverflow' || attempt > 0) return generated;
      this.#estimate.observe(window.prefix.length + window.suffix.length, generated.promptTokens);
      budgetTokens = Math.floor((budgetTokens * generated.availableTokens * 0.9) / generated.promptTokens);
    }
  }
}

/** Decoding costs time that nobody waits for once the text can only be cut. */
function isEnough(streamed: string, site: Site): boolean {
  if (cutLoops(streamed).length < streamed.length) return true;
  return site.shape === 'block' && endOfBlock(streamed, site.linePrefix).isComplete;
}

function siteOf(snapshot: Snapshot, request: InlineRequest, multiLine: 'auto' | 'never' | 'always'): Site {
  const index = indexLines(snapshot.text);
  const range = request.selected?.range ?? { start: request.position, end: request.position };
  const lead = request.selected?.text ?? '';
  const from = offsetAt(index, range.start);
  const to = Math.max(from, offsetAt(index, range.end));
  // With a selected entry the model continues behind it, as if it had been taken.
  const text = snapshot.text.slice(0, from) + lead + snapshot.text.slice(to);
  const offset = from + lead.length;
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1;
  const lineBreak = text.indexOf('\n', offset);
  const lineEnd = lineBreak < 0 ? text.length : lineBreak;
  const linePrefix = text.slice(lineStart, offset);
  const lineSuffix = text.slice(offset, lineEnd).replace(/\r$/, '');
  const following = text.slice(lineEnd + 1, lineEnd + 4096).replaceAll('\r', '');
  return {
    snapshot,
    text,
    offset,
    linePrefix,
    lineSuffix,
    following,
    range,
    lead,
    shape: shapeFor({ linePrefix, lineSuffix, multiLine, isExplicit: request.isExplicit }),
  };
}
