// The local engine behind the Inference interface: what one model is asked, and every way in which that can end as a value. It knows requests,
// refusals and states; it must not know sockets and processes, prompts, documents or LSP.
import { runtimeDirectoryFor } from '../../native/channel/runtimeDirectory.ts';
import { deleteStateFiles, stateDirectoryFor } from '../../native/channel/stateDirectory.ts';
import type { EngineOptions, EngineStatus, ModelDescription, ModelSpec, SavedStatesSize } from '../../native/protocol/messages.ts';
import type { Log } from '../core/log.ts';
import type { Failure, Outcome } from '../core/outcome.ts';
import { cancelled, ok } from '../core/outcome.ts';
import { AbandonedError } from './engineErrors.ts';
import { EngineKeeper } from './engineKeeper.ts';
import type { EngineRefusal } from './failures.ts';
import { failureOf, failureOfError, replaced } from './failures.ts';
import type { RunningEngine } from './findEngine.ts';
import type { GenerateOptions, GenerateRequest, Generation, Inference, InferenceState } from './inference.ts';
import { isSurelyAsWished, notesOnOptions } from './optionsInForce.ts';

const defaultHeartbeatMs = 5000;
/** In one message: vectors are long, and messages have a limit. */
const textsEmbeddedAtOnce = 64;

export interface LocalInferenceOptions {
  /** The engine's bundle, or its entry file in the sources. */
  readonly engineModule: string;
  /** Where engines are found; this user's own directory when absent. */
  readonly runtimeDirectory?: string;
  /** Where the state of chats is kept; in this user's cache when absent. */
  readonly stateDirectory?: string;
  readonly engine: EngineOptions;
  readonly model: ModelSpec;
  /** What to do where this model's file cannot be used: a sentence that names the setting. */
  readonly chooseAction?: string;
  /** The command "Choose Model" chooses another model than this one, which only its setting names. */
  readonly isBySettingAlone?: boolean;
  readonly log: Log;
  readonly now: () => number;
  /** See EngineClientOptions; 5 s when absent. */
  readonly heartbeatMs?: number;
}

export class LocalInference implements Inference {
  readonly #options: LocalInferenceOptions;
  readonly #stateDirectory: string;
  readonly #keeper: EngineKeeper;
  readonly #listeners = new Set<(state: InferenceState) => void>();
  #state: InferenceState = { state: 'stopped' };
  /** What became of the request that was settled last. */
  #last: 'answered' | 'failed' = 'answered';

  constructor(options: LocalInferenceOptions) {
    this.#options = options;
    this.#stateDirectory = options.stateDirectory ?? stateDirectoryFor(process.env);
    this.#keeper = new EngineKeeper({
      ...options,
      runtimeDirectory: options.runtimeDirectory ?? runtimeDirectoryFor(process.env),
      stateDirectory: this.#stateDirectory,
      heartbeatMs: options.heartbeatMs ?? defaultHeartbeatMs,
      onStarting: () => this.#setState({ state: 'starting' }),
      onGaveUp: (why) => this.#setState({ state: 'failed', ...why }),
      // Warm again before the next request needs it. Failures are told through the state.
      onRestarting: () => void this.describeModel(this.#keeper.disposed),
      onModelReplaced: (path) => this.#modelReplaced(path),
    });
  }

  get state(): InferenceState {
    return this.#state;
  }

  onState(listener: (state: InferenceState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async describeModel(signal: AbortSignal): Promise<Outcome<ModelDescription>> {
    // Asked before every completion: while the engine lives, its model does not change.
    if (this.#state.state === 'ready') return ok(this.#state.model);
    return this.#ask(signal, async (engine) => {
      const result = await engine.client.describeModel({ model: this.#options.model }, signal);
      if (result.outcome !== 'ok') return this.#failureOf(result);
      const notes = [...(await this.#notesOnOptions(engine, signal)), ...(result.model.concessions ?? [])];
      for (const note of notes) this.#options.log.warn(note);
      // `failed` stays: a newer build may have taken over meanwhile.
      if (!this.#keeper.gaveUp) this.#setState({ state: 'ready', model: result.model, ...(notes.length > 0 ? { notes } : {}) });
      return ok(result.model);
    });
  }

  async generate(request: GenerateRequest, { signal, onText }: GenerateOptions): Promise<Outcome<Generation>> {
    return this.#ask(signal, async ({ client }) => {
      const result = await client.generate({ ...request, stop: [...request.stop], model: this.#options.model }, signal, onText);
      if (result.outcome !== 'ok') return this.#failureOf(result);
      const { outcome: _, ...generation } = result;
      return ok(generation);
    });
  }

  async countTokens(texts: readonly string[], signal: AbortSignal): Promise<Outcome<readonly number[]>> {
    return this.#ask(signal, async ({ client }) => {
      const result = await client.countTokens({ model: this.#options.model, texts: [...texts] }, signal);
      return result.outcome === 'ok' ? ok(result.counts) : this.#failureOf(result);
    });
  }

  async embed(texts: readonly string[], signal: AbortSignal): Promise<Outcome<readonly (readonly number[])[]>> {
    return this.#ask(signal, async ({ client }) => {
      const vectors: (readonly number[])[] = [];
      for (let from = 0; from < texts.length; from += textsEmbeddedAtOnce) {
        const result = await client.embed({ model: this.#options.model, texts: texts.slice(from, from + textsEmbeddedAtOnce) }, signal);
        if (result.outcome !== 'ok') return this.#failureOf(result);
        vectors.push(...result.vectors);
      }
      return ok(vectors);
    });
  }

  async engineStatus(signal: AbortSignal): Promise<Outcome<EngineStatus>> {
    return this.#ask(signal, async ({ client }) => ok(await client.status(signal)));
  }

  /** An engine that runs is asked, so that nothing that it is about to save appears afterwards; none is started for it. */
  async deleteSavedStates(signal: AbortSignal): Promise<Outcome<SavedStatesSize>> {
    const existing = await this.#keeper.existing();
    const deleted = existing && (await this.#ask(signal, async () => ok(await existing.client.deleteSavedStates(signal))));
    if (deleted && deleted.outcome !== 'engineUnavailable') return deleted;
    try {
      return ok(await deleteStateFiles(this.#stateDirectory));
    } catch (error) {
      const cause = `The saved state cannot be deleted: ${error instanceof Error ? error.message : String(error)}.`;
      return { outcome: 'unsupported', cause, action: `Delete the folder ${this.#stateDirectory}.` };
    }
  }

  async restart(signal: AbortSignal): Promise<Outcome<ModelDescription>> {
    await this.#keeper.end();
    this.#setState({ state: 'stopped' });
    return this.describeModel(signal);
  }

  async dispose(): Promise<void> {
    this.#listeners.clear();
    await this.#keeper.dispose();
  }

  /** Runs one request on a live connection; every way in which the engine can be missing becomes a failure. */
  async #ask<Value>(signal: AbortSignal, act: (engine: RunningEngine) => Promise<Outcome<Value>>): Promise<Outcome<Value>> {
    if (signal.aborted || this.#keeper.disposed.aborted) return cancelled;
    const gaveUp = this.#gaveUp;
    if (gaveUp) return gaveUp;
    const before = this.#last;
    try {
      const outcome = await act(await this.#keeper.connect(signal));
      this.#last = 'answered';
      return outcome;
    } catch (error) {
      if (error instanceof AbandonedError) return cancelled;
      this.#options.log.warn(`A request was not answered: ${error instanceof Error ? error.message : String(error)}`);
      this.#last = 'failed';
      if (this.#keeper.disposed.aborted) return replaced;
      // Asked again: it may have been given up in this very attempt.
      return this.#gaveUp ?? failureOfError(error, before);
    }
  }

  get #gaveUp(): Failure | undefined {
    const { gaveUp } = this.#keeper;
    return gaveUp && { outcome: 'engineUnavailable', ...gaveUp };
  }

  async #notesOnOptions({ client, inForce }: RunningEngine, signal: AbortSignal): Promise<readonly string[]> {
    const { engine } = this.#options;
    if (isSurelyAsWished(engine, inForce)) return [];
    const { backend } = await client.status(signal);
    return notesOnOptions(engine, { options: inForce, backend });
  }

  #modelReplaced(path: string): void {
    if (path !== this.#options.model.path || this.#state.state !== 'ready') return;
    this.#options.log.info(`${path} was replaced; it is loaded again.`);
    this.#setState({ state: 'starting' });
    void this.describeModel(this.#keeper.disposed);
  }

  #failureOf(result: EngineRefusal): Failure {
    const { model, chooseAction, isBySettingAlone = model.isForVectors === true } = this.#options;
    const failure = failureOf(result, { path: model.path, settingAction: chooseAction, isBySettingAlone });
    if (failure.outcome === 'noModel') this.#setState({ state: 'noModel', cause: failure.cause, action: failure.action });
    return failure;
  }

  #setState(state: InferenceState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener(state);
  }
}
