// States of sequences on disk: written under another name, sealed with a checksum, found again by the tokens that they begin with, and bounded
// in size. It knows files; it must not know how a state is made, what a chat is or which model is in memory.
import { createHash, type Hash } from 'node:crypto';
import { promises as fs } from 'node:fs';
import path from 'node:path';
import {
  deleteStateFiles,
  draftFileName,
  inspectStateDirectory,
  listDrafts,
  listStateFiles,
  removeStateFile,
  type StateFile,
  sizeOf,
  stateFileName,
} from './channel/stateDirectory.ts';
import type { SavedStatesSize } from './protocol/messages.ts';
import { examineSealed, sealFile } from './sealedFile.ts';
import { messageOf } from './messageOf.ts';

const mebibyte = 1024 * 1024;
const defaultLimits: Limits = { files: 64, totalBytes: 1024 * mebibyte, fileBytes: 256 * mebibyte };
/** After a failure, such as a full disk, nothing is tried for so long. */
const restMs = 10 * 60 * 1000;
/** No state takes that long to write. */
const abandonedMs = 60 * 60 * 1000;

export interface Limits {
  readonly files: number;
  readonly totalBytes: number;
  readonly fileBytes: number;
}

export interface SavedStatesOptions {
  readonly directory: string;
  readonly log: (line: string) => void;
  /** ms since 1970, as the dates of files. */
  readonly now: () => number;
  readonly limits?: Limits;
}

/** A file whose seal was right. */
export interface SavedState {
  readonly path: string;
  /** It holds the state of so many of the first tokens that were looked for. */
  readonly tokens: number;
}

/** A file to write a state to: without a name that counts until it is kept. */
export interface Draft {
  readonly path: string;
}

export class SavedStates {
  readonly #options: SavedStatesOptions;
  readonly #limits: Limits;
  #restsUntil = 0;
  #isSwept = false;
  /** Counts deletions: what was begun before one must not appear after it. */
  #deletions = 0;
  readonly #begun = new Map<Draft, number>();

  constructor(options: SavedStatesOptions) {
    this.#options = options;
    this.#limits = options.limits ?? defaultLimits;
  }

  /** Larger states are not kept. */
  get mostBytes(): number {
    return this.#limits.fileBytes;
  }

  /** How often everything was deleted. */
  get deletions(): number {
    return this.#deletions;
  }

  async size(): Promise<SavedStatesSize> {
    const files = await this.#files();
    const sizes = await Promise.all(files.map((file) => sizeOf(file.path)));
    return { files: files.length, bytes: sizes.reduce((sum, bytes) => sum + bytes, 0) };
  }

  /**
   * How many of the first tokens have a state on disk, going by names alone.
   * @param model SHA-256 in hex of all that the meaning of a state depends on
   */
  async longest(model: string, tokens: Uint32Array): Promise<number> {
    return (await this.#candidates(model, tokens))[0]?.tokens ?? 0;
  }

  /** The longest state of the first of these tokens, of more than `moreThan`. What is damaged or foreign is removed on the way. */
  async find(model: string, tokens: Uint32Array, moreThan: number): Promise<SavedState | undefined> {
    await this.#sweep();
    for (const file of await this.#candidates(model, tokens)) {
      if (file.tokens <= moreThan) return undefined;
      const verdict = await examineSealed(file.path, { names: namesOf(model, tokens.subarray(0, file.tokens)), mostBytes: this.#limits.fileBytes });
      if (verdict === 'right') {
        await this.#touch(file.path);
        return { path: file.path, tokens: file.tokens };
      }
      if (verdict === 'gone') continue;
      this.#options.log(`A saved state is not used and removed: ${verdict}.`);
      await this.remove(file.path);
    }
    return undefined;
  }

  /** For what turns out to be of no use. */
  async remove(file: string): Promise<void> {
    try {
      await removeStateFile(file);
    } catch (error) {
      this.#options.log(`A saved state cannot be removed: ${messageOf(error)}.`);
    }
  }

  /** @returns undefined where nothing can be saved now; each failure is told in the log once */
  async begin(): Promise<Draft | undefined> {
    if (this.#options.now() < this.#restsUntil) return undefined;
    const { directory } = this.#options;
    const begun = this.#deletions;
    try {
      await fs.mkdir(directory, { recursive: true, mode: 0o700 });
      const verdict = await inspectStateDirectory(directory);
      if (verdict.verdict !== 'ok') throw new Error(verdict.verdict === 'unusable' ? verdict.cause : `${directory} is missing`);
      await this.#sweep();
      const draft = { path: path.join(directory, draftFileName()) };
      // Made here, since the library would let the user's other programs decide who may read it.
      await fs.writeFile(draft.path, '', { flag: 'wx', mode: 0o600 });
      this.#begun.set(draft, begun);
      return draft;
    } catch (error) {
      this.fail(error);
      return undefined;
    }
  }

  /** Seals a draft and gives it its name, unless everything was deleted meanwhile. `writtenBytes` is what the library says it wrote. */
  async keep(
    draft: Draft,
    { model, tokens, writtenBytes }: { readonly model: string; readonly tokens: Uint32Array; readonly writtenBytes: number },
  ): Promise<void> {
    try {
      const bytes = await sizeOf(draft.path);
      if (bytes !== writtenBytes) throw new Error(`${bytes} of ${writtenBytes} bytes could be written`);
      if (bytes > this.#limits.fileBytes) return;
      await sealFile(draft.path, bytes, namesOf(model, tokens));
      if (this.#begun.get(draft) !== this.#deletions) return;
      const name = stateFileName({ model: model.slice(0, 32), tokens: tokens.length, head: namesOf(model, tokens).toString('hex').slice(0, 32) });
      await fs.rename(draft.path, path.join(this.#options.directory, name));
      await this.#makeRoom();
    } catch (error) {
      this.fail(error);
    }
  }

  /** Nothing is left of a draft that was not kept. */
  async discard(draft: Draft): Promise<void> {
    this.#begun.delete(draft);
    await this.remove(draft.path);
  }

  /** Says so once and saves nothing for a while: the answers themselves must not suffer. */
  fail(error: unknown): void {
    if (this.#options.now() < this.#restsUntil) return;
    this.#restsUntil = this.#options.now() + restMs;
    this.#options.log(`State of chats cannot be saved (${messageOf(error)}); it is tried again in ${restMs / 60_000} minutes.`);
  }

  async deleteAll(): Promise<SavedStatesSize> {
    this.#deletions++;
    return deleteStateFiles(this.#options.directory);
  }

  /** A directory that cannot be read is as good as an empty one. */
  async #files(): Promise<readonly StateFile[]> {
    return listStateFiles(this.#options.directory).catch(() => []);
  }

  /** Names that fit, the longest first. */
  async #candidates(model: string, tokens: Uint32Array): Promise<readonly StateFile[]> {
    const files = (await this.#files()).filter((file) => file.model === model.slice(0, 32) && file.tokens <= tokens.length).sort((a, b) => a.tokens - b.tokens);
    const hash = nameHash(model);
    let hashed = 0;
    const fitting: StateFile[] = [];
    for (const file of files) {
      hash.update(bytesOf(tokens.subarray(hashed, file.tokens)));
      hashed = file.tokens;
      if (hash.copy().digest('hex').slice(0, 32) === file.head) fitting.unshift(file);
    }
    return fitting;
  }

  /** Its date says when it was used last. */
  async #touch(file: string): Promise<void> {
    const now = new Date(this.#options.now());
    try {
      await fs.utimes(file, now, now);
    } catch {
      // Only the order in which files go suffers.
    }
  }

  /** The files that were not used for longest go first. */
  async #makeRoom(): Promise<void> {
    const files: { readonly path: string; readonly bytes: number; readonly usedAt: number }[] = [];
    for (const { path: file } of await this.#files()) {
      try {
        const { size, mtimeMs } = await fs.lstat(file);
        files.push({ path: file, bytes: size, usedAt: mtimeMs });
      } catch {
        // Another engine has just removed it.
        continue;
      }
    }
    files.sort((a, b) => b.usedAt - a.usedAt);
    let bytes = 0;
    for (const [index, file] of files.entries()) {
      bytes += file.bytes;
      if (index >= this.#limits.files || bytes > this.#limits.totalBytes) await this.remove(file.path);
    }
  }

  /** Once: drafts of engines that were killed hold text and are of no use to anybody. */
  async #sweep(): Promise<void> {
    if (this.#isSwept) return;
    this.#isSwept = true;
    for (const draft of await listDrafts(this.#options.directory).catch(() => [])) {
      const isOld = this.#options.now() - (await fs.lstat(draft.path).catch(() => ({ mtimeMs: 0 }))).mtimeMs > abandonedMs;
      if (isOld || !isAlive(draft.pid)) await this.remove(draft.path);
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** The names in full: those of the file are shortened, and files can be renamed. */
function namesOf(model: string, tokens: Uint32Array): Buffer {
  return nameHash(model).update(bytesOf(tokens)).digest();
}

function nameHash(model: string): Hash {
  return createHash('sha256').update(model).update('\n');
}

function bytesOf(tokens: Uint32Array): Uint8Array {
  return new Uint8Array(tokens.buffer, tokens.byteOffset, tokens.byteLength);
}
