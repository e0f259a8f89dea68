// Keeps what became of suggestions, on this machine only: one line of JSON each, without source text, in a file that only the user can
// read, bounded in size, deleted by one call. It knows files; it must not know what the records are for.
import { promises as fs } from 'node:fs';
import path from 'node:path';
import type { FeedbackRecord } from '../core/completion/feedback.ts';
import type { Log } from '../core/log.ts';

export interface FeedbackStoreOptions {
  /** Made when it is missing; only the user can enter it. */
  readonly directory: string;
  /** ms since 1970. */
  readonly nowMs: () => number;
  readonly log: Log;
  /** The older half goes when the file is larger. */
  readonly maxBytes?: number;
}

const fileName = 'completion-feedback.jsonl';
const defaultMaxBytes = 2_000_000;
/** While the disk is slow no more than this waits in memory. */
const mostWaiting = 1000;

export class FeedbackStore {
  readonly #options: Required<FeedbackStoreOptions>;
  #waiting: string[] = [];
  /** Writes and deletions, one after the other. */
  #work: Promise<void> = Promise.resolve();
  #hasFailed = false;

  constructor(options: FeedbackStoreOptions) {
    this.#options = { maxBytes: defaultMaxBytes, ...options };
  }

  /** Returns at once; the record is written soon. */
  record(record: FeedbackRecord): void {
    if (this.#waiting.length >= mostWaiting) return;
    this.#waiting.push(`${JSON.stringify({ atMs: this.#options.nowMs(), ...record })}\n`);
    if (this.#waiting.length === 1) this.#work = this.#work.then(() => this.#write());
  }

  /** Everything that was recorded is on disk, or has been said to be lost. */
  flush(): Promise<void> {
    return this.#work;
  }

  /** @throws when the file is there and cannot be deleted */
  async deleteAll(): Promise<void> {
    this.#waiting = [];
    const deletion = this.#work.then(() => fs.rm(this.#path, { force: true }));
    this.#work = deletion.catch(() => undefined);
    await deletion;
  }

  get #path(): string {
    return path.join(this.#options.directory, fileName);
  }

  async #write(): Promise<void> {
    const lines = this.#waiting.join('');
    this.#waiting = [];
    if (lines === '') return;
    const { directory, maxBytes, log } = this.#options;
    try {
      await fs.mkdir(directory, { recursive: true, mode: 0o700 });
      // An existing folder and file keep their modes, and a link could lead elsewhere.
      const stat = await fs.lstat(this.#path).catch(() => undefined);
      if (stat && !stat.isFile()) throw new Error(`${this.#path} is not a file.`);
      if (stat && (stat.mode & 0o077) !== 0) await fs.chmod(this.#path, 0o600);
      if (stat && stat.size + lines.length > maxBytes) await this.#dropOlderHalf();
      await fs.appendFile(this.#path, lines, { mode: 0o600 });
    } catch (error) {
      // Said once: a full disk costs the history, never a suggestion.
      if (!this.#hasFailed) log.warn(`What became of suggestions cannot be kept: ${error instanceof Error ? error.message : String(error)}`);
      this.#hasFailed = true;
    }
  }

  async #dropOlderHalf(): Promise<void> {
    const text = await fs.readFile(this.#path, 'utf8');
    const kept = text.slice(text.indexOf('\n', Math.max(0, text.length - Math.floor(this.#options.maxBytes / 2))) + 1);
    const temporary = `${this.#path}.${process.pid}.tmp`;
    await fs.rm(temporary, { force: true });
    try {
      await fs.writeFile(temporary, kept, { mode: 0o600, flag: 'wx' });
      await fs.rename(temporary, this.#path);
    } finally {
      await fs.rm(temporary, { force: true });
    }
  }
}
