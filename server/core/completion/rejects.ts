// How suggestions fare in each language, how much more quietly the next ones come after several were turned down, and where that was last.
// It knows counts and figures of time handed to it; it must not know clocks.
import { thresholds } from './thresholds.ts';

export interface Reject {
  readonly languageId: string;
  readonly suggestionId: string;
  /** Says where it was, and nothing else: the same text around the cursor of the same document gives the same. */
  readonly place: string;
  /** Told by a key rather than inferred: that suggestion is not shown there again by itself. */
  readonly isCertain: boolean;
}

interface Streak {
  readonly count: number;
  readonly lastMs: number;
}

export class Rejects {
  readonly #streaks = new Map<string, Streak>();
  readonly #atPlace = new Map<string, number>();
  #last: { readonly place: string; readonly atMs: number } | undefined;

  rejected({ languageId, suggestionId, place, isCertain }: Reject, nowMs: number): void {
    this.#streaks.set(languageId, { count: this.#live(languageId, nowMs) + 1, lastMs: nowMs });
    this.#last = { place, atMs: nowMs };
    this.#atPlace.set(suggestionId, isCertain ? thresholds.mostRejectsAtPlace : this.atPlace(suggestionId) + 1);
    // Oldest first: what was turned down long ago may be shown again.
    for (const id of this.#atPlace.keys()) {
      if (this.#atPlace.size <= mostPlaces) break;
      this.#atPlace.delete(id);
    }
  }

  accepted(languageId: string): void {
    this.#streaks.delete(languageId);
  }

  atPlace(suggestionId: string): number {
    return this.#atPlace.get(suggestionId) ?? 0;
  }

  /** Whether the last reject was at this place, a moment ago. */
  isFresh(place: string, nowMs: number): boolean {
    return this.#last?.place === place && nowMs - this.#last.atMs < thresholds.quietAfterRejectMs;
  }

  backOffMs(languageId: string, nowMs: number): number {
    const over = this.#live(languageId, nowMs) - thresholds.freeRejects;
    return over < 0 ? 0 : Math.min(thresholds.mostBackOffMs, thresholds.backOffStepMs * 2 ** over);
  }

  clear(): void {
    this.#streaks.clear();
    this.#atPlace.clear();
    this.#last = undefined;
  }

  #live(languageId: string, nowMs: number): number {
    const streak = this.#streaks.get(languageId);
    return streak && nowMs - streak.lastMs < thresholds.rejectMemoryMs ? streak.count : 0;
  }
}

const mostPlaces = 100;
