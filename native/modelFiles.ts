// Notices that a model's file is not the one any more that was loaded. It knows files; it must not know models.
// A file that is replaced by a rename keeps its old content for whoever has it mapped, so answers go on unchanged, and a new download
// would never be used until the engine ends. A file that is cut short in place ends the process with SIGBUS, which nothing here can help.
import { promises as fs } from 'node:fs';

interface Noted {
  readonly path: string;
  readonly identity: string | undefined;
}

export class ModelFiles {
  readonly #noted = new Map<string, Noted>();
  /**
   * What was asked of the file system and not answered yet, by path. It is asked once at a time: each question holds a thread, and the few there are
   * evaluate models, too.
   */
  readonly #asked = new Map<string, Promise<string | undefined>>();

  /** To be called before the file is read. */
  async note(key: string, path: string): Promise<void> {
    this.#noted.set(key, { path, identity: await this.#identityOf(path) });
  }

  forget(key: string): void {
    this.#noted.delete(key);
  }

  /** False also for a file that is gone or was never noted: what is in memory is the best there is. */
  async isReplaced(key: string): Promise<boolean> {
    const noted = this.#noted.get(key);
    if (!noted?.identity) return false;
    const identity = await this.#identityOf(noted.path);
    return identity !== undefined && identity !== noted.identity && this.#noted.get(key) === noted;
  }

  #identityOf(path: string): Promise<string | undefined> {
    const asked = this.#asked.get(path) ?? identityOf(path).finally(() => this.#asked.delete(path));
    this.#asked.set(path, asked);
    return asked;
  }
}

async function identityOf(path: string): Promise<string | undefined> {
  try {
    const { dev, ino, size, mtimeMs } = await fs.stat(path);
    return `${dev}:${ino}:${size}:${mtimeMs}`;
  } catch {
    return undefined;
  }
}
