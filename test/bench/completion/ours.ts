// Our side: the completion feature itself with an engine, as the server uses both. It knows the feature's interface; it must not know what is
// measured.
import { CompleteInline } from '../../../server/features/completeInline.ts';
import type { FeedbackRecord } from '../../../server/core/completion/feedback.ts';
import type { InlineOutcome } from '../../../server/features/inlineRequest.ts';
import type { Inference } from '../../../server/inference/inference.ts';
import { Session } from '../../../server/session/session.ts';
import { withEvenTime } from './evenTime.ts';
import type { Answer, CompletionSide, Edit, OpenDocument } from './side.ts';
import type { SimulatedClock } from './simulatedClock.ts';
import { withoutCopies } from './withoutCopies.ts';

const folder = 'file:///workspace';
const uriOf = ({ path }: OpenDocument) => `${folder}/${path}`;

export interface AskedEngine {
  readonly inference: Inference;
  /** Tokens that the engine has worked on so far, of requests that were given up, too. */
  readonly workedTokens: () => Promise<number>;
}

export interface OurOptions {
  /** The engine takes drawn times instead of its own. */
  readonly evenTimeSeed?: number;
  /** What is copied from the code is never shown: the model alone, with the product's context and fit. */
  readonly copies?: 'on' | 'off';
}

export class OurSide implements CompletionSide {
  readonly name: string;
  readonly #engine: AskedEngine;
  readonly #copies: 'on' | 'off';
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
  #confidence: number | undefined;
  /** Where each suggestion comes from, by its id; told when it is first shown. */
  readonly #sources = new Map<string, string>();

  constructor(engine: AskedEngine, clock: SimulatedClock, { evenTimeSeed, copies = 'on' }: OurOptions = {}) {
    this.name = copies === 'on' ? 'ours' : 'ours, by the model alone';
    this.#copies = copies;
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
    this.#sources.clear();
    const quiet = () => {};
    const log = { error: quiet, warn: quiet, info: quiet, debug: quiet };
    const record = (told: FeedbackRecord) => {
      if (told.event !== 'shown') return;
      this.#sources.set(told.id, told.source);
      this.#confidence = told.confidence;
    };
    this.#feature = new CompleteInline({ session: this.#session, inference: this.#inference, clock: this.#clock, log, record, ended: this.#ended.signal });
  }

  edit({ start, end, text }: Edit): void {
    const before = this.#session.documents.snapshot(this.#uri)?.text ?? '';
    const range = { start: positionAt(before, start), end: positionAt(before, end) };
    this.#session.documents.change(this.#uri, ++this.#version, [{ range, text }]);
  }

  async ask(offset: number, signal: AbortSignal): Promise<Answer | undefined> {
    const feature = this.#feature;
    if (!feature) throw new Error('Nothing is open.');
    const { documents } = this.#session;
    const position = positionAt(documents.snapshot(this.#uri)?.text ?? '', offset);
    const [askedBefore, underWayBefore] = [this.#asked, this.#underWay];
    this.#confidence = undefined;
    const begin = () => feature.complete({ uri: this.#uri, position, isExplicit: false }, signal);
    const cpuBefore = process.cpuUsage();
    const outcome = await (this.#copies === 'on' ? begin() : withoutCopies(begin));
    const cpu = process.cpuUsage(cpuBefore);
    if (outcome.outcome === 'cancelled' || signal.aborted) return undefined;
    const usedEngine = this.#asked > askedBefore;
    const isAlone = !usedEngine && underWayBefore === 0 && this.#underWay === 0;
    this.#lastId = outcome.outcome === 'ok' ? outcome.suggestions[0]?.id : undefined;
    const source = this.#lastId === undefined ? undefined : this.#sources.get(this.#lastId);
    if (source === 'code' && this.#copies === 'off') throw new Error('A copy from the code was shown although copies are switched off.');
    return {
      ...textOf(outcome),
      usedEngine,
      ...(source === undefined ? {} : { source }),
      ...(this.#confidence === undefined ? {} : { confidence: this.#confidence }),
      ...(isAlone ? { cpuMs: (cpu.user + cpu.system) / 1000 } : {}),
    };
  }

  accepted(whole: boolean): void {
    // A part that is taken is told by the change alone, as in an editor.
    if (whole && this.#lastId !== undefined) this.#feature?.accepted(this.#lastId);
  }

  async quiet(): Promise<void> {
    while (this.#underWay > 0) await this.#clock.wait(1);
  }

  tokens(): Promise<number> {
    return this.#clock.untimed(this.#engine.workedTokens());
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
