// From what a client or a file sets to what the engine is asked for.
import assert from 'node:assert/strict';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { type EngineOptions, engineOptionsSchema, modelSpecSchema } from '../../native/protocol/messages.ts';
import { isSurelyAsWished, notesOnOptions } from '../../server/inference/optionsInForce.ts';
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

const restart = 'Run the command "Tramontane: Restart Engine".';
const asks = (over: Partial<EngineOptions>): EngineOptions => ({ gpu: 'auto', threads: 0, keepAliveMs: 120_000, ...over });

for (const [name, wished, options, backend, notes] of [
  ['the same', {}, {}, 'cpu', []],
  ['another time to stay', { keepAliveMs: 0 }, {}, 'cuda', []],
  ['the machine has what is set', { gpu: 'vulkan' }, {}, 'vulkan', []],
  ['auto has what it tries first', {}, { gpu: 'cuda' }, 'cuda', []],
  ['no devices are none in particular', { devices: [] }, {}, 'cuda', []],
  ['the CPU has no devices', { devices: [1] }, { devices: [0] }, 'cpu', []],
  [
    'auto beside an engine that was started without a GPU',
    {},
    { gpu: 'off' },
    'cpu',
    ['The engine computes with cpu: another window chose it, where this one leaves the choice to the machine.'],
  ],
  [
    'auto beside an engine whose back end the machine cannot do',
    {},
    { gpu: 'vulkan' },
    'cpu',
    ['The engine computes with cpu: another window chose it, where this one leaves the choice to the machine.'],
  ],
  [
    'a back end that another window did not choose',
    { gpu: 'cuda' },
    { gpu: 'off' },
    'cpu',
    ['The engine computes with cpu, not with cuda as set: another window chose it.'],
  ],
  [
    'a back end that the machine cannot do',
    { gpu: 'cuda' },
    { gpu: 'cuda' },
    'cpu',
    ['The engine computes with cpu, not with cuda as set: this machine cannot do the other.'],
  ],
  ['off beside a GPU', { gpu: 'off', devices: [1] }, {}, 'cuda', ['The engine computes with cuda, not with cpu as set: another window chose it.']],
  ['other devices', { devices: [1, 0] }, { devices: [0, 1] }, 'cuda', ['The engine uses GPU 0, 1, as another window asked for.']],
  ['some devices where all are used', { devices: [1] }, {}, 'vulkan', ['The engine uses all GPUs, as another window asked for.']],
  ['other threads', {}, { threads: 3 }, 'cuda', ['The engine computes with the number of threads that another window asked for (3).']],
  ['threads where the engine chooses', { threads: 3 }, {}, 'cuda', ['The engine computes with its own choice of threads, as another window wished.']],
  [
    'everything',
    { gpu: 'cuda', devices: [0], threads: 1 },
    { gpu: 'vulkan', threads: 2 },
    'vulkan',
    [
      'The engine computes with vulkan, not with cuda as set: another window chose it.',
      'The engine uses all GPUs, as another window asked for.',
      'The engine computes with the number of threads that another window asked for (2).',
    ],
  ],
] as const satisfies readonly (readonly [string, Partial<EngineOptions>, Partial<EngineOptions>, string, readonly string[]])[]) {
  test(`options in force that differ from the wish are told with what to do: ${name}`, () => {
    const [mine, theirs] = [asks(wished), asks(options)];
    assert.deepEqual(
      notesOnOptions(mine, { options: theirs, backend }),
      notes.map((note) => `${note} ${note.includes('cannot do') ? 'Set "tramontane.engine.gpu" to "auto".' : restart}`),
    );
    // Without a look at the back end nothing is left out.
    if (notes.length > 0) assert.ok(!isSurelyAsWished(mine, theirs));
  });
}
