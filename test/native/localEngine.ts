// A real engine with the starter model for tests: a private runtime directory, started from the sources, ended by the test.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EngineOptions } from '../../native/protocol/messages.ts';
import type { Log } from '../../server/core/log.ts';
import { LocalInference } from '../../server/inference/localInference.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
export const starterModel = path.join(root, 'native/starter-model/starter-fim.gguf');
export const engineModule = path.join(root, 'native/main.ts');

export interface TestEngine {
  readonly inference: LocalInference;
  readonly runtimeDirectory: string;
  readonly logLines: string[];
  /** Another client of the same engine. */
  readonly connect: (model?: string, engine?: Partial<EngineOptions>, module?: string) => LocalInference;
  readonly end: () => Promise<void>;
}

export function testEngine(
  options: {
    readonly model?: string;
    readonly contextSize?: number;
    readonly engine?: Partial<EngineOptions>;
    readonly engineModule?: string;
    readonly heartbeatMs?: number;
    /** The restart budget's clock, ms. */
    readonly now?: () => number;
  } = {},
): TestEngine {
  const runtimeDirectory = mkdtempSync(path.join(os.tmpdir(), 'tm-'));
  const logLines: string[] = [];
  const log: Log = {
    error: (line) => logLines.push(line),
    warn: (line) => logLines.push(line),
    info: (line) => logLines.push(line),
    debug: (line) => logLines.push(line),
  };
  const clients: LocalInference[] = [];
  const connect = (model = options.model ?? starterModel, engine: Partial<EngineOptions> = {}, module = options.engineModule ?? engineModule) => {
    const client = new LocalInference({
      engineModule: module,
      runtimeDirectory,
      engine: { gpu: 'off', threads: 1, keepAliveMs: 500, ...options.engine, ...engine },
      model: { path: model, contextSize: options.contextSize ?? 0 },
      log,
      now: options.now ?? (() => performance.now()),
      ...(options.heartbeatMs === undefined ? {} : { heartbeatMs: options.heartbeatMs }),
    });
    clients.push(client);
    return client;
  };
  return {
    inference: connect(),
    runtimeDirectory,
    logLines,
    connect,
    end: async () => {
      for (const client of clients) await client.dispose();
      rmSync(runtimeDirectory, { recursive: true, force: true });
    },
  };
}
