// The heap of an engine right after its garbage was collected: what it really holds. What is collected by itself depends on how much room the machine has, and
// looks like growth for tens of thousands of requests. It knows Node's inspector; it must not know what is asked of the engine.
import { createServer } from 'node:net';

const inspectVariable = 'TRAMONTANE_INSPECT_ENGINE';

interface Reply {
  readonly id?: number;
  readonly result?: { readonly result?: { readonly value?: unknown } };
}

export class InspectedHeap {
  readonly #socket: WebSocket;
  #nextId = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  /** `start` starts the engine, which listens for the inspector on this machine alone. */
  static async of<Engine>(start: () => Promise<Engine>): Promise<{ readonly engine: Engine; readonly heap: InspectedHeap }> {
    const port = await freePort();
    process.env[inspectVariable] = String(port);
    const engine = await start().finally(() => delete process.env[inspectVariable]);
    const [target] = (await (await fetch(`http://127.0.0.1:${port}/json`)).json()) as { readonly webSocketDebuggerUrl: string }[];
    if (!target) throw new Error('The engine cannot be inspected.');
    const socket = new WebSocket(target.webSocketDebuggerUrl);
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve);
      socket.addEventListener('error', () => reject(new Error('The engine refused the inspector.')));
    });
    return { engine, heap: new InspectedHeap(socket) };
  }

  /** Bytes that are in use, and those of the whole process. */
  async bytes(): Promise<{ readonly heap: number; readonly resident: number }> {
    // What a first collection finalizes is freed by a second one.
    for (let pass = 0; pass < 2; pass++) await this.#call('HeapProfiler.collectGarbage', {});
    const { result } = await this.#call('Runtime.evaluate', { expression: 'JSON.stringify(process.memoryUsage())' });
    const { heapUsed, rss } = JSON.parse(String(result?.result?.value)) as NodeJS.MemoryUsage;
    return { heap: heapUsed, resident: rss };
  }

  close(): void {
    this.#socket.close();
  }

  #call(method: string, params: object): Promise<Reply> {
    const id = ++this.#nextId;
    return new Promise((resolve) => {
      const onMessage = ({ data }: MessageEvent) => {
        const reply = JSON.parse(String(data)) as Reply;
        if (reply.id !== id) return;
        this.#socket.removeEventListener('message', onMessage);
        resolve(reply);
      };
      this.#socket.addEventListener('message', onMessage);
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
