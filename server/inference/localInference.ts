// The local engine behind the Inference interface: finds or starts the process, starts it again within a budget, and turns every
// end of it into a value. It knows processes and connections; it must not know prompts, documents or LSP.
import type { EngineOptions, EngineStatus, ModelDescription, ModelProblem, ModelSpec } from '../../native/protocol/messages.ts';
import { engineProtocolVersion } from '../../native/protocol/messages.ts';
import { buildIdOf, ensureRuntimeDirectory, readOrCreateSecret, runtimeDirectoryFor, socketPathFor } from '../../native/channel/runtimeDirectory.ts';
import type { Log } from '../core/log.ts';
import type { Failure, Outcome } from '../core/outcome.ts';
import { cancelled, ok } from '../core/outcome.ts';
import type { EngineClient } from './engineClient.ts';
import { AbandonedError, connectToEngine } from './engineClient.ts';
import { startEngine } from './engineProcess.ts';
import type { GenerateOptions, GenerateRequest, Generation, Inference, InferenceState } from './inference.ts';
import { RestartBudget } from './restartBudget.ts';

const defaultHeartbeatMs = 5000;
const restartAction = 'Run the command "Tramontane: Restart Engine".';
const retryAction = 'It is started again by itself; try once more in a moment.';

export interface LocalInferenceOptions {
  /** The engine's bundle, or its entry file in the sources. */
  readonly engineModule: string;
  /** Where engines are found; this user's own directory when absent. */
  readonly runtimeDirectory?: string;
  readonly engine: EngineOptions;
  readonly model: ModelSpec;
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
  #pid: number | undefined;

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
      this.#setState({ state: 'ready', model: result.model, ...(notes.length > 0 ? { notes } : {}) });
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

  async engineStatus(signal: AbortSignal): Promise<Outcome<EngineStatus>> {
    return this.#ask(signal, async (client) => ok(await client.status(signal)));
  }

  async restart(signal: AbortSignal): Promise<Outcome<ModelDescription>> {
    this.#budget.reset();
    const client = this.#client;
    this.#client = undefined;
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

  /** One attempt to connect at a time, shared by all who wait; giving up one request does not end it. */
  async #connect(signal: AbortSignal): Promise<EngineClient> {
    this.#client ??= this.#open().catch((error: unknown) => {
      this.#client = undefined;
      const cause = error instanceof Error ? error.message : String(error);
      this.#setState({ state: 'failed', cause, action: restartAction });
      throw error;
    });
    const abandoned = new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(new AbandonedError()), { once: true });
    });
    return Promise.race([this.#client, abandoned]);
  }

  async #open(): Promise<EngineClient> {
    const { engineModule, engine, log } = this.#options;
    const runtimeDirectory = this.#options.runtimeDirectory ?? runtimeDirectoryFor(process.env);
    this.#setState({ state: 'starting' });
    await ensureRuntimeDirectory(runtimeDirectory);
    const secret = await readOrCreateSecret(runtimeDirectory);
    const build = await buildIdOf(engineModule, engineProtocolVersion);
    const socketPath = socketPathFor(runtimeDirectory, build);
    const options = {
      onGone: () => this.#engineGone(),
      onHung: () => this.#engineHung(),
      heartbeatMs: this.#options.heartbeatMs ?? defaultHeartbeatMs,
    };
    const running = await connectToEngine(socketPath, secret, options);
    if (running) return this.#known(running);
    log.info(`Starting the engine (${engineModule}).`);
    const start = await startEngine({ module: engineModule, runtimeDirectory, build, engine, signal: this.#disposed.signal });
    if (start.started === 'failed') throw new Error(start.cause);
    const started = await connectToEngine(socketPath, secret, options);
    if (!started) throw new Error('The engine started but cannot be reached.');
    return this.#known(started);
  }

  /** The back end is the engine's, and the first client or the machine decides: whoever wishes another one is told. */
  async #backendNote(client: EngineClient, signal: AbortSignal): Promise<readonly string[]> {
    const wished = this.#options.engine.gpu === 'off' ? 'cpu' : this.#options.engine.gpu;
    if (wished === 'auto') return [];
    const { backend } = await client.status(signal);
    if (backend === wished) return [];
    return [`The engine computes with ${backend}, not with ${wished} as set: another window chose it, or this machine cannot do the other. ${restartAction}`];
  }

  /** Its process id is asked for while it answers: it is needed when it does not. */
  async #known(client: EngineClient): Promise<EngineClient> {
    this.#pid = await client.pid(this.#disposed.signal);
    return client;
  }

  /** Ended from outside; what follows is what follows any end of the engine. */
  #engineHung(): void {
    this.#options.log.error(`The engine (process ${this.#pid}) does not answer; it is ended.`);
    try {
      if (this.#pid !== undefined) process.kill(this.#pid, 'SIGKILL');
    } catch (error) {
      this.#options.log.warn(`It could not be ended: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  #engineGone(): void {
    this.#client = undefined;
    if (this.#disposed.signal.aborted) return;
    this.#setState({ state: 'starting' });
    if (!this.#budget.spend()) {
      this.#setState({ state: 'failed', cause: 'The engine ended again and again.', action: restartAction });
      return;
    }
    this.#options.log.warn('The engine ended; it is started again.');
    // Warm again before the next request needs it. Failures are told through the state.
    void this.describeModel(this.#disposed.signal);
  }

  #failureOf(
    result:
      | { outcome: 'cancelled' }
      | { outcome: 'contextOverflow'; promptTokens: number; availableTokens: number }
      | { outcome: 'promptProblem'; cause: string }
      | { outcome: 'modelProblem'; problem: ModelProblem },
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
        return { outcome: 'unsupported', cause: result.cause, action: 'Choose another model with the command "Tramontane: Choose Model".' };
      case 'modelProblem': {
        const { cause, action } = result.problem;
        this.#setState({ state: 'noModel', cause, action });
        return { outcome: 'noModel', cause, action };
      }
    }
  }

  #setState(state: InferenceState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener(state);
  }
}
