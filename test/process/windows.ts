// Editor windows as processes (windowProcess.ts), for tests of what they share and of what happens when one of them dies.
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { EngineStatus, ModelDescription } from '../../native/protocol/messages.ts';
import type { Outcome } from '../../server/core/outcome.ts';
import type { Generation, GenerateRequest } from '../../server/inference/inference.ts';
import { engineModule, starterModel } from '../native/localEngine.ts';
import type { WindowOptions } from './windowProcess.ts';

const windowModule = fileURLToPath(new URL('./windowProcess.ts', import.meta.url));

export interface Request {
  /** Resolves with the first piece of text. */
  readonly firstText: Promise<void>;
  readonly outcome: Promise<Outcome<Generation>>;
}

export class Window {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, { readonly onText: () => void; readonly onDone: (outcome: unknown) => void }>();
  #nextId = 0;

  constructor(runtimeDirectory: string, over: Partial<WindowOptions> = {}) {
    const options: WindowOptions = {
      engineModule,
      runtimeDirectory,
      model: starterModel,
      engine: { gpu: 'off', threads: 1, keepAliveMs: 500 },
      ...over,
    };
    this.#child = fork(windowModule, [JSON.stringify(options)], { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    this.#child.on('message', (message) => {
      const { id, kind, outcome } = message as { id: number; kind: 'text' | 'done'; outcome?: unknown };
      const waiting = this.#waiting.get(id);
      if (kind === 'text') waiting?.onText();
      else waiting?.onDone(outcome);
    });
    // What is sent to a process that was just killed is lost, which is the point of killing it.
    this.#child.on('error', () => undefined);
  }

  describe(): Promise<Outcome<ModelDescription>> {
    return this.#send({ act: 'describe' }).done as Promise<Outcome<ModelDescription>>;
  }

  status(): Promise<Outcome<EngineStatus>> {
    return this.#send({ act: 'status' }).done as Promise<Outcome<EngineStatus>>;
  }

  generate(request: GenerateRequest): Request {
    const { text, done } = this.#send({ act: 'generate', request });
    return { firstText: text, outcome: done as Promise<Outcome<Generation>> };
  }

  /** To the process. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(signal);
  }

  /** kill -9, resolves when the process is gone; what it was asked is never answered. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await gone;
  }

  #send(command: object): { readonly text: Promise<void>; readonly done: Promise<unknown> } {
    const id = this.#nextId++;
    let onText = () => {};
    const text = new Promise<void>((resolve) => {
      onText = resolve;
    });
    const done = new Promise<unknown>((resolve) => this.#waiting.set(id, { onText, onDone: resolve }));
    this.#child.send({ id, ...command });
    return { text, done };
  }
}
