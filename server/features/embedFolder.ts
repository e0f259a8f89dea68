// One look through a folder's files: what has no vectors yet gets them, from what is kept or from the model. It knows the order of the steps and how much the
// model is given at once; it must not know when it is time for this, or what vectors are for.
import type { EmbeddingPrompts } from '../core/retrieval/embeddingPrompts.ts';
import { nearestFirst } from '../core/retrieval/nearestFirst.ts';
import { type PassageText, passagesOf } from '../core/retrieval/passages.ts';
import { type EmbeddedPassages, packVectors, type VectorIndex } from '../core/retrieval/vectorIndex.ts';
import type { Failure } from '../core/outcome.ts';
import type { Inference } from '../inference/inference.ts';
import type { Clock } from './clock.ts';
import type { ProjectFolder } from './projectView.ts';
import type { ReadDocument } from './readDocument.ts';

/** Vectors that are kept from one start to the next, by content. `model` names all that they depend on. */
export interface KeptVectors {
  get(model: string, contentHash: string): EmbeddedPassages | undefined;
  put(model: string, contentHash: string, content: EmbeddedPassages): void;
}

export interface EmbedFolderOptions {
  readonly folder: ProjectFolder;
  readonly vectors: VectorIndex;
  readonly kept: KeptVectors | undefined;
  readonly model: string;
  readonly prompts: EmbeddingPrompts;
  readonly inference: Pick<Inference, 'embed'>;
  readonly documents: ReadDocument;
  readonly clock: Clock;
  readonly pace: EmbeddingPace;
  /** Files that are open, as the folder's facts name them: what lies beside them comes first. */
  readonly openPaths: () => readonly string[];
  /** Vectors may take so many bytes of memory; files beyond that get none. */
  readonly maxBytes: number;
  /** Other files have vectors. */
  readonly onEmbedded: () => void;
}

/** `interrupted`: somebody wants something else; what was done is kept. */
export type FolderEmbedded = { readonly outcome: 'done' | 'interrupted' | 'full' } | { readonly outcome: 'failed'; readonly failure: Failure };

/** How long other work of this thread may wait, and how long it is left alone after that. */
const sliceMs = { busy: 4, rest: 20 };
/** Files of which only what is kept is wanted: looking at each costs some ten microseconds. */
const maxFiles = 50_000;

/** How much the model is given at once, learned from how fast it is: what is typed next waits for one text at most. */
export class EmbeddingPace {
  #msPerCharacter = 0.05;

  /** Of one text. */
  get characters(): number {
    return Math.round(Math.min(1500, Math.max(300, 150 / this.#msPerCharacter)));
  }

  /** Of all texts of one request. */
  get batchCharacters(): number {
    return Math.round(Math.min(16_000, Math.max(1, 300 / this.#msPerCharacter)));
  }

  note(characters: number, elapsedMs: number): void {
    if (characters > 0) this.#msPerCharacter += (Math.max(0.0001, elapsedMs / characters) - this.#msPerCharacter) * 0.3;
  }
}

export async function embedFolder(options: EmbedFolderOptions, signal: AbortSignal): Promise<FolderEmbedded> {
  const { folder, vectors, kept, model, clock, maxBytes, openPaths, onEmbedded } = options;
  const { symbols } = folder;
  const seen = new Set<string>();
  const missing: string[] = [];
  let sliceStartedMs = clock.now();
  for (const path of symbols.paths()) {
    if (seen.size >= maxFiles) break;
    const contentHash = symbols.file(path)?.contentHash;
    if (contentHash !== undefined) {
      seen.add(path);
      const known = vectors.has(contentHash) || vectors.bytes >= maxBytes ? undefined : kept?.get(model, contentHash);
      if (known) vectors.set(contentHash, known);
      if (vectors.has(contentHash)) vectors.place(path, contentHash);
      else missing.push(path);
    }
    if (clock.now() - sliceStartedMs < sliceMs.busy) continue;
    await clock.wait(sliceMs.rest, signal);
    if (signal.aborted) return { outcome: 'interrupted' };
    sliceStartedMs = clock.now();
  }
  vectors.keepOnly(seen);
  onEmbedded();
  for (const path of nearestFirst(missing, openPaths())) {
    if (vectors.bytes >= maxBytes) return { outcome: 'full' };
    const embedded = await embedFile(path, options, signal);
    if (embedded.outcome !== 'done') return embedded;
    onEmbedded();
  }
  return { outcome: 'done' };
}

async function embedFile(path: string, options: EmbedFolderOptions, signal: AbortSignal): Promise<FolderEmbedded> {
  const { folder, vectors, kept, model, prompts, documents, pace } = options;
  const read = await documents.read(folder.uriOf(path));
  // Afterwards, so that a change that is known by now is taken into account.
  const facts = folder.symbols.file(path);
  if (read.outcome !== 'ok' || !facts) return { outcome: 'done' };
  if (!vectors.has(facts.contentHash)) {
    const passages = passagesOf(facts, read.text.split(/\r\n|\r|\n/), pace.characters);
    const numbers = await vectorsOf(
      passages.map(({ text }) => prompts.passage + text),
      options,
      signal,
    );
    if (numbers.outcome !== 'ok') return numbers.outcome === 'cancelled' ? { outcome: 'interrupted' } : { outcome: 'failed', failure: numbers };
    const content = { passages: passages.map(withoutText), vectors: packVectors(numbers.value) };
    vectors.set(facts.contentHash, content);
    kept?.put(model, facts.contentHash, content);
  }
  vectors.place(path, facts.contentHash);
  return { outcome: 'done' };
}

async function vectorsOf(
  texts: readonly string[],
  { inference, clock, pace }: EmbedFolderOptions,
  signal: AbortSignal,
): Promise<{ readonly outcome: 'ok'; readonly value: readonly (readonly number[])[] } | Failure> {
  const found: (readonly number[])[] = [];
  while (found.length < texts.length) {
    const batch: string[] = [];
    let characters = 0;
    for (const text of texts.slice(found.length)) {
      if (batch.length > 0 && characters + text.length > pace.batchCharacters) break;
      batch.push(text);
      characters += text.length;
    }
    const startedMs = clock.now();
    const made = await (inference.embed?.(batch, signal) ?? noVectors);
    if (made.outcome !== 'ok') return made;
    if (signal.aborted) return { outcome: 'cancelled' };
    const elapsedMs = clock.now() - startedMs;
    pace.note(characters, elapsedMs);
    found.push(...made.value);
    // Half of the time the machine is left alone: it is idle for whoever sits before it, not for this.
    await clock.wait(elapsedMs, signal);
  }
  return { outcome: 'ok', value: found };
}

const noVectors: Failure = { outcome: 'unsupported', cause: 'This engine gives no vectors of texts.', action: 'Use the local engine.' };

function withoutText({ text: _, ...passage }: PassageText) {
  return passage;
}
