// What is remembered between one request for ghost text and the next: what is shown, what the model is writing and preparing, what was
// written before, and how the user took it. Changes of documents come here first: an answer that they contradict is ended at once.
// It knows versions of text and time; it must not know LSP, prompts or filters.
import type { Shown } from '../core/completion/acceptance.ts';
import { reactionTo } from '../core/completion/acceptance.ts';
import { Rejects } from '../core/completion/rejects.ts';
import { Reuse } from '../core/completion/reuse.ts';
import { keyOf, matchAt } from '../core/completion/reuse.ts';
import { Rhythm } from '../core/completion/rhythm.ts';
import type { Site } from '../core/completion/site.ts';
import { documentKey, siteAt } from '../core/completion/site.ts';
import { delayBefore } from '../core/completion/trigger.ts';
import { thresholds } from '../core/completion/thresholds.ts';
import type { Inference } from '../inference/inference.ts';
import type { Documents, DocumentChange } from '../session/documents.ts';
import type { Clock } from './clock.ts';
import type { CompletionRun } from './completionRun.ts';
import type { SuggestionFeedback } from './suggestionFeedback.ts';

export interface ShownSuggestion extends Shown {
  readonly uri: string;
  readonly languageId: string;
  /** Of the cursor, in the text as it was when this was shown. */
  readonly offset: number;
  /** Where `remainder` begins, and the rest of the line behind it as it was then. */
  readonly from: number;
  readonly lineSuffix: string;
  readonly sinceMs: number;
  /** From the request to this, ms. */
  readonly latencyMs: number;
}

interface Prepared {
  readonly run: CompletionRun;
  /** What must be taken for it to be the next. */
  readonly base: ShownSuggestion;
}

export interface CompletionStateOptions {
  readonly documents: Documents;
  readonly clock: Clock;
  readonly feedback: SuggestionFeedback;
}

export class CompletionState {
  readonly reuse = new Reuse();
  readonly rhythm = new Rhythm();
  readonly rejects = new Rejects();
  readonly #documents: Documents;
  readonly #clock: Clock;
  readonly #feedback: SuggestionFeedback;
  #shown: ShownSuggestion | undefined;
  /** What else somebody who asked to choose was given at the same place; which of them is on the screen no editor says. */
  #others: readonly ShownSuggestion[] = [];
  #run: { readonly uri: string; readonly run: CompletionRun } | undefined;
  #prepared: Prepared | undefined;

  constructor({ documents, clock, feedback }: CompletionStateOptions) {
    this.#documents = documents;
    this.#clock = clock;
    this.#feedback = feedback;
    documents.listen({ changed: (change) => this.#changed(change), closed: (uri) => this.#closed(uri) });
  }

  get shown(): ShownSuggestion | undefined {
    return this.#shown;
  }

  /** No answer is being written for the user right now. */
  get isIdle(): boolean {
    return !this.#run || this.#run.run.end !== undefined;
  }

  /** How long to wait for the next keystroke before the engine is asked, ms; `mostMs` is the user's limit. */
  pauseBefore(languageId: string, mostMs: number): number {
    const nowMs = this.#clock.now();
    const { meanGapMs, meanLatencyMs } = this.rhythm;
    return delayBefore({
      meanGapMs,
      meanLatencyMs,
      sinceKeystrokeMs: this.rhythm.sinceKeystrokeMs(nowMs),
      isEngineIdle: this.isIdle,
      backOffMs: this.rejects.backOffMs(languageId, nowMs),
      mostMs,
    });
  }

  /** The answer under way that what stands at this place may still lead to. */
  runFor(uri: string, site: Site): CompletionRun | undefined {
    const run = this.#run;
    return run && run.uri === uri && run.run.end === undefined && run.run.agrees(site) ? run.run : undefined;
  }

  /** The prepared answer for this place that is still being written. */
  preparedFor(uri: string, site: Site): CompletionRun | undefined {
    const prepared = this.#prepared;
    return prepared && prepared.base.uri === uri && prepared.run.end === undefined && prepared.run.agrees(site) ? prepared.run : undefined;
  }

  /** What follows this suggestion is prepared, or being prepared. */
  hasPrepared(suggestionId: string): boolean {
    return this.#prepared?.base.suggestion.id === suggestionId;
  }

  /** Whatever was under way answers a cursor that has moved on. */
  began(uri: string, run: CompletionRun): void {
    this.#run?.run.abort();
    this.#endPrepared();
    this.#run = { uri, run };
  }

  prepares(base: ShownSuggestion, run: CompletionRun): void {
    this.#endPrepared();
    this.#prepared = { run, base };
  }

  /** @param others further candidates for the same place, to choose from */
  shows(shown: ShownSuggestion, others: readonly ShownSuggestion[] = []): void {
    const before = this.#shown;
    const isSame = before?.suggestion.id === shown.suggestion.id;
    this.#show(isSame ? { ...shown, sinceMs: before.sinceMs } : shown);
    this.#others = others;
  }

  /** Told by the command of the item. */
  accepted(id: string): void {
    const taken = [this.#shown, ...this.#others].find((one) => one?.suggestion.id === id);
    if (taken) {
      if (taken !== this.#shown) this.#show(taken);
      this.#taken(taken);
    }
    this.#feedback.accepted(id, undefined);
  }

  /**
   * Told by a key of the editor's (LSP has nothing for it, and VS Code's stable interface no event: the extension's own key for Esc tells it). All
   * other rejects are inferred in `#react`: the text went another way after the suggestion had stood long enough to be read.
   */
  rejected(id: string): void {
    const shown = this.#shown;
    const text = shown && this.#documents.snapshot(shown.uri)?.text;
    if (!shown || text === undefined || shown.suggestion.id !== id) return;
    this.#turnedDown(shown, siteAt(text, shown.offset, documentKey(shown.uri, shown.languageId)), { isCertain: true });
    this.#endPrepared();
  }

  /** Nothing comes by itself where something was turned down a moment ago. */
  isJustRejected(site: Site): boolean {
    return this.rejects.isFresh(placeOf(site), this.#clock.now());
  }

  /** What another model said is not what this one would say. */
  forgetWithModel(inference: Inference): void {
    let model = modelOf(inference);
    inference.onState(() => {
      const now = modelOf(inference);
      if (now !== undefined && model !== undefined && now !== model) this.dropSuggestions();
      model = now ?? model;
    });
  }

  /** Nothing of what was suggested or typed is kept, and of what was taken nothing more is told. */
  forget(): void {
    this.dropSuggestions();
    this.rejects.clear();
    this.#feedback.forget();
  }

  /** What was said under other settings, or by another model, is not shown any more. */
  dropSuggestions(): void {
    this.#run?.run.abort();
    this.#endPrepared();
    this.reuse.clear();
    this.#showNothing();
  }

  dispose(): void {
    this.#run?.run.abort();
    this.#endPrepared();
  }

  #changed(change: DocumentChange): void {
    this.rhythm.keystroke(this.#clock.now());
    this.#feedback.changed(change);
    const last = change.replacements.at(-1);
    if (!last) return;
    const document = documentKey(change.uri, change.languageId);
    const behindLast = siteAt(change.text, last.start + last.text.length, document);
    // The cursor stands behind what was typed, or where it stood when the change was made elsewhere, by a formatter or another person.
    const sitesFrom = (offset: number) => {
      const moved = movedOffset(offset, change);
      return moved === behindLast.offset ? [behindLast] : [behindLast, siteAt(change.text, moved, document)];
    };
    const run = this.#run;
    if (run && run.run.end === undefined && run.uri === change.uri && !sitesFrom(run.run.request.site.offset).some((site) => run.run.agrees(site)))
      run.run.abort();
    const shown = this.#shown;
    if (shown?.uri === change.uri) this.#react(shown, change, sitesFrom(shown.offset));
    const prepared = this.#prepared;
    if (prepared?.base.uri === change.uri && prepared.run.end === undefined) {
      const fits = (site: Site) => prepared.run.agrees(site) || matchAt({ ...prepared.base.suggestion, isGrowing: true }, site) !== undefined;
      if (!sitesFrom(prepared.base.offset).some(fits)) this.#endPrepared();
    }
  }

  #react(shown: ShownSuggestion, change: DocumentChange, sites: readonly Site[]): void {
    const inserted = change.replacements.length === 1 ? (change.replacements[0]?.text ?? '').replaceAll('\r\n', '\n') : '';
    const to = (one: ShownSuggestion) => {
      const reactions = sites.map((site) => ({ site, reaction: reactionTo(one, inserted, site) }));
      return reactions.find(({ reaction }) => reaction.kind !== 'diverged') ?? reactions[0];
    };
    const first = to(shown);
    if (!first) return;
    // Somebody who was given several may have taken another one than the first.
    const other = first.reaction.kind === 'diverged' ? this.#others.find((one) => to(one)?.reaction.kind !== 'diverged') : undefined;
    if (other) {
      this.#show(other);
      this.#react(other, change, sites);
      return;
    }
    const { site, reaction } = first;
    switch (reaction.kind) {
      case 'whole':
        this.#taken(shown);
        this.#feedback.accepted(shown.suggestion.id, { start: site.offset - (change.replacements[0]?.text.length ?? 0), end: site.offset });
        return;
      case 'word':
      case 'line':
      case 'part':
        this.rejects.accepted(shown.languageId);
        this.#feedback.acceptedPart(shown.suggestion.id, reaction.kind, reaction.taken.length);
        this.#shown = { ...shown, remainder: shown.remainder.slice(reaction.taken.length), offset: site.offset, from: site.offset };
        return;
      case 'typedThrough':
        this.#shown = { ...shown, offset: site.offset };
        return;
      case 'diverged': {
        const isSeen = this.#clock.now() - shown.sinceMs >= thresholds.leastSeenMs;
        if (isSeen) this.#turnedDown(shown, siteAt(change.textBefore, shown.offset, documentKey(change.uri, change.languageId)), { isCertain: false });
        this.#showNothing();
      }
    }
  }

  #turnedDown({ suggestion, languageId, sinceMs }: ShownSuggestion, site: Site, { isCertain }: { readonly isCertain: boolean }): void {
    const nowMs = this.#clock.now();
    this.rejects.rejected({ languageId, suggestionId: suggestion.id, place: placeOf(site), isCertain }, nowMs);
    this.#feedback.rejected(suggestion.id, nowMs - sinceMs);
    this.#showNothing();
  }

  #taken(shown: ShownSuggestion): void {
    this.rejects.accepted(shown.languageId);
    this.#showNothing();
  }

  #show(shown: ShownSuggestion): void {
    this.#shown = shown;
    this.#others = [];
    const { suggestion, uri, languageId, remainder, offset, latencyMs } = shown;
    const probability = suggestion.confidence?.[0];
    this.#feedback.shown(
      { id: suggestion.id, uri, languageId, source: suggestion.source, text: remainder, offset },
      { latencyMs: Math.round(latencyMs), ...(probability === undefined ? {} : { confidence: probability }) },
    );
  }

  #showNothing(): void {
    this.#shown = undefined;
    this.#others = [];
  }

  #closed(uri: string): void {
    this.#feedback.closed(uri);
    if (this.#run?.uri === uri) this.#run.run.abort();
    if (this.#prepared?.base.uri === uri) this.#endPrepared();
    if (this.#shown?.uri === uri) this.#showNothing();
  }

  #endPrepared(): void {
    this.#prepared?.run.abort();
    this.#prepared = undefined;
  }
}

function modelOf({ state }: Inference): string | undefined {
  return state.state === 'ready' ? state.model.path : undefined;
}

function placeOf(site: Site): string {
  return `${keyOf(site)}\u0000${site.linePrefix}`;
}

function movedOffset(offset: number, { replacements }: DocumentChange): number {
  let at = offset;
  for (const { start, end, text } of replacements) {
    if (end <= at) at += text.length - (end - start);
    else if (start < at) at = start + text.length;
  }
  return at;
}
