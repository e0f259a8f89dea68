// Keeps one window's engine: found or started when it is first needed, started again within a budget when it ends, given up when that is spent
// or a newer build has taken over. It knows when an engine is wanted; it must not know how one is found, nor what is asked of it.
import { blamedFor, evaluationKey } from '../../native/channel/evaluating.ts';
import type { Explanation } from '../core/outcome.ts';
import { AbandonedError, NoEngineError } from './engineErrors.ts';
import { noEngineOf } from './failures.ts';
import type { FindEngineOptions, RunningEngine } from './findEngine.ts';
import { findEngine } from './findEngine.ts';
import { endOf, kill } from './hungEngine.ts';
import type { ModelSpec } from '../../native/protocol/messages.ts';
import { RestartBudget } from './restartBudget.ts';
import { successorListens } from './successor.ts';

/** An engine says within milliseconds that it will end; one that hangs says nothing. */
const shutdownLimitMs = 2000;
/** How long another window that has ended the engine may take to start the next one. */
const successorLimitMs = 5000;

export interface EngineKeeperOptions extends Omit<FindEngineOptions, 'signal' | 'mayReplace' | 'onGone' | 'onSuperseded'> {
  /** The model that is asked of it. */
  readonly model: ModelSpec;
  readonly onStarting: () => void;
  readonly onGaveUp: (why: Explanation) => void;
  /** The engine has ended by itself, and another one is on its way. */
  readonly onRestarting: () => void;
}

export class EngineKeeper {
  readonly #options: EngineKeeperOptions;
  readonly #budget: RestartBudget;
  readonly #disposed = new AbortController();
  #engine: Promise<RunningEngine> | undefined;
  /** The one whose end means that the engine is gone. */
  #current: RunningEngine | undefined;
  #gaveUp: Explanation | undefined;

  constructor(options: EngineKeeperOptions) {
    this.#options = options;
    this.#budget = new RestartBudget(options.now);
  }

  /** Why no engine is started any more by itself. */
  get gaveUp(): Explanation | undefined {
    return this.#gaveUp;
  }

  /** Aborted when nobody asks any more. */
  get disposed(): AbortSignal {
    return this.#disposed.signal;
  }

  /**
   * One attempt at a time, shared by all who wait; giving up one request does not end it.
   * @throws NoEngineError, and AbandonedError when the signal is aborted first
   */
  async connect(signal: AbortSignal): Promise<RunningEngine> {
    const connecting = (this.#engine ??= this.#explained(this.#find()));
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

  /** The engine that there is, or is about to be; none is started for this. */
  async existing(): Promise<RunningEngine | undefined> {
    const engine = await this.#engine?.catch(() => undefined);
    return engine?.client.isOpen ? engine : undefined;
  }

  /** Ends the engine for all windows; the next request finds a fresh one and a fresh budget. */
  async end(): Promise<void> {
    this.#budget.reset();
    const engine = this.existing();
    this.#engine = undefined;
    this.#current = undefined;
    const running = await engine;
    this.#gaveUp = undefined;
    if (!running) return;
    const { client, pid } = running;
    if (!(await client.shutdown(shutdownLimitMs))) {
      this.#options.log.error(`The engine (process ${pid}) does not answer; it is ended.`);
      if (kill(pid)) await endOf(client.gone, shutdownLimitMs);
    }
    client.close();
  }

  async dispose(): Promise<void> {
    this.#disposed.abort();
    (await this.existing())?.client.close();
  }

  async #explained(finding: Promise<RunningEngine>): Promise<RunningEngine> {
    try {
      return await finding;
    } catch (error) {
      this.#engine = undefined;
      const { message: cause, action } = noEngineOf(error);
      if (!this.#disposed.signal.aborted) this.#giveUp({ cause, action });
      throw error;
    }
  }

  #giveUp(why: Explanation): void {
    this.#gaveUp = why;
    this.#options.onGaveUp(why);
  }

  async #find(): Promise<RunningEngine> {
    const { model, engine, onStarting } = this.#options;
    onStarting();
    const found = await findEngine({
      ...this.#options,
      signal: this.#disposed.signal,
      mayReplace: () => this.#budget.spend(evaluationKey(model, engine.gpu)),
      onGone: (gone) => this.#gone(gone),
      onSuperseded: (why) => this.#giveUp(why),
    });
    this.#current = found;
    return found;
  }

  #gone(gone: RunningEngine): void {
    if (this.#disposed.signal.aborted || gone !== this.#current) return;
    this.#engine = undefined;
    // A newer build has taken over, or this window has given up already.
    if (this.#gaveUp) return;
    this.#options.onStarting();
    this.#engine = this.#explained(this.#revive(gone));
    this.#options.onRestarting();
  }

  /** Starts the engine again, unless it was this window's model that ended it once too often. */
  async #revive({ pid, inForce, recordFile }: RunningEngine): Promise<RunningEngine> {
    const { model, runtimeDirectory, log } = this.#options;
    const own = evaluationKey(model, inForce.gpu);
    const blamed = await blamedFor(runtimeDirectory, pid);
    if (!blamed) {
      log.info('The engine was ended from outside; it is started again.');
      await successorListens(recordFile, successorLimitMs, this.#disposed.signal);
      return this.#find();
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
    return this.#find();
  }
}
