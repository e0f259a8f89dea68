// The models in memory: loaded when they are asked for, one at a time, kept while they are used, unloaded when another one needs the room, and
// loaded again when their file is another one. It knows who uses what; it must not know requests or how a model is loaded.
import type { LoadedModel, LoadResult } from './loadedModel.ts';
import { ModelFiles } from './modelFiles.ts';
import type { ModelSpec } from './protocol/messages.ts';

/** Completion and chat may use a model each without loading in turn, and one beside them may give vectors. */
const mostModels = { writing: 2, vectors: 1 };

/** What loading may ask for. */
export interface Room {
  /** Unloads the idle model that was not used for longest, those for vectors first; false when there is none that may go. */
  readonly makeRoom: () => Promise<boolean>;
  /** Unloads idle models as long as there are too many of this kind for one more. */
  readonly limitModels: () => Promise<void>;
}

export interface ModelCacheOptions {
  readonly load: (spec: ModelSpec, room: Room) => Promise<LoadResult>;
  /** Told the path of a model whose file is another one than when it was loaded. */
  readonly onReplaced: (path: string) => void;
  readonly log: (line: string) => void;
}

export class ModelCache {
  readonly #options: ModelCacheOptions;
  readonly #files = new ModelFiles();
  readonly #models = new Map<string, Promise<LoadResult>>();
  /** Those of them that are in memory, the one not used for longest first. */
  readonly #loaded = new Map<string, LoadedModel>();
  /** Keys of models for vectors. */
  readonly #forVectors = new Set<string>();
  /** Models whose file was replaced, until they are gone. */
  readonly #retired = new Map<string, Promise<void>>();
  /** Ends when no model is being loaded: two that are planned at once would both count on the same memory. */
  #loading: Promise<unknown> = Promise.resolve();

  constructor(options: ModelCacheOptions) {
    this.#options = options;
  }

  /** The ones in memory, without waiting for those that are being loaded. */
  get loaded(): readonly LoadedModel[] {
    return [...this.#loaded.values()];
  }

  /** Loads the model if need be, and keeps it in memory while `act` runs. */
  async use<Result>(spec: ModelSpec, act: (loaded: LoadedModel) => Promise<Result> | Result): Promise<Result | Exclude<LoadResult, { outcome: 'ok' }>> {
    for (;;) {
      const result = await this.#model(spec);
      if (result.outcome !== 'ok') return result;
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
    for (const loading of this.#models.values()) {
      const loaded = await loading;
      if (loaded.outcome === 'ok') await loaded.model.dispose();
    }
    this.#models.clear();
    this.#loaded.clear();
  }

  async #model(spec: ModelSpec): Promise<LoadResult> {
    const key = JSON.stringify(spec);
    const wasReplaced = await this.#files.isReplaced(key);
    const known = this.#models.get(key);
    if (known && wasReplaced) this.#retire(key, known, spec.path);
    else if (known) {
      const loaded = this.#loaded.get(key);
      if (loaded) {
        // The map's order is the order of use.
        this.#loaded.delete(key);
        this.#loaded.set(key, loaded);
      }
      return known;
    }
    this.#files.forget(key);
    const loading: Promise<LoadResult> = Promise.resolve(this.#retired.get(key)).then(() => this.#inTurn(() => this.#load(key, spec)));
    this.#models.set(key, loading);
    // A file that could not be used is looked at again next time: the user may have put it right.
    const forget = () => {
      if (this.#models.get(key) === loading) this.#models.delete(key);
    };
    loading.then((result) => result.outcome !== 'ok' && forget(), forget);
    return loading;
  }

  #inTurn(load: () => Promise<LoadResult>): Promise<LoadResult> {
    const loading = this.#loading.then(load);
    this.#loading = loading.catch(() => undefined);
    return loading;
  }

  async #load(key: string, spec: ModelSpec): Promise<LoadResult> {
    await this.#files.note(key, spec.path);
    const isForVectors = spec.isForVectors === true;
    if (isForVectors) this.#forVectors.add(key);
    const isOfKind = (other: string) => this.#forVectors.has(other) === isForVectors;
    const most = isForVectors ? mostModels.vectors : mostModels.writing;
    const result = await this.#options.load(spec, {
      // Nobody waits for vectors, so no model that somebody may wait for leaves for them.
      makeRoom: async () => (await this.#unloadIdle((other) => this.#forVectors.has(other))) || (!isForVectors && (await this.#unloadIdle(isOfKind))),
      limitModels: async () => {
        while ([...this.#loaded.keys()].filter(isOfKind).length >= most && (await this.#unloadIdle(isOfKind)));
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
    });
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
