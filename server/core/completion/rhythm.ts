// How fast somebody types and how fast answers come, as running means. It knows figures of time handed to it; it must not know clocks.
import { thresholds } from './thresholds.ts';

/** How much the newest figure counts. */
const weight = 0.25;

export class Rhythm {
  #lastKeystrokeMs: number | undefined;
  #meanGapMs: number | undefined;
  #meanLatencyMs: number | undefined;

  keystroke(nowMs: number): void {
    const gap = this.#lastKeystrokeMs === undefined ? undefined : nowMs - this.#lastKeystrokeMs;
    this.#lastKeystrokeMs = nowMs;
    if (gap !== undefined && gap <= thresholds.longestGapMs) this.#meanGapMs = moved(this.#meanGapMs, gap);
  }

  answered(latencyMs: number): void {
    this.#meanLatencyMs = moved(this.#meanLatencyMs, latencyMs);
  }

  get meanGapMs(): number | undefined {
    return this.#meanGapMs;
  }

  get meanLatencyMs(): number | undefined {
    return this.#meanLatencyMs;
  }

  sinceKeystrokeMs(nowMs: number): number {
    return this.#lastKeystrokeMs === undefined ? Number.POSITIVE_INFINITY : nowMs - this.#lastKeystrokeMs;
  }
}

function moved(mean: number | undefined, value: number): number {
  return mean === undefined ? value : mean + (value - mean) * weight;
}
