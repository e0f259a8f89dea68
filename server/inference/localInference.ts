// The local engine behind the Inference interface: finds or starts the process, starts it again within a budget, and turns every
// end of it into a value. It knows processes and connections; it must not know prompts, documents or LSP.
import { blamedFor, evaluationKey } from '../../native/channel/evaluating.ts';
import { ProofError } from '../../native/channel/proof.ts';
import {
  buildIdOf,
  ensureRuntimeDirectory,
  readOrCreateSecret,
  RuntimeDirectoryError,
  runtimeDirectoryFor,
  socketPathFor,
  writtenAtMsOf,
} from '../../native/channel/runtimeDirectory.ts';
import { deleteStateFiles, stateDirectoryFor } from '../../native/channel/stateDirectory.ts';
import type {
  EngineOptions,
  EngineStatus,
  JoinResult,
  ModelDescription,
  ModelProblem,
  ModelSpec,
  Refusal,
  SavedStatesSize,
} from '../../native/protocol/messages.ts';
import { engineProtocolVersion } from '../../native/protocol/messages.ts';
import type { Log } from '../core/log.ts';
import type { Explanation, Failure, Outcome } from '../core/outcome.ts';
import { cancelled, ok } from '../core/outcome.ts';
import type { EngineClient, EngineClientOptions } from './engineClient.ts';
import { AbandonedError, connectToEngine, EngineGoneError } from './engineClient.ts';
import { startEngine } from './engineProcess.ts';
import type { GenerateOptions, GenerateRequest, Generation, Inference, InferenceState } from './inference.ts';
import { drainOlderEngines } from './olderEngines.ts';
import { RestartBudget } from './restartBudget.ts';

/** An engine may end, its time being up, at the very moment at which a client connects; then another one is started. */
const mostAttempts = 3;
const defaultHeartbeatMs = 5000;
/** In one message: vectors are long, and messages have a limit. */
const textsEmbeddedAtOnce = 64;
const restartAction = 'Run the command "Tramontane: Restart Engine".';
const retryAction = 'It is started again by itself; try once more in a moment.';

/** The engine is not there and will not be by itself; the message is the cause. */
class NoEngineError extends Error {
  readonly action: string;

  constructor({ cause, action }: Explanation) {
    super(cause);
    this.action = action;
  }
}

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
  readonly log: Log;
  readonly now: () => number;
  /** See EngineClientOptions; 5 s when absent. */
  readonly heartbeatMs?: number;
}

export class LocalInference implements Inference {
  readonly #options: LocalInferenceOptions;
  readonly #budget: RestartBudget;
  readonly #disposed = new AbortController();
  readonly #listeners = new Set<(state: InferenceState) => void>();
  #client: Promise<EngineClient> | undefined;
  #state: InferenceState = { state: 'stopped' };
  /** The connection whose end means that the engine is gone. */
  #current: EngineClient | undefined;
  /** Of the running engine, or of the one that ended last. */
  #joined: JoinResult | undefined;

  constructor(options: LocalInferenceOptions) {
    this.#options = options;
    this.#budget = new RestartBudget(options.now);
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
    return this.#ask(signal, async (client) => {
      const result = await client.describeModel({ model: this.#options.model }, signal);
      if (result.outcome !== 'ok') return this.#failureOf(result);
      const notes = [...(await this.#backendNote(client, signal)), ...(result.model.concessions ?? [])];
      for (const note of notes) this.#options.log.warn(note);
      // `failed` stays: a newer build may have taken over meanwhile.
      if (this.#state.state !== 'failed') this.#setState({ state: 'ready', model: result.model, ...(notes.length > 0 ? { notes } : {}) });
      return ok(result.model);
    });
  }

  async generate(request: GenerateRequest, { signal, onText }: GenerateOptions): Promise<Outcome<Generation>> {
    return this.#ask(signal, async (client) => {
      const result = await client.generate({ ...request, stop: [...request.stop], model: this.#options.model }, signal, onText);
      if (result.outcome !== 'ok') return this.#failureOf(result);
      const { outcome: _, ...generation } = result;
      return ok(generation);
    });
  }

  async countTokens(texts: readonly string[], signal: AbortSignal): Promise<Outcome<readonly number[]>> {
    return this.#ask(signal, async (client) => {
      const result = await client.countTokens({ model: this.#options.model, texts: [...texts] }, signal);
      return result.outcome === 'ok' ? ok(result.counts) : this.#failureOf(result);
    });
  }

  async embed(texts: readonly string[], signal: AbortSignal): Promise<Outcome<readonly (readonly number[])[]>> {
    return this.#ask(signal, async (client) => {
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
    return this.#ask(signal, async (client) => ok(await client.status(signal)));
  }

  /** An engine that runs is asked, so that nothing that it is about to save appears afterwards; none is started for it. */
  async deleteSavedStates(signal: AbortSignal): Promise<Outcome<SavedStatesSize>> {
    const client = await this.#client?.catch(() => undefined);
    const deleted = client?.isOpen ? await this.#ask(signal, async () => ok(await client.deleteSavedStates(signal))) : undefined;
    if (deleted && deleted.outcome !== 'engineUnavailable') return deleted;
    try {
      return ok(await deleteStateFiles(this.#stateDirectory));
    } catch (error) {
      const cause = `The saved state cannot be deleted: ${error instanceof Error ? error.message : String(error)}.`;
      return { outcome: 'unsupported', cause, action: `Delete the folder ${this.#stateDirectory}.` };
    }
  }

  async restart(signal: AbortSignal): Promise<Outcome<ModelDescription>> {
    this.#budget.reset();
    const client = this.#client;
    this.#client = undefined;
    this.#current = undefined;
    if (client) {
      const running = await client.catch(() => undefined);
      if (running?.isOpen) {
        await running.shutdown();
        running.close();
      }
    }
    this.#setState({ state: 'stopped' });
    return this.describeModel(signal);
  }

  async dispose(): Promise<void> {
    this.#disposed.abort();
    this.#listeners.clear();
    const client = await this.#client?.catch(() => undefined);
    client?.close();
  }

  /** Runs one request on a live connection; every way in which the engine can be missing becomes `engineUnavailable`. */
  async #ask<Value>(signal: AbortSignal, act: (client: EngineClient) => Promise<Outcome<Value>>): Promise<Outcome<Value>> {
    if (signal.aborted || this.#disposed.signal.aborted) return cancelled;
    if (this.#state.state === 'failed') return { outcome: 'engineUnavailable', cause: this.#state.cause, action: this.#state.action };
    try {
      return await act(await this.#connect(signal));
    } catch (error) {
      if (error instanceof AbandonedError) return cancelled;
      const cause = error instanceof Error ? error.message : String(error);
      this.#options.log.warn(`A request was not answered: ${cause}`);
      // Read again: the attempt itself may have ended in `failed`.
      const { state } = this;
      return state.state === 'failed'
        ? { outcome: 'engineUnavailable', cause: state.cause, action: state.action }
        : { outcome: 'engineUnavailable', cause, action: retryAction };
    }
  }

  get #stateDirectory(): string {
    return this.#options.stateDirectory ?? stateDirectoryFor(process.env);
  }

  /** One attempt to connect at a time, shared by all who wait; giving up one request does not end it. */
  async #connect(signal: AbortSignal): Promise<EngineClient> {
    const connecting = (this.#client ??= this.#explained(this.#open()));
    let onAbort = () => {};
    const abandoned = new Promise<never>((_resolve, reject) => {
      onAbort = () => reject(new AbandonedError());
      signal.addEventListener('abort', onAbort, { once: true });
    });
    try {
      return await Promise.race([connecting, abandoned]);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  async #explained(opening: Promise<EngineClient>): Promise<EngineClient> {
    try {
      return await opening;
    } catch (error) {
      this.#client = undefined;
      const cause = error instanceof Error ? error.message : String(error);
      this.#setState({ state: 'failed', cause, action: error instanceof NoEngineError ? error.action : restartAction });
      throw error;
    }
  }

  async #open(): Promise<EngineClient> {
    this.#setState({ state: 'starting' });
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#findOrStart();
      } catch (error) {
        const isGone = error instanceof EngineGoneError || (error instanceof ProofError && error.kind === 'closed');
        if (!isGone || attempt === mostAttempts || this.#disposed.signal.aborted) throw error;
        this.#options.log.info(`The engine went away while this window connected: ${error.message}`);
      }
    }
  }

  /** The back end is the engine's, and the first client or the machine decides: whoever wishes another one is told. */
  async #backendNote(client: EngineClient, signal: AbortSignal): Promise<readonly string[]> {
    const wished = this.#options.engine.gpu === 'off' ? 'cpu' : this.#options.engine.gpu;
    if (wished === 'auto') return [];
    const { backend } = await client.status(signal);
    if (backend === wished) return [];
    return [`The engine computes with ${backend}, not with ${wished} as set: another window chose it, or this machine cannot do the other. ${restartAction}`];
  }

  async #findOrStart(): Promise<EngineClient> {
    const { engineModule, engine, log } = this.#options;
    const runtimeDirectory = this.#runtimeDirectory;
    try {
      await ensureRuntimeDirectory(runtimeDirectory);
      const secret = await readOrCreateSecret(runtimeDirectory);
      const build = await buildIdOf(engineModule, engineProtocolVersion);
      const socketPath = socketPathFor(runtimeDirectory, build);
      const running = await this.#enter(socketPath, secret);
      if (running) return running;
      const writtenAtMs = await writtenAtMsOf(engineModule);
      const age = { protocolVersion: engineProtocolVersion, writtenAtMs };
      const signal = this.#disposed.signal;
      await drainOlderEngines({ runtimeDirectory, build, age, secret, log, signal, heartbeatMs: this.#heartbeatMs });
      log.info(`Starting the engine (${engineModule}).`);
      const start = await startEngine({ module: engineModule, runtimeDirectory, stateDirectory: this.#stateDirectory, build, writtenAtMs, engine, signal });
      if (start.started === 'failed') throw new Error(start.cause);
      const started = await this.#enter(socketPath, secret);
      if (!started) throw new EngineGoneError('The engine started but cannot be reached.');
      return started;
    } catch (error) {
      if (error instanceof RuntimeDirectoryError)
        throw new NoEngineError({ cause: error.message, action: `${error.action} Then run the command "Tramontane: Restart Engine".` });
      throw error;
    }
  }

  /** @returns undefined when nothing listens there */
  async #enter(socketPath: string, secret: Buffer): Promise<EngineClient | undefined> {
    const { engine, log } = this.#options;
    let client: EngineClient | undefined;
    const options: EngineClientOptions = {
      onGone: () => client && this.#engineGone(client),
      onHung: () => this.#engineHung(),
      onSuperseded: (why) => this.#setState({ state: 'failed', ...why }),
      onModelReplaced: (path) => this.#modelReplaced(path),
      heartbeatMs: this.#heartbeatMs,
    };
    try {
      client = await connectToEngine(socketPath, secret, options);
    } catch (error) {
      if (!(error instanceof ProofError) || error.kind === 'closed') throw error;
      throw new NoEngineError({
        cause:
          error.kind === 'late'
            ? `What listens on ${socketPath} does not answer.`
            : `What listens on ${socketPath} is not this user's engine: ${error.message}`,
        action: 'End that process, then run the command "Tramontane: Restart Engine".',
      });
    }
    if (!client) return undefined;
    this.#joined = undefined;
    const joined = await client.join(engine, this.#disposed.signal);
    this.#joined = joined;
    this.#current = client;
    if (engine.threads !== joined.inForce.threads)
      log.info(`The engine runs with the threads that another window asked for (${joined.inForce.threads || 'its own choice'}) until it is restarted.`);
    return client;
  }

  get #runtimeDirectory(): string {
    return this.#options.runtimeDirectory ?? runtimeDirectoryFor(process.env);
  }

  get #heartbeatMs(): number {
    return this.#options.heartbeatMs ?? defaultHeartbeatMs;
  }

  /** Ended from outside; what follows is what follows any end of the engine. */
  #engineHung(): void {
    const pid = this.#joined?.pid;
    this.#options.log.error(`The engine (process ${pid}) does not answer; it is ended.`);
    try {
      if (pid !== undefined) process.kill(pid, 'SIGKILL');
    } catch (error) {
      this.#options.log.warn(`It could not be ended: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  #engineGone(client: EngineClient): void {
    if (this.#disposed.signal.aborted || client !== this.#current) return;
    // A newer build has taken over, or somebody has given up already.
    if (this.#state.state === 'failed') {
      this.#client = undefined;
      return;
    }
    this.#setState({ state: 'starting' });
    this.#client = this.#explained(this.#revive());
    // Warm again before the next request needs it. Failures are told through the state.
    void this.describeModel(this.#disposed.signal);
  }

  /** Starts the engine again, unless it was this window's model that ended it once too often. */
  async #revive(): Promise<EngineClient> {
    const { model, engine, log } = this.#options;
    const own = evaluationKey(model, this.#joined?.inForce.gpu ?? engine.gpu);
    const blamed = this.#joined ? await blamedFor(this.#runtimeDirectory, this.#joined.pid) : [];
    if (!blamed) {
      log.info('The engine was ended from outside; it is started again.');
      return this.#open();
    }
    // Nobody knows: then it counts, or an engine that cannot run at all would be started for ever.
    const isOwn = blamed.length === 0 || blamed.includes(own);
    if (isOwn && !this.#budget.spend(own)) {
      throw new NoEngineError({
        cause: `The engine ended again and again${blamed.length > 0 ? ` while it used ${model.path}` : ''}.`,
        action: `Choose another model, or run the command "Tramontane: Restart Engine".`,
      });
    }
    log.warn(isOwn ? 'The engine ended; it is started again.' : "The engine ended with another window's model; it is started again.");
    return this.#open();
  }

  #modelReplaced(path: string): void {
    if (path !== this.#options.model.path || this.#state.state !== 'ready') return;
    this.#options.log.info(`${path} was replaced; it is loaded again.`);
    this.#setState({ state: 'starting' });
    void this.describeModel(this.#disposed.signal);
  }

  #failureOf(
    result:
      | { outcome: 'cancelled' }
      | { outcome: 'contextOverflow'; promptTokens: number; availableTokens: number }
      | { outcome: 'promptProblem'; cause: string }
      | { outcome: 'modelProblem'; problem: ModelProblem }
      | Refusal,
  ): Failure {
    switch (result.outcome) {
      case 'cancelled':
        return cancelled;
      case 'contextOverflow':
        return {
          ...result,
          cause: `The text needs ${result.promptTokens} tokens; the model's context has room for ${result.availableTokens}.`,
          action: 'Send less text, or choose a model with a longer context.',
        };
      case 'promptProblem':
        return { outcome: 'unsupported', cause: result.cause, action: this.#chooseAnother };
      case 'refused':
        return { outcome: 'engineUnavailable', cause: result.cause, action: result.action };
      case 'modelProblem': {
        const { path, cause, isChoice } = result.problem;
        const { model, chooseAction } = this.#options;
        // The file of a draft or an adapter is named elsewhere.
        const action = isChoice && path === model.path ? (chooseAction ?? result.problem.action) : result.problem.action;
        this.#setState({ state: 'noModel', cause, action });
        return { outcome: 'noModel', cause, action };
      }
    }
  }

  /** The command chooses the model that writes. */
  get #chooseAnother(): string {
    const { model, chooseAction } = this.#options;
    return (model.isForVectors ? chooseAction : undefined) ?? 'Choose another model with the command "Tramontane: Choose Model".';
  }

  #setState(state: InferenceState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener(state);
  }
}
