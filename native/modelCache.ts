// The models in memory: loaded when they are asked for, one at a time, kept while they are used, unloaded when another one needs the room, and
// loaded again when their file is another one. It knows who uses what; it must not know requests or how a model is loaded.
import { readLimitMs } from './ggufHeader.ts';
import type { LoadedModel, LoadResult } from './loadedModel.ts';
import type { Queued, Urgency } from './loadQueue.ts';
import { LoadQueue } from './loadQueue.ts';
import { ModelFiles } from './modelFiles.ts';
import type { ModelSpec, Priority } from './protocol/messages.ts';
import { withinLimit } from './withinLimit.ts';

/** Completion and chat may use a model each without loading in turn, and one beside them may give vectors. */
const mostModels = { writing: 2, vectors: 1 };
/** So long after it last wrote a completion, in ms, a model is one that the next keystroke waits for. */
const typedForMs = 2 * 60_000;

/** So long, in ms, a request for a model in memory may wait for whether its file is still the same. */
const lookLimitMs = 1000;

/** What loading may ask for. */
export interface Room {
  /**
   * Unloads the idle model that was not used for longest, those for vectors first; false when there is none that may go.
   * `isDesperate`: without more room the load would be of no use. Only then a model goes that completions were written with just now, unless
   * what is loaded is for completions, too.
   */
  readonly makeRoom: (isDesperate?: boolean) => Promise<boolean>;
  /** Unloads idle models as long as there are too many of this kind for one more. */
  readonly limitModels: () => Promise<void>;
}

export interface ModelCacheOptions {
  readonly load: (spec: ModelSpec, room: Room) => Promise<LoadResult>;
  /** Told the path of a model whose file is another one than when it was loaded. */
  readonly onReplaced: (path: string) => void;
  readonly log: (line: string) => void;
  /** ms on a clock that never goes back. */
  readonly now: () => number;
}

export interface UseOptions {
  /** Ends waiting for the model; what is being loaded stays. */
  readonly signal?: AbortSignal | undefined;
  readonly priority?: Priority | undefined;
}

type Used<Result> = Result | Exclude<LoadResult, { outcome: 'ok' }> | { readonly outcome: 'cancelled' };

export class ModelCache {
  readonly #options: ModelCacheOptions;
  readonly #files = new ModelFiles();
  readonly #models = new Map<string, Queued<LoadResult>>();
  /** Those of them that are in memory, the one not used for longest first. */
  readonly #loaded = new Map<string, LoadedModel>();
  /** Keys of models for vectors. */
  readonly #forVectors = new Set<string>();
  /** When a completion was last asked of a model, by its key. */
  readonly #typedAt = new Map<string, number>();
  /** Models whose file was replaced, until they are gone. */
  readonly #retired = new Map<string, Promise<void>>();
  /** Two that are planned at once would both count on the same memory. */
  readonly #queue = new LoadQueue();

  constructor(options: ModelCacheOptions) {
    this.#options = options;
  }

  /** The ones in memory, without waiting for those that are being loaded. */
  get loaded(): readonly LoadedModel[] {
    return [...this.#loaded.values()];
  }

  /** Loads the model if need be, and keeps it in memory while `act` runs. */
  async use<Result>(spec: ModelSpec, act: (loaded: LoadedModel) => Promise<Result> | Result, { signal, priority }: UseOptions = {}): Promise<Used<Result>> {
    for (;;) {
      const result = await unlessAborted(this.#model(spec, priority === 'inline'), signal);
      if (result?.outcome !== 'ok') return result ?? { outcome: 'cancelled' };
      // It may have been unloaded while this request waited for its turn to go on.
      if (result.model.isDisposed) continue;
      const release = result.model.use();
      try {
        return await act(result.model);
      } finally {
        release();
      }
    }
  }

  async dispose(): Promise<void> {
    for (const { result } of this.#models.values()) {
      const loaded = await result.catch(() => ({ outcome: 'failed' as const }));
      if (loaded.outcome === 'ok') await loaded.model.dispose();
    }
    this.#models.clear();
    this.#loaded.clear();
  }

  async #model(spec: ModelSpec, isInline: boolean): Promise<LoadResult> {
    const key = JSON.stringify(spec);
    if (isInline) this.#typedAt.set(key, this.#options.now());
    // A disk that does not answer says nothing, and what is in memory is the best there is.
    const wasReplaced = await withinLimit(this.#files.isReplaced(key), { limitMs: lookLimitMs, who: 'the file' }).catch(() => false);
    const known = this.#models.get(key);
    if (known && wasReplaced) this.#retire(key, known.result, spec.path);
    else if (known) {
      const loaded = this.#loaded.get(key);
      if (loaded) {
        // The map's order is the order of use.
        this.#loaded.delete(key);
        this.#loaded.set(key, loaded);
      }
      if (isInline) known.hurry();
      return known.result;
    }
    this.#files.forget(key);
    const loading = this.#queue.add((urgency) => this.#load(key, spec, urgency), this.#retired.get(key));
    if (isInline) loading.hurry();
    this.#models.set(key, loading);
    // A file that could not be used is looked at again next time: the user may have put it right.
    const forget = () => {
      if (this.#models.get(key) === loading) this.#models.delete(key);
    };
    loading.result.then((result) => result.outcome !== 'ok' && forget(), forget);
    return loading.result;
  }

  async #load(key: string, spec: ModelSpec, urgency: Urgency): Promise<LoadResult> {
    // What does not answer here will not answer whoever looks at the header either, and says so.
    await withinLimit(this.#files.note(key, spec.path), { limitMs: readLimitMs, who: 'the file' }).catch(() => undefined);
    const isForVectors = spec.isForVectors === true;
    if (isForVectors) this.#forVectors.add(key);
    const isOfKind = (other: string) => this.#forVectors.has(other) === isForVectors;
    const isSpared = (other: string) => !urgency.isUrgent && this.#options.now() - (this.#typedAt.get(other) ?? Number.NEGATIVE_INFINITY) < typedForMs;
    const most = isForVectors ? mostModels.vectors : mostModels.writing;
    const mayGo = (other: string) => isOfKind(other) && !isSpared(other);
    const result = await this.#options.load(spec, {
      // Nobody waits for vectors, so no model that somebody may wait for leaves for them.
      makeRoom: async (isDesperate = false) =>
        (await this.#unloadIdle((other) => this.#forVectors.has(other))) ||
        (!isForVectors && ((await this.#unloadIdle(mayGo)) || (isDesperate && (await this.#unloadIdle(isOfKind))))),
      limitModels: async () => {
        while ([...this.#loaded.keys()].filter(isOfKind).length >= most && (await this.#unloadIdle(mayGo)));
      },
    });
    if (result.outcome === 'ok') this.#loaded.set(key, result.model);
    return result;
  }

  /** The model's file is another one now: nothing new is asked of the old one, which goes before the new one is loaded. */
  #retire(key: string, known: Promise<LoadResult>, path: string): void {
    this.#options.log(`${path} was replaced; it is loaded again when the requests under way are done.`);
    this.#models.delete(key);
    this.#options.onReplaced(path);
    const retired = known.then(async (result) => {
      if (result.outcome !== 'ok') return;
      await result.model.whenIdle();
      if (this.#loaded.get(key) === result.model) this.#loaded.delete(key);
      await result.model.dispose();
      // Whoever asked for a model that could not be loaded is told so; here nothing is left to go.
    }, noAct);
    this.#retired.set(key, retired);
    void retired.finally(() => {
      if (this.#retired.get(key) === retired) this.#retired.delete(key);
    });
  }

  /** Of the models in memory that may go, the one not used for longest goes, never one that is answering. */
  async #unloadIdle(mayGo: (key: string) => boolean): Promise<boolean> {
    for (const [key, model] of this.#loaded) {
      if (!mayGo(key) || model.isBusy || this.#retired.has(key)) continue;
      this.#models.delete(key);
      this.#loaded.delete(key);
      await model.dispose();
      this.#options.log(`Unloaded ${model.description.path}.`);
      return true;
    }
    return false;
  }
}

function noAct(): void {}

/** @returns undefined when the signal aborts first */
async function unlessAborted<Value>(work: Promise<Value>, signal: AbortSignal | undefined): Promise<Value | undefined> {
  if (!signal) return work;
  let onAbort = () => {};
  const aborted = new Promise<undefined>((resolve) => {
    onAbort = () => resolve(undefined);
  });
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
