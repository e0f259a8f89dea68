// Which of the streams that wait for a sequence gets the next one, so that nobody waits behind all that another client asked for.
// It knows clients and who came first. It must not know tokens, sequences or priorities.

/** Clients whose turn is remembered: more than can be connected at once. */
const mostRemembered = 256;

export class Admission {
  /** The clients that were admitted, the latest last. */
  readonly #admitted = new Set<number>();

  /**
   * Round-robin by client: first whoever was not admitted for longest, each with the earliest of its streams, then each with its next.
   * @param waiting in the order of arrival
   */
  order<Stream extends { readonly client: number }>(waiting: readonly Stream[]): readonly Stream[] {
    const byClient = new Map<number, Stream[]>();
    for (const stream of waiting) {
      const ofClient = byClient.get(stream.client);
      if (ofClient) ofClient.push(stream);
      else byClient.set(stream.client, [stream]);
    }
    if (byClient.size <= 1) return waiting;
    // Who never had a turn comes first; of those, who asked first.
    const known = [...this.#admitted].filter((client) => byClient.has(client));
    const turns = [...[...byClient.keys()].filter((client) => !this.#admitted.has(client)), ...known].map((client) => byClient.get(client) ?? []);
    const rounds = Math.max(...turns.map((streams) => streams.length));
    return Array.from({ length: rounds }, (_, round) => turns.flatMap((streams) => streams[round] ?? [])).flat();
  }

  /** Notes that a stream of this client got a sequence. */
  admitted(client: number): void {
    this.#admitted.delete(client);
    this.#admitted.add(client);
    const [oldest] = this.#admitted;
    if (this.#admitted.size > mostRemembered && oldest !== undefined) this.#admitted.delete(oldest);
  }
}
