// What the parse worker has in hand, told through memory that both threads see: a message for each file would wake the server's thread as often, and what a worker
// said last is still there when it crashes. It knows numbers only: which request, which of its files.

/** The request's id, 0 for none; which of its files; and a count that goes up with each of them, by which one that lasts is told from many. */
const [request, file, count] = [0, 1, 2] as const;

export interface InHand {
  readonly requestId: number;
  readonly fileAt: number;
  readonly count: number;
}

export class ParsingMark {
  readonly #numbers: Int32Array;

  constructor(memory = new SharedArrayBuffer(3 * Int32Array.BYTES_PER_ELEMENT)) {
    this.#numbers = new Int32Array(memory);
  }

  /** To be handed to the other thread. */
  get memory(): SharedArrayBuffer {
    return this.#numbers.buffer as SharedArrayBuffer;
  }

  set(requestId: number, fileAt = 0): void {
    Atomics.store(this.#numbers, file, fileAt);
    Atomics.store(this.#numbers, request, requestId);
    Atomics.add(this.#numbers, count, 1);
  }

  clear(): void {
    Atomics.store(this.#numbers, request, 0);
  }

  /** Undefined while there is nothing in hand. */
  get inHand(): InHand | undefined {
    const requestId = Atomics.load(this.#numbers, request);
    return requestId === 0 ? undefined : { requestId, fileAt: Atomics.load(this.#numbers, file), count: Atomics.load(this.#numbers, count) };
  }
}
