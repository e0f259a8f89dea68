// What is on the screen as far as the server knows, and how it is taken: whole, in parts, as another of several candidates, or not at all. Editors say
// little of it, so most is told from the change of the text that follows. It knows text, time and rejects; it must not know LSP, engines or filters.
import type { Shown } from '../core/completion/acceptance.ts';
import { reactionTo } from '../core/completion/acceptance.ts';
import { Rejects } from '../core/completion/rejects.ts';
import { keyOf } from '../core/completion/reuse.ts';
import type { Site } from '../core/completion/site.ts';
import { documentKey, siteAt } from '../core/completion/site.ts';
import { thresholds } from '../core/completion/thresholds.ts';
import type { DocumentChange, Documents } from '../session/documents.ts';
import type { Clock } from './clock.ts';
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

export interface ShownSuggestionsOptions {
  readonly documents: Documents;
  readonly clock: Clock;
  readonly feedback: SuggestionFeedback;
}

export class ShownSuggestions {
  readonly rejects = new Rejects();
  readonly #documents: Documents;
  readonly #clock: Clock;
  readonly #feedback: SuggestionFeedback;
  #shown: ShownSuggestion | undefined;
  /** What else somebody who asked to choose was given at the same place; which of them is on the screen no editor says. */
  #others: readonly ShownSuggestion[] = [];

  constructor({ documents, clock, feedback }: ShownSuggestionsOptions) {
    this.#documents = documents;
    this.#clock = clock;
    this.#feedback = feedback;
  }

  get current(): ShownSuggestion | undefined {
    return this.#shown;
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
  rejected(id: string): boolean {
    const shown = this.#shown;
    const text = shown && this.#documents.snapshot(shown.uri)?.text;
    if (!shown || text === undefined || shown.suggestion.id !== id) return false;
    this.#turnedDown(shown, siteAt(text, shown.offset, documentKey(shown.uri, shown.languageId)), { isCertain: true });
    return true;
  }

  /** Nothing comes by itself where something was turned down a moment ago. */
  isJustRejected(site: Site): boolean {
    return this.rejects.isFresh(placeOf(site), this.#clock.now());
  }

  /** @param sitesFrom where the cursor may stand after the change, when it stood at this offset before it */
  changed(change: DocumentChange, sitesFrom: (offset: number) => readonly Site[]): void {
    const shown = this.#shown;
    if (shown?.uri === change.uri) this.#react(shown, change, sitesFrom(shown.offset));
  }

  closed(uri: string): void {
    if (this.#shown?.uri === uri) this.#showNothing();
  }

  clear(): void {
    this.#showNothing();
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
        this.#feedback.acceptedPart(shown.suggestion.id, reaction.kind, { start: site.offset - (change.replacements[0]?.text.length ?? 0), end: site.offset });
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
}

function placeOf(site: Site): string {
  return `${keyOf(site)}\u0000${site.linePrefix}`;
}
