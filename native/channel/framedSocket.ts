// Frames on a local socket: four bytes of length (big endian), then that many bytes of JSON.
// It knows sizes and order. It must not know what a frame means.
// Own framing instead of LSP's headers: a length is bounded before a byte of the body is kept, and there is no header text to parse
// from a peer that has not proved itself yet.
import type { Socket } from 'node:net';

const headerBytes = 4;
/** A peer that asks but does not read is cut off when this much waits for it, in bytes. */
const mostUnreadBytes = 64 * 1024 * 1024;

/** It was not sent; the connection is as it was. */
export class MessageTooLargeError extends RangeError {}

export class FramedSocket {
  readonly socket: Socket;
  #maxFrameBytes: number;
  #chunks: Buffer[] = [];
  #bufferedBytes = 0;
  #onFrame: ((payload: unknown) => void) | undefined;
  #nextTurn: NodeJS.Immediate | undefined;
  #isClosed = false;
  #isBroken = false;
  readonly #onClose: (() => void)[] = [];

  /** `maxFrameBytes` bounds one frame in either direction; a larger one closes the socket. */
  constructor(socket: Socket, maxFrameBytes: number) {
    this.socket = socket;
    this.#maxFrameBytes = maxFrameBytes;
    socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#bufferedBytes += chunk.length;
      this.#drain();
    });
    socket.once('error', () => {
      this.#isBroken = true;
    });
    socket.once('close', () => {
      this.#isClosed = true;
      this.#drain();
    });
    socket.pause();
  }

  /** Called once when the socket has closed and every frame that had come before is handed over. */
  onClose(listener: () => void): void {
    this.#onClose.push(listener);
  }

  /** Raises the bound once the peer has proved itself. */
  allowFrames(maxFrameBytes: number): void {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** Sets who receives frames; without a receiver the socket is paused, so nothing piles up in memory. */
  receive(onFrame: ((payload: unknown) => void) | undefined): void {
    this.#onFrame = onFrame;
    if (onFrame) this.#drain();
    else this.socket.pause();
  }

  send(payload: unknown): Promise<void> {
    const body = Buffer.from(JSON.stringify(payload), 'utf8');
    if (body.length > this.#maxFrameBytes)
      return Promise.reject(new MessageTooLargeError(`A message of ${body.length} bytes is over the limit of ${this.#maxFrameBytes}.`));
    if (this.socket.writableLength > mostUnreadBytes) {
      const error = new RangeError(`The peer has left ${this.socket.writableLength} bytes unread.`);
      this.socket.destroy(error);
      return Promise.reject(error);
    }
    const frame = Buffer.allocUnsafe(headerBytes + body.length);
    frame.writeUInt32BE(body.length, 0);
    body.copy(frame, headerBytes);
    return new Promise((resolve, reject) => {
      this.socket.write(frame, (error) => (error ? reject(error) : resolve()));
    });
  }

  /**
   * Hands over at most one frame a turn of the event loop, which is as fast as vscode-jsonrpc takes them from its queue, and reads on
   * only when none is left: a flood stays in the socket's own buffers and slows nobody but its sender.
   */
  #drain(): void {
    if (this.#nextTurn) return;
    // A peer may end right behind its last answer, which waits here for its turn; a broken connection says nothing more.
    const frame = this.#onFrame && !this.#isBroken ? this.#takeFrame() : undefined;
    if (!frame) {
      if (this.#isClosed) for (const listener of this.#onClose.splice(0)) listener();
      else if (this.#onFrame && !this.socket.destroyed) this.socket.resume();
      return;
    }
    this.socket.pause();
    this.#nextTurn = setImmediate(() => {
      this.#nextTurn = undefined;
      this.#drain();
    });
    let payload: unknown;
    try {
      payload = JSON.parse(frame.toString('utf8'));
    } catch {
      this.socket.destroy(new SyntaxError('A frame is not JSON.'));
      return;
    }
    this.#onFrame?.(payload);
  }

  /** The body of the next frame, if all of it is there. */
  #takeFrame(): Buffer | undefined {
    if (this.#bufferedBytes < headerBytes) return undefined;
    const length = this.#peekLength();
    if (length > this.#maxFrameBytes) {
      this.socket.destroy(new RangeError(`A frame of ${length} bytes is over the limit of ${this.#maxFrameBytes}.`));
      return undefined;
    }
    if (this.#bufferedBytes < headerBytes + length) return undefined;
    return this.#take(headerBytes + length).subarray(headerBytes);
  }

  #peekLength(): number {
    const first = this.#chunks[0];
    if (first && first.length >= headerBytes) return first.readUInt32BE(0);
    this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0]?.readUInt32BE(0) ?? 0;
  }

  #take(bytes: number): Buffer {
    const all = this.#chunks.length === 1 && this.#chunks[0] ? this.#chunks[0] : Buffer.concat(this.#chunks);
    const rest = all.subarray(bytes);
    this.#chunks = rest.length > 0 ? [rest] : [];
    this.#bufferedBytes = rest.length;
    return all.subarray(0, bytes);
  }
}
