// Ghost text for one position: what is known already, else whether to ask, what to ask, and what of the answer is shown. Only the newest
// request lives. It knows the order of the steps; it must not know LSP, how an engine is reached, or how any of the steps decides.
import type { Log } from '../core/log.ts';
import { cancelled } from '../core/outcome.ts';
import type { FeedbackRecord } from '../core/completion/feedback.ts';
import { postprocess, refit } from '../core/completion/postprocess/postprocess.ts';
import type { QuietReason } from '../core/completion/quietReasons.ts';
import type { Hit } from '../core/completion/reuse.ts';
import { keyOf, matchAt } from '../core/completion/reuse.ts';
import { thresholds } from '../core/completion/thresholds.ts';
import { triggerVerdict } from '../core/completion/trigger.ts';
import { worthShowing } from '../core/completion/worthShowing.ts';
import type { Inference } from '../inference/inference.ts';
import type { Session } from '../session/session.ts';
import type { Snapshot } from '../session/snapshot.ts';
import { AlikeCode, type AlikeCodeDependencies } from './alikeCode.ts';
import { alternativesTo } from './alternatives.ts';
import type { Clock } from './clock.ts';
import type { FileContexts } from './fileContexts.ts';
import { CompletionState } from './completionState.ts';
import type { InlineOutcome, InlineRequest } from './inlineRequest.ts';
import { prepareNext } from './prepareNext.ts';
import { siteOf } from './requestSite.ts';
import type { ShownSuggestion } from './shownSuggestions.ts';
import type { Place } from './startRun.ts';
import { RunStarter } from './startRun.ts';
import { SuggestionFeedback } from './suggestionFeedback.ts';

export interface CompleteInlineDependencies {
  readonly session: Session;
  readonly inference: Inference;
  readonly clock: Clock;
  readonly log: Log;
  /** Where what became of suggestions is kept; nowhere when absent. */
  readonly record?: (record: FeedbackRecord) => void;
  /** Ends what goes on in the background. */
  readonly ended?: AbortSignal;
  /** What the project has for a document; nothing when absent. */
  readonly contexts?: FileContexts;
  /** Where code that is alike may be found beyond the open documents. */
  readonly project?: AlikeCodeDependencies['project'];
  /** What was given for this place has become longer, and nothing was typed since. */
  readonly onGrown?: (grown: Grown) => void;
  /** The next suggestion is put off for a time that people notice; what it returns is called when that is over, however it ends. */
  readonly onLongWait?: () => () => void;
}

/** A suggestion whose rest came after its first lines had been given. */
export interface Grown {
  readonly uri: string;
  readonly version: number;
  readonly position: InlineRequest['position'];
  readonly id: string;
}

const longWaitMs = 400;

/** One request, once it is known what it is for. */
interface Asked extends Place {
  readonly request: InlineRequest;
  readonly snapshot: Snapshot;
  readonly startedMs: number;
  readonly signal: AbortSignal;
}

export class CompleteInline {
  readonly #deps: CompleteInlineDependencies;
  readonly #state: CompletionState;
  readonly #runs: RunStarter;
  readonly #ended: AbortSignal;
  #newest: AbortController | undefined;

  constructor(deps: CompleteInlineDependencies) {
    const { session, inference, clock, log } = deps;
    this.#deps = deps;
    this.#ended = deps.ended ?? new AbortController().signal;
    const feedback = new SuggestionFeedback({ documents: session.documents, clock, record: deps.record ?? (() => {}), ended: this.#ended });
    this.#state = new CompletionState({ documents: session.documents, clock, feedback });
    const { contexts, project } = deps;
    const alike = new AlikeCode({ session, clock, ended: this.#ended, ...(project ? { project } : {}) });
    this.#runs = new RunStarter({ session, inference, clock, reuse: this.#state.reuse, log, alike, ...(contexts ? { contexts } : {}) });
    this.#ended.addEventListener('abort', () => this.#state.dispose(), { once: true });
    this.#state.forgetWithModel(inference);
  }

  async complete(request: InlineRequest, signal: AbortSignal): Promise<InlineOutcome> {
    const { session, clock } = this.#deps;
    const { completion } = session.settingsFor(request.uri);
    this.#newest?.abort();
    const superseded = new AbortController();
    this.#newest = superseded;
    if (session.isPaused && !request.isExplicit) return nothing('paused');
    if (!completion.enabled && !request.isExplicit) return nothing('switchedOff');
    const snapshot = session.documents.snapshot(request.uri);
    if (!snapshot) return nothing('notOpen');
    const asked: Asked = {
      request,
      snapshot,
      uri: request.uri,
      languageId: snapshot.languageId,
      site: siteOf(snapshot, request, session.documents),
      startedMs: clock.now(),
      signal: AbortSignal.any([signal, superseded.signal]),
    };
    const { site, languageId } = asked;
    const isJustRejected = this.#state.shown.isJustRejected(site);
    const verdict = triggerVerdict({ ...completion, site, languageId, isExplicit: request.isExplicit, isJustRejected });
    const still = this.#stillShown(asked);
    // What is typed through stays, wherever that leads.
    if (verdict !== 'ask' && (!still || verdict === 'excludedLanguage' || verdict === 'excludedScope')) return nothing(verdict);
    const known = still ?? this.#known(asked);
    if (known && request.isExplicit && known.remainder !== '' && this.#isShownHere(asked)) return this.#choose(known, asked);
    if (known && known.remainder !== '') return this.#show([known], asked);
    if (known && !request.isExplicit) return nothing(known.suggestion.why ?? 'modelEnded');
    return this.#ask(asked);
  }

  /** A suggestion was taken whole. */
  accepted(id: string): void {
    this.#deps.log.debug(`Completion ${id} was accepted.`);
    this.#state.shown.accepted(id);
  }

  /** A suggestion was turned down by a key of its own. */
  rejected(id: string): void {
    this.#deps.log.debug(`Completion ${id} was rejected.`);
    this.#state.rejected(id);
  }

  /** Forgets suggestions and how they were taken. */
  forget(): void {
    this.#state.forget();
  }

  /** What was said so far came about under other settings. */
  dropSuggestions(): void {
    this.#state.dropSuggestions();
  }

  /** What is shown must not change under the eyes of who types through it. */
  #stillShown({ uri, site }: Asked): Hit | undefined {
    const { reuse } = this.#state;
    const shown = this.#state.shown.current;
    const still = shown?.uri === uri ? matchAt(reuse.get(shown.suggestion.id) ?? shown.suggestion, site) : undefined;
    return still && still.remainder !== '' ? still : undefined;
  }

  /** What the code around says with enough confidence, since that is right more often than a small model; then what was computed before. */
  #known(asked: Asked): Hit | undefined {
    const { state } = this.#deps.inference;
    const isLarge = state.state === 'ready' && state.model.sizeBytes >= thresholds.largeModelBytes;
    const copied = this.#copied(asked, isLarge ? thresholds.leastCodeConfidenceBesideLarge : thresholds.leastCodeConfidence);
    if (copied) return copied;
    const [first] = this.#state.reuse.find(asked.site);
    const isForgotten = first?.remainder === '' && this.#deps.clock.now() - first.suggestion.atMs > thresholds.nothingMemoryMs;
    return isForgotten ? undefined : first;
  }

  async #ask(asked: Asked): Promise<InlineOutcome> {
    const { session, clock } = this.#deps;
    const { uri, site, signal, languageId, request } = asked;
    let run = this.#state.runFor(uri, site);
    if (!run) {
      const delayMs = request.isExplicit ? 0 : this.#state.pauseBefore(languageId, session.settings.completion.delayMs);
      const waited = delayMs >= longWaitMs ? this.#deps.onLongWait?.() : undefined;
      if (delayMs > 0) await clock.wait(delayMs, signal).finally(() => waited?.());
      if (signal.aborted) return cancelled;
      // What was being prepared goes on at once, and what it has said so far is its draft.
      const expected = this.#state.preparedFor(uri, site)?.writtenBehind(site);
      const started = await this.#runs.start(asked, { kind: 'shown', isExplicit: request.isExplicit, ...(expected ? { expected } : {}) }, signal);
      if ('outcome' in started) return started.outcome === 'cancelled' ? cancelled : (this.#fromCode(asked) ?? started);
      run = started;
      this.#state.began(uri, run);
    }
    // What it has shown already would have been found: whoever joins it later has typed beyond that.
    await run.join(signal, { wantsWhole: request.isExplicit || run.suggestion !== undefined });
    if (signal.aborted) return cancelled;
    if (session.documents.version(uri) !== asked.snapshot.version) return { outcome: 'stale' };
    if (run.latencyMs !== undefined) this.#state.rhythm.answered(run.latencyMs);
    const hit = run.suggestion && matchAt(run.suggestion, site);
    if (hit && hit.remainder !== '') return this.#show([hit], asked);
    if (!run.end || run.end.outcome === 'ok') {
      // It was joined, and went another way than what was typed since.
      return run.request.site.offset === site.offset ? nothing('modelEnded') : this.#ask(asked);
    }
    if (run.end.outcome === 'nothing') {
      // An answer that was under way already might end before it said anything; one that somebody asks for may not.
      if (request.isExplicit && !run.request.mustSaySomething) return this.#ask(asked);
      return this.#fromCode(asked) ?? nothing(run.end.why);
    }
    return run.end.outcome === 'cancelled' ? cancelled : (this.#fromCode(asked) ?? run.end);
  }

  /** Without the model, when the engine is gone: asked for explicitly, anything will do. */
  #fromCode(asked: Asked): InlineOutcome | undefined {
    const copied = asked.request.isExplicit ? this.#copied(asked, 0) : undefined;
    const shown = copied && this.#show([copied], asked);
    return shown?.outcome === 'ok' ? shown : undefined;
  }

  #copied(asked: Asked, leastConfidence: number): Hit | undefined {
    const { site, languageId } = asked;
    const { reuse } = this.#state;
    const copied = this.#runs.codeFor(asked);
    if (!copied || copied.confidence < leastConfidence) return undefined;
    const fitted = postprocess({ text: copied.text, end: 'enough', shape: 'block', site, languageId });
    if ('hidden' in fitted) return undefined;
    // The same as before is the same suggestion: somebody may have turned it down.
    const before = reuse.find(site).find(({ suggestion, remainder }) => suggestion.source === 'code' && remainder === fitted.shown);
    if (before) return before;
    const atMs = this.#deps.clock.now();
    const confidence = [copied.confidence];
    const kept = { id: this.#runs.newId(), key: keyOf(site), head: site.linePrefix, text: fitted.shown, isGrowing: false, atMs, confidence };
    const suggestion = { ...kept, source: 'code' } as const;
    reuse.put(suggestion);
    return { suggestion, remainder: fitted.shown, typed: 0 };
  }

  #show(hits: readonly Hit[], asked: Asked): InlineOutcome {
    const { request, snapshot, site, languageId, uri } = asked;
    // Whatever was waited for, a suggestion is made for one version alone.
    if (this.#deps.session.documents.version(uri) !== snapshot.version) return { outcome: 'stale' };
    const fitted = hits.map((hit) => ({ hit, text: this.#fitted(hit, asked) })).filter(({ text }) => text.trim() !== '');
    const [first] = fitted;
    if (!first) return nothing('repeatsWhatFollows');
    const { suggestion } = first.hit;
    const rejectsAtPlace = this.#state.shown.rejects.atPlace(suggestion.id);
    const isShown = this.#state.shown.current?.suggestion.id === suggestion.id;
    const confidence = suggestion.source === 'code' ? undefined : suggestion.confidence;
    const { linePrefix, lineSuffix } = site;
    const { typed } = first.hit;
    const verdict = worthShowing({ ...request, isShown, text: first.text, confidence, rejectsAtPlace, linePrefix, lineSuffix, typed });
    if (verdict !== 'show') return nothing(verdict);
    const nowMs = this.#deps.clock.now();
    const place = { uri, languageId, offset: site.offset, from: site.offset, lineSuffix, sinceMs: nowMs, latencyMs: nowMs - asked.startedMs };
    const standing = ({ hit, text }: (typeof fitted)[number]): ShownSuggestion => ({ ...place, suggestion: hit.suggestion, remainder: text });
    const shown = standing(first);
    this.#state.shown.shows(shown, fitted.slice(1).map(standing));
    if (suggestion.isGrowing) void this.#tellWhenGrown(shown, asked);
    // While the model is loaded, it has something better to do.
    if (!request.selected && this.#deps.inference.state.state === 'ready')
      void prepareNext(shown, { place: asked, state: this.#state, runs: this.#runs, signal: this.#ended });
    const range = request.selected?.range ?? { start: request.position, end: request.position };
    const lead = request.selected?.text ?? '';
    const withEol = (text: string) => (site.eol === '\n' ? text : text.replaceAll('\n', site.eol));
    return { outcome: 'ok', suggestions: fitted.map(({ hit, text }) => ({ id: hit.suggestion.id, insertText: lead + withEol(text), range })) };
  }

  /** What is typed through and has the same behind it may get longer, and is otherwise left as it was shown. */
  #fitted({ suggestion, remainder }: Hit, { site, languageId }: Asked): string {
    const text = refit(remainder, { site, languageId, isEnded: false });
    const shown = this.#state.shown.current;
    if (shown?.suggestion.id !== suggestion.id || shown.lineSuffix !== site.lineSuffix || site.offset < shown.from) return text;
    const typed = site.offset - shown.from;
    const rest = shown.remainder.slice(typed);
    const isThrough = rest !== '' && site.before.endsWith(shown.remainder.slice(0, typed)) && remainder.startsWith(rest);
    return isThrough && !text.startsWith(rest) ? rest : text;
  }

  /** Nobody asks for the rest of a block while it is read: whoever shows it is told when it is there. */
  async #tellWhenGrown({ suggestion: { id, text }, offset }: ShownSuggestion, { uri, site, snapshot, request }: Asked): Promise<void> {
    const { onGrown, session } = this.#deps;
    // A bug in it is told by the run itself.
    await this.#state.runFor(uri, site)?.done.catch(() => undefined);
    const { reuse } = this.#state;
    const shown = this.#state.shown.current;
    const isUntouched = shown?.suggestion.id === id && shown.offset === offset && session.documents.version(uri) === snapshot.version;
    if (isUntouched && (reuse.get(id)?.text.length ?? 0) > text.length) onGrown?.({ uri, version: snapshot.version, position: request.position, id });
  }

  /** Asked for where something is shown: the user wants to choose. */
  async #choose(first: Hit, asked: Asked): Promise<InlineOutcome> {
    const others = await alternativesTo(first, { place: asked, runs: this.#runs, signal: asked.signal });
    return asked.signal.aborted ? cancelled : this.#show([first, ...others], asked);
  }

  #isShownHere({ uri, site }: Asked): boolean {
    const shown = this.#state.shown.current;
    return shown?.uri === uri && shown.offset === site.offset;
  }
}

function nothing(why: QuietReason): InlineOutcome {
  return { outcome: 'nothing', why };
}
