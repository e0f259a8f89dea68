// A real engine with the starter model for tests: a private runtime directory, started from the sources, ended by the test.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EngineOptions, ModelSpec } from '../../native/protocol/messages.ts';
import type { Log } from '../../server/core/log.ts';
import { LocalInference } from '../../server/inference/localInference.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
export const starterModel = path.join(root, 'native/starter-model/starter-fim.gguf');
export const engineModule = path.join(root, 'native/main.ts');

export interface ConnectOptions {
  readonly engine?: Partial<EngineOptions>;
  readonly module?: string;
  /** The other wishes for the model. */
  readonly spec?: Partial<ModelSpec>;
  readonly chooseAction?: string;
}

export interface TestEngine {
  readonly inference: LocalInference;
  readonly runtimeDirectory: string;
  readonly stateDirectory: string;
  readonly logLines: string[];
  /** Another client of the same engine. */
  readonly connect: (model?: string, over?: ConnectOptions) => LocalInference;
  readonly end: () => Promise<void>;
}

export interface TestEngineOptions {
  readonly model?: string;
  readonly contextSize?: number;
  /** The other wishes for the model. */
  readonly spec?: Partial<ModelSpec>;
  readonly engine?: Partial<EngineOptions>;
  readonly engineModule?: string;
  readonly heartbeatMs?: number;
  /** One in the runtime directory when absent. */
  readonly stateDirectory?: string;
  /** The restart budget's clock, ms. */
  readonly now?: () => number;
}

export function testEngine(options: TestEngineOptions = {}): TestEngine {
  const runtimeDirectory = mkdtempSync(path.join(os.tmpdir(), 'tm-'));
  const stateDirectory = options.stateDirectory ?? path.join(runtimeDirectory, 'kv');
  const logLines: string[] = [];
  const log: Log = {
    error: (line) => logLines.push(line),
    warn: (line) => logLines.push(line),
    info: (line) => logLines.push(line),
    debug: (line) => logLines.push(line),
  };
  const clients: LocalInference[] = [];
  const connect = (model = options.model ?? starterModel, over: ConnectOptions = {}) => {
    const client = new LocalInference({
      engineModule: over.module ?? options.engineModule ?? engineModule,
      runtimeDirectory,
      stateDirectory,
      engine: { gpu: 'off', threads: 1, keepAliveMs: 500, ...options.engine, ...over.engine },
      model: { path: model, contextSize: options.contextSize ?? 0, ...options.spec, ...over.spec },
      log,
      now: options.now ?? (() => performance.now()),
      ...(over.chooseAction === undefined ? {} : { chooseAction: over.chooseAction }),
      ...(options.heartbeatMs === undefined ? {} : { heartbeatMs: options.heartbeatMs }),
    });
    clients.push(client);
    return client;
  };
  return {
    inference: connect(),
    runtimeDirectory,
    stateDirectory,
    logLines,
    connect,
    end: async () => {
      for (const client of clients) await client.dispose();
      rmSync(runtimeDirectory, { recursive: true, force: true });
    },
  };
}
