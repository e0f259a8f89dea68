// Has the worker look at what waits, a slice at a time: what is wanted comes first, all the rest gets a share of one core's time. It knows the queue, the
// worker and time; it must not know what is done with what was found.
import type { Log } from '../core/log.ts';
import type { ProjectClock } from './clock.ts';
import type { ParseWorkerThread, WorkerOutcome } from './parseWorkerThread.ts';
import type { ProblemKind } from './problems.ts';
import type { Progress } from './progress.ts';
import type { IndexedFile, IndexedSlice } from './workerMessages.ts';
import { type Batch, priorities, type WorkQueue } from './workQueue.ts';

export interface IndexingLoopOptions {
  readonly root: string;
  readonly queue: WorkQueue;
  readonly worker: ParseWorkerThread;
  readonly progress: Progress;
  readonly clock: ProjectClock;
  readonly log: Log;
  /** The part of one core's time that files nobody looks at may take, above 0 and at most 1. */
  readonly cpuShare: () => number;
  readonly onLooked: (files: readonly IndexedFile[]) => void;
  /** A file made the worker hang or crash. */
  readonly onCulprit: (path: string) => void;
  readonly onDamage: () => Promise<void>;
  /** A sentence for the user; undefined when it is over. */
  readonly onProblem: (kind: ProblemKind, problem: string | undefined) => void;
}

/** What nobody looks at is written in larger pieces; it makes room as soon as something else is wanted. */
const sliceMs = { wanted: 40, rest: 250 };
/** What is wanted comes in small batches; of the rest as much as was done in one slice before, twice. */
const batchSizes = { wanted: 16, least: 16, most: 2000 };
/** After so many changed files there may be something to tidy. */
const changesBeforeTidying = 500;
const maxTidySteps = 40;

export class IndexingLoop {
  readonly #options: IndexingLoopOptions;
  #batchSize = batchSizes.least;
  /** Once after the start, too. */
  #changesSinceTidying = changesBeforeTidying;

  constructor(options: IndexingLoopOptions) {
    this.#options = options;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { queue, progress, clock } = this.#options;
    for (;;) {
      const taken = await queue.take({ wanted: batchSizes.wanted, rest: this.#batchSize }, signal);
      if (!taken) return;
      const busyMs = await progress.whileBusy(async () => {
        const workedMs = await progress.during(() => this.#workOn(taken, signal).finally(() => queue.done()));
        if (queue.size === 0 && !queue.holdsRest && this.#changesSinceTidying >= changesBeforeTidying) await this.#tidy(signal);
        return workedMs;
      });
      if (busyMs === 'stopped') return;
      const share = this.#options.cpuShare();
      const pauseMs = (busyMs * (1 - share)) / share;
      if (taken.priority === priorities.rest && queue.size > 0 && pauseMs >= 1) await queue.pause(pauseMs, clock, signal);
    }
  }

  /** Returns how long the worker was at it. */
  async #workOn(batch: Batch, signal: AbortSignal): Promise<number | 'stopped'> {
    const { root, queue, worker, log, onDamage, onProblem } = this.#options;
    const reply = await this.#request(batch);
    if (signal.aborted) return 'stopped';
    switch (reply.outcome) {
      case 'ok':
        this.#accept(batch, reply.value);
        return reply.value.busyMs;
      case 'lost':
        await this.#blame(batch, reply.culprit);
        return 0;
      case 'failed':
        if (reply.isDamage) await onDamage();
        else log.warn(`Some files of ${root} could not be indexed: ${reply.message}`);
        return 0;
      case 'stopped':
        // Its memory is given back after a while without work; asked again, it starts again.
        if (worker.canStart) {
          queue.add(batch.paths, batch.priority);
          return 0;
        }
        onProblem('noParser', 'The parser cannot be started, so the project is not indexed.');
        return 'stopped';
    }
  }

  async #request({ paths, priority }: Batch): Promise<WorkerOutcome<IndexedSlice>> {
    const { root, queue, worker } = this.#options;
    const isRest = priority === priorities.rest;
    if (isRest) queue.onWanted = () => void worker.request({ kind: 'hurry' });
    try {
      return await worker.request<'index'>({ kind: 'index', folder: root, paths, sliceMs: isRest ? sliceMs.rest : sliceMs.wanted });
    } finally {
      queue.onWanted = undefined;
    }
  }

  #accept(batch: Batch, { files, left, noRoom }: IndexedSlice): void {
    const { queue, onLooked, onProblem } = this.#options;
    queue.add(left, batch.priority);
    if (batch.priority === priorities.rest) this.#batchSize = Math.min(batchSizes.most, Math.max(batchSizes.least, files.length * 2));
    for (const { outcome } of files) if (outcome !== 'fresh') this.#changesSinceTidying++;
    onLooked(files);
    if (noRoom !== undefined) onProblem('noRoom', `The index cannot be written (${noRoom}); new facts are kept in memory. Free some space on the disk.`);
    else if (files.some(isStored)) onProblem('noRoom', undefined);
  }

  /** The worker ended. Whatever it had in hand is given up, the rest looked at again. */
  async #blame({ paths, priority }: Batch, culprit: { readonly folder: string; readonly path: string } | undefined): Promise<void> {
    const { root, queue, worker, onCulprit } = this.#options;
    const blamed = culprit?.folder === root && paths.includes(culprit.path) ? culprit.path : undefined;
    const rest = paths.filter((path) => path !== blamed);
    queue.add(rest, priority);
    if (blamed === undefined) return;
    onCulprit(blamed);
    await worker.request({ kind: 'giveUpOn', folder: root, path: blamed });
  }

  async #tidy(signal: AbortSignal): Promise<void> {
    const { root, queue, worker } = this.#options;
    for (let step = 0; step < maxTidySteps && queue.size === 0 && !signal.aborted; step++) {
      const reply = await worker.request<'tidy'>({ kind: 'tidy', folder: root });
      if (reply.outcome === 'ok' && reply.value) continue;
      this.#changesSinceTidying = 0;
      return;
    }
  }
}

/** Whether facts went to the database, so that it can be written. Without one they would be here. */
function isStored({ outcome, facts }: IndexedFile): boolean {
  return (outcome === 'parsed' || outcome === 'known') && facts === undefined;
}
