// The order in which models are loaded: one at a time, those that somebody types for first. It knows who waits; it must not know what a load is.

/** A load that has its place in the queue. */
export interface Queued<Result> {
  readonly result: Promise<Result>;
  /** From now on it goes before all that is not urgent. One that is under way is never broken off. */
  readonly hurry: () => void;
}

export interface Urgency {
  /** May come to be true at any time. */
  readonly isUrgent: boolean;
}

interface Waiting extends Urgency {
  readonly begin: () => void;
}

export class LoadQueue {
  #waiting: Waiting[] = [];
  #isBusy = false;

  /** @param after what must have ended before it takes its place: nothing else waits for that */
  add<Result>(load: (urgency: Urgency) => Promise<Result>, after: Promise<unknown> | undefined): Queued<Result> {
    let begin = () => {};
    const turn = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const place = { isUrgent: false, begin };
    const result = turn
      .then(() => load(place))
      .finally(() => {
        this.#isBusy = false;
        this.#next();
      });
    const enter = () => {
      this.#waiting.push(place);
      this.#next();
    };
    // Never in the same turn, so that whoever adds it can still say that it is urgent.
    void Promise.resolve(after).then(enter, enter);
    return {
      result,
      hurry: () => {
        place.isUrgent = true;
      },
    };
  }

  #next(): void {
    if (this.#isBusy) return;
    const next = this.#waiting.find(({ isUrgent }) => isUrgent) ?? this.#waiting[0];
    if (!next) return;
    this.#isBusy = true;
    this.#waiting = this.#waiting.filter((other) => other !== next);
    next.begin();
  }
}
