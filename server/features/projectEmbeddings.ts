// Finding pieces of the project by meaning, with an embedding model that the user named: vectors are made in idle moments only, and a question that has none in
// time goes without. It knows when it is time; it must not know LSP, how vectors are made, or what becomes of what is found.
import { type EmbeddingPrompts, embeddingPromptsOf } from '../core/retrieval/embeddingPrompts.ts';
import type { SymbolSource } from '../core/retrieval/facts.ts';
import type { NearPiece } from '../core/retrieval/findPieces.ts';
import type { Log } from '../core/log.ts';
import { passagesVersion } from '../core/retrieval/passages.ts';
import { type NearPassage, VectorIndex } from '../core/retrieval/vectorIndex.ts';
import type { Inference } from '../inference/inference.ts';
import type { Clock } from './clock.ts';
import { embedFolder, EmbeddingPace, type FolderEmbedded, type KeptVectors } from './embedFolder.ts';
import type { ProjectFolder, ProjectView } from './projectView.ts';
import type { ReadDocument } from './readDocument.ts';

export interface ProjectEmbeddingsOptions {
  readonly view: ProjectView;
  readonly kept: () => KeptVectors | undefined;
  readonly documents: ReadDocument;
  readonly openUris: () => readonly string[];
  /** Of the embedding model, and of nothing else. */
  readonly inference: Inference;
  readonly clock: Clock;
  readonly log: Log;
  /** More or fewer files have vectors, or there is a problem. */
  readonly onChange: () => void;
}

export interface EmbeddingsStatus {
  /** Files that questions find by meaning. */
  readonly files: number;
  readonly problem?: string;
}

/** So long after the last keystroke nobody is taken to be working. */
const quietMs = 5000;
const pollMs = 1000;
/** A model that cannot be used now may be there later. */
const retryMs = 60_000;
/** The longest that a question waits for its vector and the search. */
export const searchLimitMs = 400;
const sliceMs = 4;
const maxFound = 24;
const maxQuestionCharacters = 1000;
const maxBytes = 64 * 1024 * 1024;

export class ProjectEmbeddings {
  readonly #options: ProjectEmbeddingsOptions;
  readonly #ended = new AbortController();
  readonly #pace = new EmbeddingPace();
  readonly #indexes = new Map<SymbolSource, { readonly vectors: VectorIndex; seenVersion: string | undefined }>();
  #prompts: EmbeddingPrompts = { question: '', passage: '' };
  #pass: AbortController | undefined;
  #lookingThrough: Promise<void> = Promise.resolve();
  #activeMs = -Infinity;
  #retryAtMs = -Infinity;
  #problem: string | undefined;

  constructor(options: ProjectEmbeddingsOptions) {
    this.#options = options;
  }

  get status(): EmbeddingsStatus {
    const files = [...this.#indexes.values()].reduce((sum, { vectors }) => sum + vectors.files, 0);
    return { files, ...(this.#problem === undefined ? {} : { problem: this.#problem }) };
  }

  /** Begins to wait for idle moments; ends with `dispose`. */
  async run(): Promise<void> {
    const { clock, log } = this.#options;
    const { signal } = this.#ended;
    while (!signal.aborted) {
      await clock.wait(pollMs, signal);
      if (signal.aborted || clock.now() - this.#activeMs < quietMs || clock.now() < this.#retryAtMs) continue;
      try {
        this.#lookingThrough = this.#lookThrough();
        await this.#lookingThrough;
      } catch (error) {
        log.error(`Vectors of the project cannot be made: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
        this.#retryAtMs = clock.now() + retryMs;
      }
    }
  }

  /** Somebody types or asks: what is under way is given up. */
  noteActivity(): void {
    this.#activeMs = this.#options.clock.now();
    this.#pass?.abort();
  }

  /** What is kept is about to be deleted: nothing is kept any more when this resolves. */
  async forget(): Promise<void> {
    this.noteActivity();
    await this.#lookingThrough.catch(() => undefined);
    this.#indexes.clear();
    this.#options.onChange();
  }

  async dispose(): Promise<void> {
    this.#ended.abort();
    this.#pass?.abort();
    await this.#options.inference.dispose();
  }

  /** What is close to the question in meaning; nothing where there is no vector in time. */
  async search(question: string, signal: AbortSignal): Promise<ReadonlyMap<SymbolSource, readonly NearPiece[]>> {
    const found = new Map<SymbolSource, readonly NearPiece[]>();
    const { inference, clock, view } = this.#options;
    if (this.status.files === 0 || signal.aborted) return found;
    this.noteActivity();
    const limited = new AbortController();
    const giveUp = () => limited.abort();
    signal.addEventListener('abort', giveUp);
    void clock.wait(searchLimitMs, limited.signal).then(giveUp);
    try {
      const made = await inference.embed?.([this.#prompts.question + question.slice(0, maxQuestionCharacters)], limited.signal);
      const vector = made?.outcome === 'ok' ? made.value[0] : undefined;
      if (!vector) return found;
      for (const folder of view.folders()) {
        const vectors = this.#indexes.get(folder.symbols)?.vectors;
        const near = vectors && (await this.#nearest(vectors, vector, limited.signal));
        if (near)
          found.set(
            folder.symbols,
            near.flatMap((one) => placed(one, folder) ?? []),
          );
      }
      return found;
    } finally {
      signal.removeEventListener('abort', giveUp);
      limited.abort();
    }
  }

  async #nearest(vectors: VectorIndex, vector: readonly number[], signal: AbortSignal): Promise<readonly NearPassage[] | undefined> {
    const { clock } = this.#options;
    const search = vectors.nearest(vector, maxFound);
    let sliceStartedMs = clock.now();
    for (;;) {
      const step = search.next();
      if (step.done === true) return step.value;
      if (clock.now() - sliceStartedMs < sliceMs) continue;
      await clock.wait(0, signal);
      if (signal.aborted) return undefined;
      sliceStartedMs = clock.now();
    }
  }

  async #lookThrough(): Promise<void> {
    const { view, inference, documents, openUris, clock, kept, onChange, log } = this.#options;
    const folders = view.folders();
    for (const symbols of this.#indexes.keys()) if (!folders.some((folder) => folder.symbols === symbols)) this.#indexes.delete(symbols);
    const due = folders.filter((folder) => folder.isComplete && this.#indexes.get(folder.symbols)?.seenVersion !== folder.version);
    if (due.length === 0) return;
    const pass = new AbortController();
    this.#pass = pass;
    try {
      const described = await inference.describeModel(pass.signal);
      if (described.outcome === 'cancelled') return;
      if (described.outcome !== 'ok') return this.#note({ outcome: 'failed', failure: described });
      const { name, path, architecture, sizeBytes } = described.value;
      this.#prompts = embeddingPromptsOf([name, path.slice(path.search(/[^/\\]*$/))]);
      const model = JSON.stringify([passagesVersion, path, name, architecture, sizeBytes]);
      for (const folder of due) {
        const index = this.#indexes.get(folder.symbols) ?? { vectors: new VectorIndex(), seenVersion: undefined };
        this.#indexes.set(folder.symbols, index);
        const { version } = folder;
        const openPaths = () => openUris().flatMap((uri) => (view.place(uri)?.folder.symbols === folder.symbols ? (view.place(uri)?.path ?? []) : []));
        const options = {
          folder,
          openPaths,
          vectors: index.vectors,
          kept: kept(),
          model,
          prompts: this.#prompts,
          inference,
          documents,
          clock,
          pace: this.#pace,
        };
        const embedded = await embedFolder({ ...options, maxBytes: maxBytes / folders.length, onEmbedded: onChange }, pass.signal);
        if (embedded.outcome === 'done' || embedded.outcome === 'full') index.seenVersion = version;
        this.#note(embedded);
        if (embedded.outcome === 'interrupted' || embedded.outcome === 'failed') return;
        log.info(`${index.vectors.files} files of ${folder.name} have vectors.`);
      }
    } finally {
      this.#pass = undefined;
    }
  }

  #note(embedded: FolderEmbedded): void {
    const { clock, log, onChange } = this.#options;
    if (embedded.outcome === 'interrupted') return;
    const { outcome } = embedded;
    const why = outcome === 'failed' && 'cause' in embedded.failure ? `${embedded.failure.cause} ${embedded.failure.action}` : undefined;
    const problem = outcome === 'full' ? 'The project is too large for all of it to have vectors.' : why && `The embedding model cannot be used: ${why}`;
    if (outcome === 'failed') this.#retryAtMs = clock.now() + retryMs;
    if (problem === this.#problem) return;
    this.#problem = problem;
    if (problem !== undefined) log.warn(problem);
    onChange();
  }
}

/** In the text as it is now; of a text that has changed only what is still called the same is found again. */
function placed({ path, contentHash, passage, score }: NearPassage, { symbols }: ProjectFolder): NearPiece | undefined {
  const facts = symbols.file(path);
  if (!facts) return undefined;
  const { startLine, endLine, kind, name, container } = passage;
  const found = { path, kind, score, ...(name === undefined ? {} : { name }) };
  if (facts.contentHash === contentHash) return { ...found, startLine, endLine };
  const same = name === undefined ? undefined : facts.definitions.find((one) => one.name === name && one.container === container);
  return same && { ...found, startLine: same.startLine, endLine: same.endLine };
}
