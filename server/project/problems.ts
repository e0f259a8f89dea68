// What a person should know of an index: one sentence for each kind of trouble, for as long as it lasts. It must not know what follows from any of them.

export type ProblemKind =
  /** There is no database to write. */
  | 'memoryOnly'
  /** There is one, but it takes nothing now. */
  | 'noRoom'
  | 'noParser'
  | 'tooManyFiles';

export interface ProblemsOptions {
  /** Told once for each kind: what comes and goes is said by the status. */
  readonly warn: (sentence: string) => void;
  readonly onChange: () => void;
}

export class Problems {
  readonly #options: ProblemsOptions;
  readonly #current = new Map<ProblemKind, string>();
  readonly #told = new Set<ProblemKind>();

  constructor(options: ProblemsOptions) {
    this.#options = options;
  }

  /** The oldest that lasts: what follows mostly follows from it. */
  get first(): string | undefined {
    return this.#current.values().next().value;
  }

  has(kind: ProblemKind): boolean {
    return this.#current.has(kind);
  }

  /** Undefined: it is over. */
  note(kind: ProblemKind, sentence: string | undefined): void {
    if (this.#current.get(kind) === sentence) return;
    if (sentence === undefined) this.#current.delete(kind);
    else {
      if (this.#current.size === 0 && !this.#told.has(kind)) this.#options.warn(sentence);
      this.#told.add(kind);
      this.#current.set(kind, sentence);
    }
    this.#options.onChange();
  }
}
