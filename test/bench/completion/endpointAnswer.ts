// One answer of an endpoint from its events: its text, the chances of its first tokens, and the same ends as in the local engine. It knows events and
// ends; it must not know connections.
import { AnswerEnd } from '../../../native/answerEnd.ts';
import { type Outcome, ok } from '../../../server/core/outcome.ts';
import type { GenerateOptions, GenerateRequest, Generation } from '../../../server/inference/inference.ts';
import type { StreamedEvent } from '../peers/llamaEndpoint.ts';

interface Reading {
  readonly special: ReadonlySet<number>;
  readonly onText: GenerateOptions['onText'];
}

export class AnswerReader {
  readonly #request: GenerateRequest;
  readonly #reading: Reading;
  readonly #ends: AnswerEnd;
  readonly #confidence: number[] = [];
  #text = '';
  #finish: Generation['finish'] | undefined;
  #last: StreamedEvent | undefined;

  constructor(request: GenerateRequest, reading: Reading) {
    this.#request = request;
    this.#reading = reading;
    this.#ends = new AnswerEnd({ stop: [...request.stop], ...(request.lineStops ? { lineStops: request.lineStops } : {}) });
  }

  /** @returns whether nothing more of it is wanted */
  read(event: StreamedEvent): boolean {
    if (event.timings) this.#last = event;
    const wanted = this.#request.confidenceTokens ?? 0;
    for (const { logprob } of event.completion_probabilities) if (this.#confidence.length < wanted) this.#confidence.push(Math.exp(logprob ?? -Infinity));
    // The stop text that the endpoint has cut off belongs to the end, too: what comes before it may have to go as well.
    const step = this.#ends.push(event.content + (event.stop_type === 'word' ? (event.stopping_word ?? '') : ''));
    this.#say(step.text);
    if (step.stopped) this.#finish = 'stop';
    // In a hole, any special token says that the hole is over: the next file, the next part of the prompt.
    else if (this.#request.prompt.kind === 'parts' && event.tokens.some((id) => this.#reading.special.has(id))) this.#close('end');
    else if (event.stop) this.#close(event.stop_type === 'limit' ? 'length' : event.stop_type === 'word' ? 'stop' : 'end');
    return this.#finish !== undefined;
  }

  /** Of the prompt and the answer so far; undefined before the first token. */
  get workedTokens(): number | undefined {
    const { timings } = this.#last ?? {};
    return timings && timings.prompt_n + timings.predicted_n;
  }

  result(promptTokens: number): Outcome<Generation> {
    const { timings, tokens_predicted: predicted } = this.#last ?? {};
    if (!timings || this.#finish === undefined) {
      return { outcome: 'engineUnavailable', cause: 'The endpoint ended an answer without its timings.', action: 'Name the address of a llama-server.' };
    }
    const evaluatedTokens = timings.prompt_n;
    return ok({
      text: this.#text,
      finish: this.#finish,
      usage: { evaluatedTokens, reusedTokens: Math.max(0, promptTokens - evaluatedTokens), generatedTokens: predicted ?? timings.predicted_n },
      timings: { queueMs: 0, prefillMs: timings.prompt_ms, decodeMs: timings.predicted_ms },
      ...(this.#confidence.length > 0 ? { confidence: [...this.#confidence] } : {}),
    });
  }

  #close(finish: Generation['finish']): void {
    const rest = this.#ends.end('');
    this.#say(rest.text);
    this.#finish = rest.stopped ? 'stop' : finish;
  }

  #say(text: string): void {
    if (text === '') return;
    this.#text += text;
    this.#reading.onText?.(text, this.#confidence.length > 0 ? [...this.#confidence] : undefined);
  }
}
