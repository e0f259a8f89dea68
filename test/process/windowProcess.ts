// A client of the engine in a process of its own, as the language server of each editor window is. It does what the test that started it
// says over IPC, and can be killed at any moment.
import type { EngineOptions } from '../../native/protocol/messages.ts';
import { LocalInference } from '../../server/inference/localInference.ts';
import type { GenerateRequest } from '../../server/inference/inference.ts';

/** What the process is started with, as JSON. */
export interface WindowOptions {
  readonly engineModule: string;
  readonly runtimeDirectory: string;
  readonly model: string;
  readonly engine: EngineOptions;
  readonly heartbeatMs?: number;
}

/** `generate` is answered twice for each request: with `text` when its first text comes, and at its end. */
export type WindowCommand = { readonly id: number } & (
  | { readonly act: 'describe' }
  | { readonly act: 'status' }
  | { readonly act: 'generate'; readonly request: GenerateRequest }
);

const options = JSON.parse(process.argv[2] ?? '') as WindowOptions;
const ignore = () => {};
const inference = new LocalInference({
  engineModule: options.engineModule,
  runtimeDirectory: options.runtimeDirectory,
  engine: options.engine,
  model: { path: options.model, contextSize: 0 },
  log: { error: ignore, warn: ignore, info: ignore, debug: ignore },
  now: () => performance.now(),
  ...(options.heartbeatMs === undefined ? {} : { heartbeatMs: options.heartbeatMs }),
});
const { signal } = new AbortController();

async function run(command: WindowCommand): Promise<unknown> {
  if (command.act === 'describe') return inference.describeModel(signal);
  if (command.act === 'status') return inference.engineStatus(signal);
  let hasText = false;
  return inference.generate(command.request, {
    signal,
    onText: () => {
      if (!hasText) process.send?.({ id: command.id, kind: 'text' });
      hasText = true;
    },
  });
}

process.on('message', (command) => {
  const { id } = command as WindowCommand;
  void run(command as WindowCommand).then((outcome) => process.send?.({ id, kind: 'done', outcome }));
});
// The test is over, or has died.
process.on('disconnect', () => process.exit(0));
