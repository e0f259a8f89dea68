// The real engine with a time of its own: what it says is real, when it says it is drawn by a seed. So the same keys meet the same answers at the
// same moments in every run and on every machine, and no run waits for gaps between keys. For counting what happens, not for measuring how long
// it takes. It knows the engine's interface and the simulated clock; it must not know who asks.
//
// Simulated time stands still while the engine works on a piece, and passes by what was drawn before the piece is handed on. An answer that is
// given up is ended in the engine, too.
import type { Generation, GenerateOptions, GenerateRequest, Inference } from '../../../server/inference/inference.ts';
import type { Outcome } from '../../../server/core/outcome.ts';
import { logNormal, randomFrom } from '../random.ts';
import type { SimulatedClock } from './simulatedClock.ts';

/** Around what the starter model takes on a processor: some answers come before the next key and some do not, which is where things go wrong. */
const firstPiece = { median: 70, sigma: 0.8 } as const;
const pieceMs = 2;
const pieceCharacters = 5;

export interface EvenTimeOptions {
  readonly clock: SimulatedClock;
  readonly seed: number;
}

/** Only `generate` is another than the engine's. */
export function withEvenTime(inference: Inference, { clock, seed }: EvenTimeOptions): Inference['generate'] {
  const random = randomFrom(seed);
  return async (request, options) => {
    // Drawn when it is asked for: in the order of the questions.
    const firstMs = logNormal(random, firstPiece);
    const ended = new AbortController();
    const answer = new Answer(inference, request, ended.signal);
    try {
      return await handedOn(answer, { options, clock, firstMs });
    } finally {
      ended.abort();
      await clock.untimed(answer.done);
    }
  };
}

interface HandingOn {
  readonly options: GenerateOptions;
  readonly clock: SimulatedClock;
  readonly firstMs: number;
}

async function handedOn(answer: Answer, { options: { signal, onText }, clock, firstMs }: HandingOn): Promise<Outcome<Generation>> {
  const cancelled = { outcome: 'cancelled' } as const;
  await clock.wait(firstMs, signal);
  for (let from = 0; ; ) {
    if (signal.aborted) return cancelled;
    const to = from + pieceCharacters;
    const isMore = await clock.untimed(answer.reaches(to));
    if (signal.aborted) return cancelled;
    if (!isMore && answer.outcome?.outcome !== 'ok') return answer.outcome ?? cancelled;
    const piece = answer.text.slice(from, isMore ? to : undefined);
    if (piece !== '') onText?.(piece, answer.confidence);
    if (!isMore) return answer.outcome ?? cancelled;
    from = to;
    await clock.wait(pieceMs, signal);
  }
}

/** What the engine has said so far, however it cut it into pieces. */
class Answer {
  readonly done: Promise<void>;
  text = '';
  confidence: readonly number[] | undefined;
  outcome: Outcome<Generation> | undefined;
  readonly #leastConfidence: number;
  #failure: Error | undefined;
  #said: () => void = () => {};

  constructor(inference: Inference, request: GenerateRequest, signal: AbortSignal) {
    this.#leastConfidence = request.confidenceTokens ?? 0;
    const onText = (piece: string, confidence?: readonly number[]) => {
      this.text += piece;
      this.confidence = confidence ?? this.confidence;
      this.#said();
    };
    this.done = inference.generate(request, { signal, onText }).then(
      (outcome) => this.#end(outcome),
      (error: unknown) => {
        this.#failure = error instanceof Error ? error : new Error(String(error));
        this.#said();
      },
    );
  }

  /** @returns whether there is more than that many characters; false: it has ended. */
  async reaches(characters: number): Promise<boolean> {
    while (!this.outcome && !this.#failure && (this.text.length <= characters || (this.confidence?.length ?? 0) < this.#leastConfidence)) {
      await new Promise<void>((resolve) => {
        this.#said = resolve;
      });
    }
    if (this.#failure) throw this.#failure;
    return this.text.length > characters;
  }

  #end(outcome: Outcome<Generation>): void {
    if (outcome.outcome === 'ok') {
      this.text = outcome.value.text;
      this.confidence = outcome.value.confidence ?? this.confidence;
    }
    this.outcome = outcome;
    this.#said();
  }
}
