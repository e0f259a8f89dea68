// What is remembered between one request for ghost text and the next: what the model is writing and preparing, what was written
// before, and what is shown. Changes of documents come here first: an answer that they contradict is ended at once.
// It knows versions of text and time; it must not know LSP, prompts or filters.
import { matchAt, Reuse } from '../core/completion/reuse.ts';
import { Rhythm } from '../core/completion/rhythm.ts';
import type { Site } from '../core/completion/site.ts';
import { documentKey, siteAt } from '../core/completion/site.ts';
import { delayBefore } from '../core/completion/trigger.ts';
import type { Inference } from '../inference/inference.ts';
import type { Documents, DocumentChange } from '../session/documents.ts';
import type { Clock } from './clock.ts';
import type { CompletionRun } from './completionRun.ts';
import type { ShownSuggestion } from './shownSuggestions.ts';
import { ShownSuggestions } from './shownSuggestions.ts';
import type { SuggestionFeedback } from './suggestionFeedback.ts';

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
  readonly shown: ShownSuggestions;
  readonly #clock: Clock;
  readonly #feedback: SuggestionFeedback;
  #run: { readonly uri: string; readonly run: CompletionRun } | undefined;
  #prepared: Prepared | undefined;

  constructor({ documents, clock, feedback }: CompletionStateOptions) {
    this.shown = new ShownSuggestions({ documents, clock, feedback });
    this.#clock = clock;
    this.#feedback = feedback;
    documents.listen({ changed: (change) => this.#changed(change), closed: (uri) => this.#closed(uri) });
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
      backOffMs: this.shown.rejects.backOffMs(languageId, nowMs),
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

  /** A suggestion was turned down by a key of its own. */
  rejected(id: string): void {
    if (this.shown.rejected(id)) this.#endPrepared();
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
    this.shown.rejects.clear();
    this.#feedback.forget();
  }

  /** What was said under other settings, or by another model, is not shown any more. */
  dropSuggestions(): void {
    this.#run?.run.abort();
    this.#endPrepared();
    this.reuse.clear();
    this.shown.clear();
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
    this.shown.changed(change, sitesFrom);
    const prepared = this.#prepared;
    if (prepared?.base.uri === change.uri && prepared.run.end === undefined) {
      const fits = (site: Site) => prepared.run.agrees(site) || matchAt({ ...prepared.base.suggestion, isGrowing: true }, site) !== undefined;
      if (!sitesFrom(prepared.base.offset).some(fits)) this.#endPrepared();
    }
  }

  #closed(uri: string): void {
    this.#feedback.closed(uri);
    if (this.#run?.uri === uri) this.#run.run.abort();
    if (this.#prepared?.base.uri === uri) this.#endPrepared();
    this.shown.closed(uri);
  }

  #endPrepared(): void {
    this.#prepared?.run.abort();
    this.#prepared = undefined;
  }
}

function modelOf({ state }: Inference): string | undefined {
  return state.state === 'ready' ? state.model.path : undefined;
}

function movedOffset(offset: number, { replacements }: DocumentChange): number {
  let at = offset;
  for (const { start, end, text } of replacements) {
    if (end <= at) at += text.length - (end - start);
    else if (start < at) at = start + text.length;
  }
  return at;
}
