// Reads forward through the header of a GGUF file, with a bound to all that a file can claim about itself. It knows numbers and texts; it must not know
// what they mean.
import type { promises as fs } from 'node:fs';

const maxHeaderBytes = 128 * 1024 * 1024;
export const maxStringBytes = 4 * 1024 * 1024;
const readChunkBytes = 1024 * 1024;

export class HeaderError extends Error {
  readonly kind: 'corrupt' | 'truncated' | 'notGguf';
  constructor(kind: 'corrupt' | 'truncated' | 'notGguf', message: string) {
    super(message);
    this.kind = kind;
  }
}

/** Reads forward through the file and keeps only a window of it. */
export class HeaderReader {
  readonly #handle: Pick<fs.FileHandle, 'read'>;
  readonly #tooLate: AbortSignal;
  #window = Buffer.alloc(0);
  #windowStart = 0;
  #offset = 0;

  /** `tooLate`: nobody waits for the header any more. */
  constructor(handle: Pick<fs.FileHandle, 'read'>, tooLate: AbortSignal) {
    this.#handle = handle;
    this.#tooLate = tooLate;
  }

  get offset(): number {
    return this.#offset;
  }

  async bytes(length: number): Promise<Buffer> {
    this.#tooLate.throwIfAborted();
    if (this.#offset + length > maxHeaderBytes) throw new HeaderError('corrupt', 'its header is longer than any real one');
    const end = this.#offset + length;
    if (end > this.#windowStart + this.#window.length) {
      const keep = this.#window.subarray(this.#offset - this.#windowStart);
      const more = Buffer.alloc(Math.max(readChunkBytes, length - keep.length));
      const { bytesRead } = await this.#handle.read(more, 0, more.length, this.#offset + keep.length);
      this.#window = Buffer.concat([keep, more.subarray(0, bytesRead)]);
      this.#windowStart = this.#offset;
      if (this.#window.length < length) throw new HeaderError('truncated', 'it ends inside its header');
    }
    const start = this.#offset - this.#windowStart;
    this.#offset = end;
    return this.#window.subarray(start, start + length);
  }

  async skip(length: number): Promise<void> {
    for (let left = length; left > 0; left -= readChunkBytes) await this.bytes(Math.min(left, readChunkBytes));
  }

  async u32(): Promise<number> {
    return (await this.bytes(4)).readUInt32LE(0);
  }

  async u64(limit: number, what: string): Promise<number> {
    const value = (await this.bytes(8)).readBigUInt64LE(0);
    if (value > BigInt(limit)) throw new HeaderError('corrupt', `${what} is ${value}, over the limit of ${limit}`);
    return Number(value);
  }

  async string(what: string): Promise<string> {
    const length = await this.u64(maxStringBytes, `the length of ${what}`);
    return (await this.bytes(length)).toString('utf8');
  }
}
