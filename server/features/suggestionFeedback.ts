// What became of suggestions that were shown: taken, taken in part, turned down, and how much of them still stands some time later.
// It hands records on to whoever keeps them; it must not know where that is, and puts no source text into them.
import type { FeedbackEvent, FeedbackRecord } from '../core/completion/feedback.ts';
import type { TrackedText } from '../core/completion/trackedText.ts';
import { afterChange, keptShare } from '../core/completion/trackedText.ts';
import type { DocumentChange, Documents } from '../session/documents.ts';
import type { Clock } from './clock.ts';

/** When it is looked at how much of an accepted suggestion still stands, seconds. */
const checkedAfterSeconds = [30, 120, 600] as const;
/** Suggestions of which one more event may come. */
const mostKnown = 50;
const mostTracked = 30;

interface Known {
  readonly id: string;
  readonly uri: string;
  readonly languageId: string;
  readonly source: string;
  readonly text: string;
  /** Of the cursor when it was shown. */
  readonly offset: number;
  isAccepted: boolean;
}

interface Tracked {
  readonly known: Known;
  text: TrackedText;
}

export interface SuggestionFeedbackOptions {
  readonly documents: Documents;
  readonly clock: Clock;
  readonly record: (record: FeedbackRecord) => void;
  /** Ends the waiting for what is still to be looked at. */
  readonly ended: AbortSignal;
}

export class SuggestionFeedback {
  readonly #options: SuggestionFeedbackOptions;
  readonly #known = new Map<string, Known>();
  readonly #tracked = new Set<Tracked>();

  constructor(options: SuggestionFeedbackOptions) {
    this.#options = options;
  }

  /** Told once for each suggestion, however often it is shown again while it is typed through. */
  shown(suggestion: Omit<Known, 'isAccepted'>, how: { readonly latencyMs: number; readonly confidence?: number }): void {
    if (this.#known.has(suggestion.id)) return;
    const known = { ...suggestion, isAccepted: false };
    this.#known.set(suggestion.id, known);
    for (const id of this.#known.keys()) {
      if (this.#known.size <= mostKnown) break;
      this.#known.delete(id);
    }
    this.#record(known, { event: 'shown', ...how });
  }

  /** May be told twice, by the change of the text and by the command. `range`: where it stands, in UTF-16 offsets. */
  accepted(id: string, range: { readonly start: number; readonly end: number } | undefined): void {
    const known = this.#known.get(id);
    if (!known || known.isAccepted) return;
    known.isAccepted = true;
    this.#record(known, { event: 'accepted' });
    const at = range ?? this.#found(known);
    if (at) this.#follow(known, at);
  }

  /** `range`: where this part stands, in UTF-16 offsets. */
  acceptedPart(id: string, part: 'word' | 'line' | 'part', range: { readonly start: number; readonly end: number }): void {
    const known = this.#known.get(id);
    if (!known) return;
    this.#record(known, { event: 'acceptedPart', part, taken: range.end - range.start });
    this.#follow(known, range);
  }

  rejected(id: string, seenMs: number): void {
    const known = this.#known.get(id);
    if (known && !known.isAccepted) this.#record(known, { event: 'rejected', seenMs: Math.round(seenMs) });
  }

  changed({ uri, replacements }: DocumentChange): void {
    for (const tracked of this.#tracked) {
      if (tracked.known.uri !== uri) continue;
      for (const replacement of replacements) tracked.text = afterChange(tracked.text, replacement);
    }
  }

  /** What was shown and taken so far is told of no more. */
  forget(): void {
    this.#known.clear();
    this.#tracked.clear();
  }

  closed(uri: string): void {
    for (const tracked of this.#tracked) if (tracked.known.uri === uri) this.#tracked.delete(tracked);
  }

  /** When only the command told it: the text stands where it was shown. */
  #found(known: Known): { readonly start: number; readonly end: number } | undefined {
    const text = this.#options.documents.snapshot(known.uri)?.text;
    const end = known.offset + known.text.length;
    return text?.slice(known.offset, end) === known.text ? { start: known.offset, end } : undefined;
  }

  /** What is taken in parts, each behind the one before, is followed as one text from the first of them on. */
  #follow(known: Known, range: { readonly start: number; readonly end: number }): void {
    const taken = this.#options.documents.snapshot(known.uri)?.text.slice(range.start, range.end).replaceAll('\r\n', '\n') ?? known.text;
    for (const tracked of this.#tracked) {
      if (tracked.known !== known || tracked.text.end !== range.start) continue;
      tracked.text = { start: tracked.text.start, end: range.end, text: tracked.text.text + taken };
      return;
    }
    if (this.#tracked.size < mostTracked) void this.#tellKept({ known, text: { ...range, text: taken } });
  }

  async #tellKept(tracked: Tracked): Promise<void> {
    const { clock, documents, ended } = this.#options;
    const { known } = tracked;
    this.#tracked.add(tracked);
    try {
      let waitedSeconds = 0;
      for (const afterSeconds of checkedAfterSeconds) {
        await clock.wait((afterSeconds - waitedSeconds) * 1000, ended);
        waitedSeconds = afterSeconds;
        const text = documents.snapshot(known.uri)?.text;
        if (ended.aborted || text === undefined || !this.#tracked.has(tracked)) return;
        this.#record(known, { event: 'kept', afterSeconds, share: Math.round(keptShare(tracked.text, text) * 100) / 100 });
      }
    } finally {
      this.#tracked.delete(tracked);
    }
  }

  #record({ id, languageId, source, text }: Known, event: FeedbackEvent): void {
    this.#options.record({ ...event, id, languageId, source, characters: text.length, lines: text.split('\n').length });
  }
}
