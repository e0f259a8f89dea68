// An engine whose answers are written down by a test, on the very socket where the real one would listen: the installed extension
// finds it in its runtime directory and speaks the real protocol with it. For what the starter model is too weak to do reliably.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { RecentFigures } from '../../../native/figures.ts';
import { EngineServer, type EngineWork } from '../../../native/engineServer.ts';
import { buildIdOf, ensureRuntimeDirectory, readOrCreateSecret, socketPathFor } from '../../../native/channel/runtimeDirectory.ts';
import type { Editor } from './editor.ts';
import { engineProtocolVersion, type GenerateParams, type ModelDescription } from '../../../native/protocol/messages.ts';

export interface ScriptedEngineOptions {
  readonly runtimeDirectory: string;
  /** The engine bundle of the installed extension: its hash is part of the socket's name. */
  readonly engineModule: string;
  /** The whole answer to a request; it is streamed in small pieces. */
  readonly answer: (params: GenerateParams) => string;
  /** Awaited before the piece that begins at `at` is sent: where a test holds an answer back. */
  readonly beforePiece?: (at: number) => Promise<void>;
}

/** The engine bundle of the extension as it was installed. */
export function installedEngine({ server }: Editor): string {
  const extensions = path.join(server.profile, 'extensions');
  const ours = readdirSync(extensions).find((name) => name.startsWith('tramontane.tramontane-'));
  assert.ok(ours, `no Tramontane among ${readdirSync(extensions).join(', ')}`);
  return path.join(extensions, ours, 'dist/engine.mjs');
}

const model: ModelDescription = {
  path: '/scripted.gguf',
  name: 'Scripted Model',
  architecture: 'llama',
  sizeBytes: 1,
  contextSize: 16_384,
  trainContextSize: 16_384,
  specialTokens: ['[SUFFIX]', '[PREFIX]'],
  hasChatTemplate: true,
  gpuLayers: 0,
};

const pieceLength = 12;

export async function startScriptedEngine({
  runtimeDirectory,
  engineModule,
  answer,
  beforePiece,
}: ScriptedEngineOptions): Promise<{ readonly end: () => Promise<void> }> {
  const engine: EngineWork = {
    generate: async (params, { signal, onText }) => {
      const text = answer(params);
      for (let at = 0; at < text.length; at += pieceLength) {
        await new Promise((resolve) => setTimeout(resolve, 2));
        await beforePiece?.(at);
        if (signal.aborted) return { outcome: 'cancelled' };
        onText(text.slice(at, at + pieceLength), []);
      }
      return {
        outcome: 'ok',
        text,
        finish: 'end',
        usage: { evaluatedTokens: 10, reusedTokens: 0, generatedTokens: Math.ceil(text.length / 4) },
        timings: { queueMs: 0, prefillMs: 1, decodeMs: 10 },
      };
    },
    describeModel: async () => ({ outcome: 'ok', model }),
    countTokens: async ({ texts }) => ({ outcome: 'ok', counts: texts.map((text) => Math.ceil(text.length / 4)) }),
    deleteSavedStates: async () => ({ files: 0, bytes: 0 }),
    embed: async () => ({ outcome: 'promptProblem', cause: 'The script has no vectors.', action: 'Choose another model.', isChoice: true }),
    status: async (clients) => ({
      pid: process.pid,
      backend: 'cpu',
      threads: 1,
      uptimeMs: 0,
      clients,
      activeRequests: 0,
      memory: { residentBytes: 0, heapBytes: 0, modelBytes: 0, contextBytes: 0, vramUsedBytes: 0, vramTotalBytes: 0 },
      models: [],
      devices: [],
      savedStates: { files: 0, bytes: 0 },
      figures: new RecentFigures().all,
      totals: { requests: 0, evaluatedTokens: 0, reusedTokens: 0, generatedTokens: 0, prefillMs: 0, decodeMs: 0, ticks: 0, streamTicks: 0, batchTokens: 0 },
    }),
  };
  await ensureRuntimeDirectory(runtimeDirectory);
  const server = new EngineServer({
    engine,
    secret: await readOrCreateSecret(runtimeDirectory),
    age: { protocolVersion: engineProtocolVersion, writtenAtMs: 0 },
    inForce: { gpu: 'off', threads: 1, keepAliveMs: 0 },
    log: () => undefined,
    onClientCame: () => undefined,
    onClientLeft: () => undefined,
    onShutdown: () => undefined,
    onDrained: () => undefined,
  });
  await server.listen(socketPathFor(runtimeDirectory, await buildIdOf(engineModule, engineProtocolVersion)));
  return { end: () => server.close() };
}
