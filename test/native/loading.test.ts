// The end of a load that goes wrong after the model is in memory, with the real library and the starter model.
import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, afterEach, before, beforeEach, mock, test } from 'node:test';
import type { LlamaModel } from 'node-llama-cpp';
import { Library } from '../../native/library.ts';
import type { ModelLoaderOptions } from '../../native/loading.ts';
import { loadModel } from '../../native/modelLoader.ts';
import { RenderProcess } from '../../native/renderProcess.ts';
import { SavedStates } from '../../native/savedStates.ts';
import { Turns } from '../../native/turns.ts';
import { starterModel } from './localEngine.ts';

let folder: string;
let file: string;
let library: Library;
let lines: string[];
const log = (line: string) => void lines.push(line);

before(() => {
  lines = [];
  library = new Library({ gpu: 'off', devices: [], maxThreads: 1, log });
});
after(() => library.dispose());
beforeEach(() => {
  lines = [];
  folder = mkdtempSync(path.join(os.tmpdir(), 'tm-'));
  file = path.join(folder, 'model.gguf');
  copyFileSync(starterModel, file);
});
afterEach(() => {
  mock.restoreAll();
  rmSync(folder, { recursive: true, force: true });
});

/** `onGood`: called when model and context are in memory. */
function optionsFor(onGood: () => void): ModelLoaderOptions {
  const plenty = { freeBytes: 64e9, totalBytes: 64e9 };
  const plans = { find: () => undefined, noteTrying: () => undefined, noteGood: onGood, forget: () => undefined };
  return {
    library,
    plans: plans as unknown as ModelLoaderOptions['plans'],
    machineMemory: async () => ({ ram: plenty, vram: { freeBytes: 0, totalBytes: 0 }, isUnified: false }),
    makeRoom: async () => false,
    limitModels: async () => undefined,
    hasRoom: async () => true,
    decodeThreads: 1,
    prefillThreads: 1,
    turns: new Turns().forModel(() => undefined),
    renderProcess: new RenderProcess(),
    states: new SavedStates({ directory: path.join(folder, 'kv'), log, now: Date.now }),
    log,
  };
}

/** The models that the library loads from now on. */
async function loadedModels(): Promise<readonly LlamaModel[]> {
  const models: LlamaModel[] = [];
  const llama = await library.main();
  const load = llama.loadModel.bind(llama);
  mock.method(llama, 'loadModel', async (options: Parameters<typeof load>[0]) => {
    const model = await load(options);
    models.push(model);
    return model;
  });
  return models;
}

test('a file that is gone when the model is in memory leaves a model that answers, without saved chats', {
  skip: process.platform === 'win32' ? 'a file in use stays on Windows' : false,
}, async () => {
  const result = await loadModel(
    { path: file, contextSize: 256 },
    optionsFor(() => rmSync(file)),
  );
  assert.ok(result.outcome === 'ok');
  const { model } = result;
  const { signal } = new AbortController();
  const request = { client: 0, priority: 'chat' as const, maxTokens: 2, sampling: { temperature: 0 }, notFirst: undefined, signal, onToken: () => false };
  const answer = await model.loop.run({ ...request, prompt: Uint32Array.from(model.vocabulary.plain('def add(a, b):')) });
  assert.equal(answer.generatedTokens, 2);
  assert.equal(lines.filter((line) => line.startsWith(`No state of chats with ${file} is kept: `)).length, 1, lines.join('\n'));
  await model.dispose();
});

test('a model that nobody gets is not left in memory', async () => {
  const models = await loadedModels();
  const failing = () => {
    throw new Error('on purpose');
  };
  const options = optionsFor(() => undefined);
  await assert.rejects(
    loadModel(
      { path: file, contextSize: 256 },
      {
        ...options,
        get renderProcess(): never {
          return failing();
        },
      },
    ),
    /on purpose/,
  );
  assert.deepEqual(
    models.map(({ disposed }) => disposed),
    [true],
  );
});
