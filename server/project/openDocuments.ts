// Facts of open documents, unsaved text included: parsed again after each pause in typing, and only what changed. It knows texts and the
// worker; it must not know the index.
import type { ProjectClock } from './clock.ts';
import { MemoryFacts } from './memoryFacts.ts';
import { OpenText } from './openText.ts';
import type { ParseWorkerThread } from './parseWorkerThread.ts';
import { maxFileBytes } from './skipRules.ts';

export interface OpenDocumentsOptions {
  readonly folder: string;
  readonly worker: ParseWorkerThread;
  readonly clock: ProjectClock;
  /** The least time between two parses of one document. */
  readonly debounceMs: number;
  readonly signal: AbortSignal;
  readonly onFacts: (path: string) => void;
}

interface OpenDocument {
  languageId: string;
  text: string;
  /** What was parsed last; another text is newer. */
  parsed: string | undefined;
  /** How often parsing it ended the worker. */
  failures: number;
}

const maxFailures = 2;

export class OpenDocuments {
  readonly facts = new MemoryFacts();
  readonly text = new OpenText();
  readonly #options: OpenDocumentsOptions;
  readonly #documents = new Map<string, OpenDocument>();

  constructor(options: OpenDocumentsOptions) {
    this.#options = options;
  }

  paths(): Iterable<string> {
    return this.#documents.keys();
  }

  update(path: string, languageId: string, text: string): void {
    const known = this.#documents.get(path);
    this.text.set(path, text);
    if (known) {
      known.text = text;
      known.languageId = languageId;
      if (known.parsed === undefined) return; // Its loop runs and takes the newest text.
    }
    const document = known ?? { languageId, text, parsed: undefined, failures: 0 };
    this.#documents.set(path, document);
    void this.#follow(path, document, known === undefined ? 0 : this.#options.debounceMs);
  }

  /** Returns whether it was open. */
  close(path: string): boolean {
    const wasOpen = this.#documents.delete(path);
    this.facts.delete(path);
    this.text.delete(path);
    if (wasOpen && this.#options.worker.isRunning) void this.#options.worker.request({ kind: 'forgetOpen', folder: this.#options.folder, path });
    return wasOpen;
  }

  /** Parses until the newest text is parsed. One loop runs for a document at a time: `parsed` is undefined meanwhile. */
  async #follow(path: string, document: OpenDocument, waitMs: number): Promise<void> {
    const { folder, worker, clock, debounceMs, signal, onFacts } = this.#options;
    const isCurrent = () => this.#documents.get(path) === document && !signal.aborted;
    document.parsed = undefined;
    for (let pauseMs = waitMs; isCurrent(); pauseMs = debounceMs) {
      if (pauseMs > 0) await clock.wait(pauseMs, signal);
      if (!isCurrent()) return;
      const { text, languageId } = document;
      if (text.length <= maxFileBytes && document.failures < maxFailures) {
        const reply = await worker.request<'parseOpen'>({ kind: 'parseOpen', folder, path, text, languageId });
        if (!isCurrent()) return;
        if (reply.outcome === 'ok') {
          this.facts.set(path, reply.value);
          onFacts(path);
        } else if (reply.outcome === 'lost' && reply.culprit?.path === path && reply.culprit.folder === folder) document.failures++;
        else if (reply.outcome === 'lost') continue;
      }
      if (document.text === text) {
        document.parsed = text;
        return;
      }
    }
  }
}
