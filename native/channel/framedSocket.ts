// Frames on a local socket: four bytes of length (big endian), then that many bytes of JSON.
// It knows sizes and order. It must not know what a frame means.
// Own framing instead of LSP's headers: a length is bounded before a byte of the body is kept, and there is no header text to parse
// from a peer that has not proved itself yet.
import type { Socket } from 'node:net';

const headerBytes = 4;

export class FramedSocket {
  readonly socket: Socket;
  #maxFrameBytes: number;
  #chunks: Buffer[] = [];
  #bufferedBytes = 0;
  #onFrame: ((payload: unknown) => void) | undefined;

  /** `maxFrameBytes` bounds one frame in either direction; a larger one closes the socket. */
  constructor(socket: Socket, maxFrameBytes: number) {
    this.socket = socket;
    this.#maxFrameBytes = maxFrameBytes;
    socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#bufferedBytes += chunk.length;
      this.#drain();
    });
    socket.pause();
  }

  /** Raises the bound once the peer has proved itself. */
  allowFrames(maxFrameBytes: number): void {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** Sets who receives frames; without a receiver the socket is paused, so nothing piles up in memory. */
  receive(onFrame: ((payload: unknown) => void) | undefined): void {
    this.#onFrame = onFrame;
    if (!onFrame) {
      this.socket.pause();
      return;
    }
    this.#drain();
    this.socket.resume();
  }

  send(payload: unknown): Promise<void> {
    const body = Buffer.from(JSON.stringify(payload), 'utf8');
    if (body.length > this.#maxFrameBytes)
      return Promise.reject(new RangeError(`A message of ${body.length} bytes is over the limit of ${this.#maxFrameBytes}.`));
    const frame = Buffer.allocUnsafe(headerBytes + body.length);
    frame.writeUInt32BE(body.length, 0);
    body.copy(frame, headerBytes);
    return new Promise((resolve, reject) => {
      this.socket.write(frame, (error) => (error ? reject(error) : resolve()));
    });
  }

  #drain(): void {
    while (this.#onFrame && this.#bufferedBytes >= headerBytes) {
      const length = this.#peekLength();
      if (length > this.#maxFrameBytes) {
        this.socket.destroy(new RangeError(`A frame of ${length} bytes is over the limit of ${this.#maxFrameBytes}.`));
        return;
      }
      if (this.#bufferedBytes < headerBytes + length) return;
      const frame = this.#take(headerBytes + length).subarray(headerBytes);
      let payload: unknown;
      try {
        payload = JSON.parse(frame.toString('utf8'));
      } catch {
        this.socket.destroy(new SyntaxError('A frame is not JSON.'));
        return;
      }
      this.#onFrame(payload);
    }
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
