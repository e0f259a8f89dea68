// What requests took, as quantiles of the last ones of each priority. It knows numbers; it must not know what was asked.
import type { EngineStatus, GenerateResult, Priority } from './protocol/messages.ts';

/** Enough for a 99th percentile, and minutes of typing. */
const kept = 512;

type Answered = Pick<Extract<GenerateResult, { outcome: 'ok' }>, 'usage' | 'timings'>;
type Figures = EngineStatus['figures'];
type PriorityFigures = Figures[Priority];

interface Sample {
  readonly queueMs: number;
  readonly firstTokenMs: number;
  readonly totalMs: number;
  /** Undefined for an answer of one token, whose time is the prompt's. */
  readonly tokensPerSecond: number | undefined;
}

export class RecentFigures {
  readonly #samples: Readonly<Record<Priority, Sample[]>> = { inline: [], chat: [], background: [] };
  readonly #totals: Readonly<Record<Priority, Totals>> = { inline: emptyTotals(), chat: emptyTotals(), background: emptyTotals() };

  note(priority: Priority, { usage, timings }: Answered): void {
    const samples = this.#samples[priority];
    const { queueMs, prefillMs, decodeMs } = timings;
    samples.push({
      queueMs,
      firstTokenMs: queueMs + prefillMs,
      totalMs: queueMs + prefillMs + decodeMs,
      tokensPerSecond: usage.generatedTokens > 1 && decodeMs > 0 ? ((usage.generatedTokens - 1) / decodeMs) * 1000 : undefined,
    });
    if (samples.length > kept) samples.shift();
    this.#totals[priority].requests++;
    this.noteUnanswered(priority, { usage });
  }

  /** Tokens of a request that was given up: what the next one reuses of them was evaluated all the same. */
  noteUnanswered(priority: Priority, { usage }: Pick<Answered, 'usage'>): void {
    const totals = this.#totals[priority];
    totals.evaluatedTokens += usage.evaluatedTokens;
    totals.reusedTokens += usage.reusedTokens;
    totals.generatedTokens += usage.generatedTokens;
    totals.draftedTokens += usage.draftedTokens ?? 0;
    totals.acceptedTokens += usage.acceptedTokens ?? 0;
  }

  get all(): Figures {
    return { inline: this.#of('inline'), chat: this.#of('chat'), background: this.#of('background') };
  }

  #of(priority: Priority): PriorityFigures {
    const samples = this.#samples[priority];
    const speeds = samples.flatMap(({ tokensPerSecond }) => (tokensPerSecond === undefined ? [] : [tokensPerSecond]));
    return {
      ...this.#totals[priority],
      queueMs: quantilesOf(samples.map(({ queueMs }) => queueMs)),
      firstTokenMs: quantilesOf(samples.map(({ firstTokenMs }) => firstTokenMs)),
      totalMs: quantilesOf(samples.map(({ totalMs }) => totalMs)),
      tokensPerSecond: quantilesOf(speeds),
    };
  }
}

type Totals = { -readonly [Name in keyof typeof zero]: number };
const zero = { requests: 0, evaluatedTokens: 0, reusedTokens: 0, generatedTokens: 0, draftedTokens: 0, acceptedTokens: 0 };

function emptyTotals(): Totals {
  return { ...zero };
}

/** By nearest rank; zeros when there is nothing yet. */
function quantilesOf(values: readonly number[]): PriorityFigures['queueMs'] {
  const sorted = values.toSorted((one, other) => one - other);
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}
