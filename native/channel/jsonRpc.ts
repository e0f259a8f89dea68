// JSON-RPC over a framed socket. It knows how vscode-jsonrpc reads and writes; it must not know any method.
import { AbstractMessageReader, AbstractMessageWriter, createMessageConnection } from 'vscode-jsonrpc/node';
import type { DataCallback, Disposable, Message, MessageConnection, MessageWriter } from 'vscode-jsonrpc/node';
import type { FramedSocket } from './framedSocket.ts';
import { MessageTooLargeError } from './framedSocket.ts';

class FrameReader extends AbstractMessageReader {
  readonly #framed: FramedSocket;

  constructor(framed: FramedSocket) {
    super();
    this.#framed = framed;
    framed.socket.on('error', (error) => this.fireError(error));
    framed.onClose(() => this.fireClose());
  }

  listen(callback: DataCallback): Disposable {
    this.#framed.receive((payload) => {
      // Only an object can be a message; vscode-jsonrpc answers malformed ones itself.
      if (typeof payload === 'object' && payload !== null && 'jsonrpc' in payload) callback(payload as Message);
      else this.#framed.socket.destroy(new TypeError('A frame is not a JSON-RPC message.'));
    });
    return { dispose: () => this.#framed.receive(undefined) };
  }
}

class FrameWriter extends AbstractMessageWriter implements MessageWriter {
  readonly #framed: FramedSocket;

  constructor(framed: FramedSocket) {
    super();
    this.#framed = framed;
    framed.onClose(() => this.fireClose());
  }

  async write(message: Message): Promise<void> {
    try {
      await this.#framed.send(message);
    } catch (error) {
      // A message that is too large was not sent at all, and the next one can be: whoever sent it is told, and nothing else is wrong.
      if (!(error instanceof MessageTooLargeError)) this.fireError(error, message);
      throw error;
    }
  }

  end(): void {
    this.#framed.socket.end();
  }
}

export function connectJsonRpc(framed: FramedSocket): MessageConnection {
  return createMessageConnection(new FrameReader(framed), new FrameWriter(framed));
}
