// The parse worker as the server sees it: started when there is something to do, ended when a file takes too long or nothing happens for a
// while, started again. It knows threads and time limits; it must not know what is parsed.
import { Worker } from 'node:worker_threads';
import type { Log } from '../core/log.ts';
import { ParsingMark } from './parsingMark.ts';
import type { FolderPlace, FromWorker, StoreState, ToWorker, WorkerOptions, WorkerReplies, WorkerRequest } from './workerMessages.ts';

export interface ParseWorkerOptions extends Pick<WorkerOptions, 'grammars'> {
  /** The worker's own file: a bundle or, from the sources, a TypeScript file. */
  readonly module: string;
  /** The longest that parsing one file may take before the worker is ended. */
  readonly fileTimeoutMs: number;
  /** A worker that has had nothing to do for so long gives its memory back. */
  readonly idleMs: number;
  readonly maxHeapMb: number;
  readonly log: Log;
  readonly onDamage: (folder: string) => void;
  /** A worker that was started again has opened a folder that was open before. */
  readonly onReopened: (folder: string, state: StoreState) => void;
}

interface Culprit {
  readonly folder: string;
  readonly path: string;
}

export type WorkerOutcome<Value> =
  | { readonly outcome: 'ok'; readonly value: Value }
  | { readonly outcome: 'failed'; readonly message: string; readonly isDamage: boolean }
  /** The worker ended before it answered; `culprit` is what it was parsing. */
  | { readonly outcome: 'lost'; readonly culprit: Culprit | undefined }
  /** It has been disposed of, or ends whenever it is started. */
  | { readonly outcome: 'stopped' };

interface Pending {
  readonly request: WorkerRequest;
  readonly resolve: (outcome: WorkerOutcome<never>) => void;
}

interface Running {
  readonly worker: Worker;
  readonly pending: Map<number, Pending>;
  readonly mark: ParsingMark;
  /** Looks whether one file lasts too long, while anything is awaited. */
  timer: NodeJS.Timeout | undefined;
}

/** A file has had its time when so many looks in a row found it. Looks and no clock: a machine that slept has not parsed. */
const looks = 5;

/** So many ends in a row without one answer mean that it cannot work here. */
const maxFruitlessEnds = 3;

export class ParseWorkerThread {
  readonly #options: ParseWorkerOptions;
  readonly #places = new Map<string, FolderPlace>();
  #running: Running | undefined;
  #nextId = 1;
  #fruitlessEnds = 0;
  #isDisposed = false;
  #idleTimer: NodeJS.Timeout | undefined;

  constructor(options: ParseWorkerOptions) {
    this.#options = options;
  }

  /** Whether a worker is running now. */
  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** False when it was disposed of or has ended too often without an answer. */
  get canStart(): boolean {
    return !this.#isDisposed && this.#fruitlessEnds < maxFruitlessEnds;
  }

  async openFolder(place: FolderPlace, { isDamaged = false } = {}): Promise<WorkerOutcome<StoreState>> {
    this.#places.delete(place.folder);
    const opened = await this.request<'openFolder'>({ kind: 'openFolder', place, isDamaged });
    if (opened.outcome === 'ok' && !this.#isDisposed) this.#places.set(place.folder, place);
    return opened;
  }

  async closeFolder(folder: string): Promise<void> {
    this.#places.delete(folder);
    if (this.#running) await this.request({ kind: 'closeFolder', folder });
  }

  request<Kind extends WorkerRequest['kind']>(request: Extract<WorkerRequest, { kind: Kind }>): Promise<WorkerOutcome<WorkerReplies[Kind]>> {
    const running = this.#running ?? this.#start();
    if (!running) return Promise.resolve({ outcome: 'stopped' });
    clearTimeout(this.#idleTimer);
    return new Promise((resolve) => this.#send(running, request, resolve));
  }

  async dispose(): Promise<void> {
    this.#isDisposed = true;
    clearTimeout(this.#idleTimer);
    const running = this.#running;
    // Closing folds the write-ahead log into the database; what is under way may go.
    if (running && running.mark.inHand === undefined && running.pending.size === 0)
      await Promise.all([...this.#places.keys()].map((folder) => new Promise((resolve) => this.#send(running, { kind: 'closeFolder', folder }, resolve))));
    this.#ended(running, 'stopped');
    await running?.worker.terminate();
  }

  #send(running: Running, request: WorkerRequest, resolve: (outcome: WorkerOutcome<never>) => void): void {
    const id = this.#nextId++;
    running.pending.set(id, { request, resolve });
    this.#watch(running);
    // It keeps the process alive only while something is awaited.
    running.worker.ref();
    running.worker.postMessage({ id, request } satisfies ToWorker);
  }

  #start(): Running | undefined {
    if (!this.canStart) return undefined;
    const { module, grammars, maxHeapMb, log, onReopened } = this.#options;
    const mark = new ParsingMark();
    const worker = new Worker(module, {
      name: 'tramontane-parse',
      workerData: { grammars, mark: mark.memory } satisfies WorkerOptions,
      execArgv: [],
      // Standard output may be the language server's connection.
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: maxHeapMb, maxYoungGenerationSizeMb: 16 },
    });
    worker.stdout.resume();
    worker.stderr.resume();
    const running: Running = { worker, pending: new Map(), mark, timer: undefined };
    this.#running = running;
    worker.on('message', (message: FromWorker) => this.#receive(running, message));
    worker.on('error', (error) => log.warn(`The parse worker failed: ${error instanceof Error ? error.message : String(error)}`));
    worker.once('exit', () => this.#ended(running, 'lost'));
    for (const place of this.#places.values())
      this.#send(running, { kind: 'openFolder', place }, (opened: WorkerOutcome<StoreState>) => {
        if (opened.outcome === 'ok' && this.#places.get(place.folder) === place) onReopened(place.folder, opened.value);
      });
    return running;
  }

  #receive(running: Running, message: FromWorker): void {
    if ('damaged' in message) return this.#options.onDamage(message.damaged);
    const pending = running.pending.get(message.id);
    running.pending.delete(message.id);
    this.#fruitlessEnds = 0;
    if (running.pending.size === 0) this.#rest(running);
    // The kinds of requests and replies belong together by their id.
    pending?.resolve(
      'failed' in message ? { outcome: 'failed', message: message.failed, isDamage: message.isDamage } : { outcome: 'ok', value: message.value as never },
    );
  }

  #watch(running: Running): void {
    let last = -1;
    let found = 0;
    running.timer ??= setInterval(() => {
      const count = running.mark.inHand?.count ?? -1;
      found = count === last && count >= 0 ? found + 1 : 0;
      last = count;
      if (found >= looks) this.#endOverdue(running);
    }, this.#options.fileTimeoutMs / looks).unref();
  }

  #rest(running: Running): void {
    running.worker.unref();
    clearInterval(running.timer);
    running.timer = undefined;
    clearTimeout(this.#idleTimer);
    if (this.#isDisposed) return;
    this.#idleTimer = setTimeout(() => {
      if (running.pending.size > 0 || this.#running !== running) return;
      this.#ended(running, 'stopped');
      void running.worker.terminate();
    }, this.#options.idleMs);
    this.#idleTimer.unref();
  }

  #endOverdue(running: Running): void {
    this.#options.log.warn(`Parsing ${culpritOf(running)?.path ?? 'a file'} took too long; it is left out of the index.`);
    this.#ended(running, 'lost');
    void running.worker.terminate();
  }

  #ended(running: Running | undefined, how: 'lost' | 'stopped'): void {
    if (!running || this.#running !== running) return;
    this.#running = undefined;
    clearInterval(running.timer);
    const culprit = culpritOf(running);
    // A file that is to blame says nothing about the next start.
    if (how === 'lost' && culprit === undefined) this.#fruitlessEnds++;
    const outcome = how === 'lost' ? ({ outcome: 'lost', culprit } as const) : ({ outcome: 'stopped' } as const);
    for (const { resolve } of running.pending.values()) resolve(outcome);
    running.pending.clear();
  }
}

/** The file that the worker has in hand, or had when it ended. */
function culpritOf({ mark, pending }: Running): Culprit | undefined {
  const { inHand } = mark;
  const request = inHand && pending.get(inHand.requestId)?.request;
  if (request?.kind === 'parseOpen') return request;
  const path = request?.kind === 'index' ? request.paths[inHand?.fileAt ?? 0] : undefined;
  return request?.kind === 'index' && path !== undefined ? { folder: request.folder, path } : undefined;
}
