// From what a client or a file sets to what the engine is asked for.
import assert from 'node:assert/strict';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { engineOptionsSchema, modelSpecSchema } from '../../native/protocol/messages.ts';
import { chooseActionOf, engineOptionsOf, modelSpecOf } from '../../server/engineWishes.ts';
import { embeddingModelOf, resolveSettings } from '../../server/session/settings.ts';
import * as v from 'valibot';

function wishes(raw: unknown) {
  const { settings, warnings } = resolveSettings([{ name: 'a test', raw, mayNameMachine: true }]);
  const model = modelSpecOf(settings.model, '/starter.gguf');
  const engine = engineOptionsOf(settings.engine);
  // The door takes it.
  v.parse(modelSpecSchema, model);
  v.parse(engineOptionsSchema, engine);
  return { model, engine, warnings };
}

test('without settings only the starter model is asked for', () => {
  const { model, engine, warnings } = wishes({});
  assert.deepEqual(model, { path: '/starter.gguf', contextSize: 0 });
  assert.deepEqual(engine, { gpu: 'auto', threads: 0, keepAliveMs: 120_000 });
  assert.deepEqual(warnings, []);
});

test('layers, attention, the type of the KV cache and devices reach the engine', () => {
  const { model, engine } = wishes({
    model: { path: '~/models/m.gguf', gpuLayers: 12, flashAttention: 'on', kvCacheType: 'q8_0' },
    engine: { gpu: 'cuda', devices: [1, 0] },
  });
  assert.deepEqual(model, { path: path.join(os.homedir(), 'models/m.gguf'), contextSize: 0, gpuLayers: 12, flashAttention: 'on', kvType: 'q8_0' });
  assert.deepEqual(engine.devices, [1, 0]);
});

test('minus one and null are automatic, nought is none', () => {
  for (const gpuLayers of [-1, null]) assert.equal(wishes({ model: { gpuLayers } }).model.gpuLayers, undefined);
  assert.equal(wishes({ model: { gpuLayers: 0 } }).model.gpuLayers, 0);
});

test('what is not valid is ignored as a whole and said', () => {
  const bad = [
    { model: { gpuLayers: 1.5 } },
    { model: { kvCacheType: 'q2' } },
    { model: { flashAttention: true } },
    { engine: { devices: [-1] } },
    { engine: { devices: '0' } },
  ];
  for (const raw of bad) {
    const { model, engine, warnings } = wishes(raw);
    assert.deepEqual([model.gpuLayers, model.kvType, model.flashAttention, engine.devices], [undefined, undefined, undefined, undefined]);
    assert.equal(warnings.length, 1, JSON.stringify(raw));
  }
});

test('none of it is taken from a client that is not trusted', () => {
  const raw = { model: { gpuLayers: 3, kvCacheType: 'q4_0' }, engine: { devices: [0] } };
  const { settings, warnings } = resolveSettings([{ name: 'a client', raw, mayNameMachine: false }]);
  assert.deepEqual([settings.model.gpuLayers, settings.model.kvCacheType, settings.engine.devices], [-1, 'f16', []]);
  assert.match(warnings.join(), /were ignored/);
});

test('what is to be done about a file names the setting that it came from', () => {
  const named = (['completion', 'chat', 'vectors'] as const).map((purpose) => /"tramontane\.model\.(\w+)"/.exec(chooseActionOf(purpose))?.[1]);
  assert.deepEqual(named, ['path', 'chatPath', 'embeddingPath']);
});
test('a model for vectors says so, and any other one says nothing of it', () => {
  const { settings } = resolveSettings([
    { name: 'a test', raw: { model: { embeddingPath: '~/e.gguf', loraAdapters: [{ path: '/a.gguf' }], kvCacheType: 'q8_0' } }, mayNameMachine: true },
  ]);
  const model = embeddingModelOf(settings.model);
  assert.ok(model);
  assert.deepEqual(modelSpecOf(model, '/starter.gguf', 'vectors'), { path: path.join(os.homedir(), 'e.gguf'), contextSize: 256, isForVectors: true });
  assert.ok(!('isForVectors' in modelSpecOf(settings.model, '/starter.gguf', 'completion')));
});
