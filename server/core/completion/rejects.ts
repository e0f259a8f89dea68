// How suggestions fare in each language, and how much more quietly the next ones come after several were turned down.
// It knows counts and figures of time handed to it; it must not know clocks.
import { thresholds } from './thresholds.ts';

interface Streak {
  readonly count: number;
  readonly lastMs: number;
}

export class Rejects {
  readonly #streaks = new Map<string, Streak>();
  readonly #atPlace = new Map<string, number>();

  rejected(languageId: string, suggestionId: string, nowMs: number): void {
    this.#streaks.set(languageId, { count: this.#live(languageId, nowMs) + 1, lastMs: nowMs });
    this.#atPlace.set(suggestionId, this.atPlace(suggestionId) + 1);
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

  backOffMs(languageId: string, nowMs: number): number {
    const over = this.#live(languageId, nowMs) - thresholds.freeRejects;
    return over < 0 ? 0 : Math.min(thresholds.mostBackOffMs, thresholds.backOffStepMs * 2 ** over);
  }

  clear(): void {
    this.#streaks.clear();
    this.#atPlace.clear();
  }

  #live(languageId: string, nowMs: number): number {
    const streak = this.#streaks.get(languageId);
    return streak && nowMs - streak.lastMs < thresholds.rejectMemoryMs ? streak.count : 0;
  }
}

const mostPlaces = 100;
