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
import { siteAt } from '../core/completion/site.ts';
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

  shows(shown: ShownSuggestion): void {
    const before = this.#shown;
    const isSame = before?.suggestion.id === shown.suggestion.id;
    this.#shown = isSame ? { ...shown, sinceMs: before.sinceMs } : shown;
  }

  showsNothing(): void {
    this.#shown = undefined;
  }

  /** Told by the command of the item. */
  accepted(id: string): void {
    const shown = this.#shown;
    if (shown?.suggestion.id === id) this.#taken(shown);
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
    this.#turnedDown(shown, siteAt(text, shown.offset), { isCertain: true });
    this.#endPrepared();
  }

  /** Nothing comes by itself where something was turned down a moment ago. */
  isJustRejected(uri: string, site: Site): boolean {
    return this.rejects.isFresh(placeOf(uri, site), this.#clock.now());
  }

  /** What another model said is not what this one would say. */
  forgetWithModel(inference: Inference): void {
    let model = modelOf(inference);
    inference.onState(() => {
      const now = modelOf(inference);
      if (now !== undefined && model !== undefined && now !== model) this.forget();
      model = now ?? model;
    });
  }

  /** Nothing of what was suggested or typed is kept. */
  forget(): void {
    this.reuse.clear();
    this.rejects.clear();
    this.#shown = undefined;
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
    const behindLast = siteAt(change.text, last.start + last.text.length);
    // The cursor stands behind what was typed, or where it stood when the change was made elsewhere, by a formatter or another person.
    const sitesFrom = (offset: number) => {
      const moved = movedOffset(offset, change);
      return moved === behindLast.offset ? [behindLast] : [behindLast, siteAt(change.text, moved)];
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
    const reactions = sites.map((site) => ({ site, reaction: reactionTo(shown, inserted, site) }));
    const { site, reaction } = reactions.find((one) => one.reaction.kind !== 'diverged') ?? reactions[0] ?? {};
    if (!site || !reaction) return;
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
        if (isSeen) this.#turnedDown(shown, siteAt(change.textBefore, shown.offset), { isCertain: false });
        this.#shown = undefined;
      }
    }
  }

  #turnedDown({ suggestion, languageId, uri, sinceMs }: ShownSuggestion, site: Site, { isCertain }: { readonly isCertain: boolean }): void {
    const nowMs = this.#clock.now();
    this.rejects.rejected({ languageId, suggestionId: suggestion.id, place: placeOf(uri, site), isCertain }, nowMs);
    this.#feedback.rejected(suggestion.id, nowMs - sinceMs);
    this.#shown = undefined;
  }

  #taken(shown: ShownSuggestion): void {
    this.rejects.accepted(shown.languageId);
    this.#shown = undefined;
  }

  #closed(uri: string): void {
    this.#feedback.closed(uri);
    if (this.#run?.uri === uri) this.#run.run.abort();
    if (this.#prepared?.base.uri === uri) this.#endPrepared();
    if (this.#shown?.uri === uri) this.#shown = undefined;
  }

  #endPrepared(): void {
    this.#prepared?.run.abort();
    this.#prepared = undefined;
  }
}

function modelOf({ state }: Inference): string | undefined {
  return state.state === 'ready' ? state.model.path : undefined;
}

function placeOf(uri: string, site: Site): string {
  return `${uri}\u0000${keyOf(site)}\u0000${site.linePrefix}`;
}

function movedOffset(offset: number, { replacements }: DocumentChange): number {
  let at = offset;
  for (const { start, end, text } of replacements) {
    if (end <= at) at += text.length - (end - start);
    else if (start < at) at = start + text.length;
  }
  return at;
}
