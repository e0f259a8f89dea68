// The one state that the status item shows, put together from the engine, the pause switch and the requests under way.
// It knows states; it must not know how they are displayed.
import type { QuietReason } from '../core/completion/quietReasons.ts';
import type { Inference } from '../inference/inference.ts';
import type { Status } from '../protocol/status.ts';
import type { Session } from '../session/session.ts';
import type { Clock } from './clock.ts';

export interface StatusBoardOptions {
  readonly inference: Inference;
  readonly session: Session;
  readonly clock: Clock;
  readonly starterPath: string;
  /** The model of chats and edits, where that is another one and was asked for already. */
  readonly chat?: () => Inference | undefined;
  /** The state of the project's index; undefined without one. */
  readonly index?: () => Status['index'];
  /** Returns false when it could not be told yet. */
  readonly onChange: (status: Status) => boolean;
}

export class StatusBoard {
  readonly #options: StatusBoardOptions;
  #running = 0;
  /** Requests for suggestions that are put off. */
  #waiting = 0;
  #quiet: QuietReason | undefined;
  #pauseEndsInMs: number | undefined;
  #endSnooze: AbortController | undefined;
  #last = '';

  constructor(options: StatusBoardOptions) {
    this.#options = options;
    options.inference.onState(() => this.refresh());
  }

  get status(): Status {
    const index = this.#options.index?.();
    return index ? { ...this.#engineStatus, index } : this.#engineStatus;
  }

  get #engineStatus(): Status {
    const { inference, session, starterPath } = this.#options;
    const { state } = inference;
    const ends = this.#pauseEndsInMs === undefined ? {} : { pauseEndsInMs: this.#pauseEndsInMs };
    const paused = session.isPaused ? { isPaused: true as const, ...ends } : {};
    switch (state.state) {
      case 'stopped':
      case 'starting':
        return session.isPaused ? { state: 'paused', ...paused } : { state: 'starting' };
      case 'noModel':
        return { state: 'noModel', cause: state.cause, action: state.action, ...paused };
      case 'failed':
        return { state: 'error', cause: state.cause, action: state.action, ...paused };
      case 'ready': {
        const { name, path, contextSize } = state.model;
        const model = { name, path, isStarter: path === starterPath, contextSize };
        const told = [...(state.notes ?? []), ...this.#chatNotes];
        const notes = told.length > 0 ? { notes: told } : {};
        const why = this.#waiting > 0 ? 'waiting' : this.#quiet;
        const quiet = why === undefined ? {} : { quiet: why };
        if (session.isPaused) return { state: 'paused', model, ...notes, ...paused };
        // Somebody who waits for a pause to end sees no work.
        const isBusy = this.#running > this.#waiting;
        return { state: isBusy ? 'busy' : 'ready', model, ...notes, ...quiet };
      }
    }
  }

  /** What was given up for the chat's own model. */
  get #chatNotes(): readonly string[] {
    const state = this.#options.chat?.()?.state;
    return state?.state === 'ready' ? (state.model.concessions ?? []).map((sentence) => `${state.model.name} (chat): ${sentence}`) : [];
  }

  /** A suggestion is put off; returns what ends that. */
  wait(): () => void {
    this.#waiting++;
    this.refresh();
    return () => {
      this.#waiting--;
      this.refresh();
    };
  }

  /** Why the last request showed nothing; undefined when it showed something. */
  setQuiet(why: QuietReason | undefined): void {
    if (why === this.#quiet) return;
    this.#quiet = why;
    this.refresh();
  }

  /** @param forMs after which automatic suggestions come again by themselves */
  setPaused(paused: boolean, forMs?: number): void {
    const { session, clock } = this.#options;
    this.#endSnooze?.abort();
    this.#endSnooze = undefined;
    session.isPaused = paused;
    this.#pauseEndsInMs = paused ? forMs : undefined;
    this.refresh();
    if (!paused || forMs === undefined) return;
    const snooze = new AbortController();
    this.#endSnooze = snooze;
    void clock.wait(forMs, snooze.signal).then(() => {
      if (!snooze.signal.aborted) this.setPaused(false);
    });
  }

  /** Ends the waiting for a pause to end. */
  dispose(): void {
    this.#endSnooze?.abort();
  }

  /** Shows `busy` as long as the work runs; work that is done within `quietMs` is not shown, so that typing does not make it flicker. */
  async during<Result>(work: () => Promise<Result>, quietMs = 0): Promise<Result> {
    const done = new AbortController();
    const started = this.#options.clock.wait(quietMs, done.signal).then(() => {
      if (!done.signal.aborted) this.#count(1);
      return !done.signal.aborted;
    });
    try {
      return await work();
    } finally {
      done.abort();
      void started.then((counted) => counted && this.#count(-1));
    }
  }

  /** Tells the listener, unless nothing changed. */
  refresh(): void {
    const status = this.status;
    const text = JSON.stringify(status);
    if (text !== this.#last && this.#options.onChange(status)) this.#last = text;
  }

  #count(change: number): void {
    this.#running += change;
    this.refresh();
  }
}
