// Our side: the completion feature itself with the local engine, as the server uses both. It knows the feature's interface; it must not know what
// is measured.
import { CompleteInline } from '../../../server/features/completeInline.ts';
import type { FeedbackRecord } from '../../../server/core/completion/feedback.ts';
import type { InlineOutcome } from '../../../server/features/inlineRequest.ts';
import type { Inference } from '../../../server/inference/inference.ts';
import { Session } from '../../../server/session/session.ts';
import type { LocalEngine } from '../localEngine.ts';
import { withEvenTime } from './evenTime.ts';
import type { Answer, CompletionSide, Edit, OpenDocument } from './side.ts';
import type { SimulatedClock } from './simulatedClock.ts';

const folder = 'file:///workspace';
const uriOf = ({ path }: OpenDocument) => `${folder}/${path}`;

export class OurSide implements CompletionSide {
  readonly name = 'ours';
  readonly #engine: LocalEngine;
  readonly #clock: SimulatedClock;
  readonly #inference: Inference;
  #session = new Session();
  #feature: CompleteInline | undefined;
  #ended = new AbortController();
  #uri = '';
  #version = 0;
  /** Calls of the engine so far that a person waits for, and calls of any kind that are under way. */
  #asked = 0;
  #underWay = 0;
  #lastId: string | undefined;
  #lastShown: { readonly source?: string; readonly confidence?: number } = {};

  /** @param evenTimeSeed the engine takes drawn times instead of its own */
  constructor(engine: LocalEngine, clock: SimulatedClock, { evenTimeSeed }: { readonly evenTimeSeed?: number } = {}) {
    this.#engine = engine;
    this.#clock = clock;
    const { inference } = engine;
    const ownTime: Inference['generate'] = (request, options) => clock.busy(inference.generate(request, options));
    this.#inference = this.#counting(inference, evenTimeSeed === undefined ? ownTime : withEvenTime(inference, { clock, seed: evenTimeSeed }));
  }

  open(document: OpenDocument, others: readonly OpenDocument[]): void {
    this.#ended.abort();
    this.#ended = new AbortController();
    this.#session = new Session();
    this.#session.workspaceFolders = [folder];
    for (const one of [document, ...others]) this.#session.documents.open({ ...one, uri: uriOf(one), version: 0 });
    this.#uri = uriOf(document);
    this.#version = 0;
    const quiet = () => {};
    const log = { error: quiet, warn: quiet, info: quiet, debug: quiet };
    const record = (told: FeedbackRecord) => {
      if (told.event === 'shown') this.#lastShown = { source: told.source, ...(told.confidence === undefined ? {} : { confidence: told.confidence }) };
    };
    this.#feature = new CompleteInline({ session: this.#session, inference: this.#inference, clock: this.#clock, log, record, ended: this.#ended.signal });
  }

  edit({ start, end, text }: Edit): void {
    const before = this.#session.documents.snapshot(this.#uri)?.text ?? '';
    const range = { start: positionAt(before, start), end: positionAt(before, end) };
    this.#session.documents.change(this.#uri, ++this.#version, [{ range, text }]);
  }

  async ask(offset: number, signal: AbortSignal): Promise<Answer | undefined> {
    if (!this.#feature) throw new Error('Nothing is open.');
    const { documents } = this.#session;
    const position = positionAt(documents.snapshot(this.#uri)?.text ?? '', offset);
    const [askedBefore, underWayBefore] = [this.#asked, this.#underWay];
    this.#lastShown = {};
    const cpuBefore = process.cpuUsage();
    const outcome = await this.#feature.complete({ uri: this.#uri, position, isExplicit: false }, signal);
    const cpu = process.cpuUsage(cpuBefore);
    if (outcome.outcome === 'cancelled' || signal.aborted) return undefined;
    const usedEngine = this.#asked > askedBefore;
    const isAlone = !usedEngine && underWayBefore === 0 && this.#underWay === 0;
    this.#lastId = outcome.outcome === 'ok' ? outcome.suggestions[0]?.id : undefined;
    return { ...textOf(outcome), ...this.#lastShown, usedEngine, ...(isAlone ? { cpuMs: (cpu.user + cpu.system) / 1000 } : {}) };
  }

  accepted(whole: boolean): void {
    // A part that is taken is told by the change alone, as in an editor.
    if (whole && this.#lastId !== undefined) this.#feature?.accepted(this.#lastId);
  }

  async quiet(): Promise<void> {
    while (this.#underWay > 0) await this.#clock.wait(1);
  }

  async tokens(): Promise<number> {
    return (await this.#clock.untimed(this.#engine.status())).totals.batchTokens;
  }

  #counting(inference: Inference, generate: Inference['generate']): Inference {
    return {
      // Known since the start; that it comes over a socket is no time that a user waits for.
      describeModel: (signal) => this.#clock.untimed(inference.describeModel(signal)),
      generate: async (request, options) => {
        if (request.isAhead !== true) this.#asked++;
        this.#underWay++;
        try {
          return await generate(request, options);
        } finally {
          this.#underWay--;
        }
      },
      countTokens: (texts, signal) => inference.countTokens(texts, signal),
      engineStatus: (signal) => inference.engineStatus(signal),
      deleteSavedStates: (signal) => inference.deleteSavedStates(signal),
      restart: (signal) => inference.restart(signal),
      get state() {
        return inference.state;
      },
      onState: (listener) => inference.onState(listener),
      dispose: () => Promise.resolve(),
    };
  }
}

function textOf(outcome: InlineOutcome): { readonly text: string; readonly why?: string } {
  switch (outcome.outcome) {
    case 'ok':
      return { text: outcome.suggestions[0]?.insertText ?? '' };
    case 'nothing':
      return { text: '', why: outcome.why };
    case 'stale':
      return { text: '', why: 'stale' };
    default:
      throw new Error(`A completion failed: ${JSON.stringify(outcome)}`);
  }
}

function positionAt(text: string, offset: number): { readonly line: number; readonly character: number } {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length - 1, character: offset - lineStart };
}
