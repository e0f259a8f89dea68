// Which back end is in force: what `auto` and a wish come to with and without a device, and who is told; and two models on one device.
import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { starterModel } from '../native/localEngine.ts';
import { forever, holeRequest } from '../native/prompts.ts';
import './vulkanPackage.ts';
import { backendsFor, chooseDevices, Library } from '../../native/library.ts';
import { engineLog, statusOf, valueOf, vulkanTest, withVulkan } from './vulkan.ts';

const noDriver = { VK_DRIVER_FILES: '/nowhere/driver.json', VK_ICD_FILENAMES: '/nowhere/driver.json' };
const short = holeRequest('def add(a, b):\n    return ', { maxTokens: 2 });

test('the best back end is tried first, and only what the platform has', () => {
  assert.deepEqual(backendsFor('auto', 'linux'), ['cuda', 'vulkan']);
  assert.deepEqual(backendsFor('auto', 'win32'), ['cuda', 'vulkan']);
  assert.deepEqual(backendsFor('auto', 'darwin'), ['metal']);
  assert.deepEqual(backendsFor('vulkan', 'linux'), ['vulkan']);
  assert.deepEqual(backendsFor('metal', 'linux'), []);
  assert.deepEqual(backendsFor('off', 'linux'), []);
});

test('chosen devices are told to every back end, and without a choice nothing is', () => {
  const env: NodeJS.ProcessEnv = { GGML_VK_VISIBLE_DEVICES: '3' };
  chooseDevices([], env);
  assert.deepEqual(env, { GGML_VK_VISIBLE_DEVICES: '3' });
  chooseDevices([1, 0], env);
  assert.deepEqual(env, { GGML_VK_VISIBLE_DEVICES: '1,0', CUDA_VISIBLE_DEVICES: '1,0', CUDA_DEVICE_ORDER: 'PCI_BUS_ID' });
});

vulkanTest('auto takes the device that is there', () =>
  withVulkan({ engine: { gpu: 'auto' } }, async (engine) => {
    valueOf(await engine.inference.describeModel(forever));
    assert.equal((await statusOf(engine.inference)).backend, 'vulkan');
    assert.match(engineLog(engine), /No cuda back end/);
  }),
);

vulkanTest('auto falls back to the CPU where the driver is missing, and nobody is told off for it', () =>
  withVulkan({ engine: { gpu: 'auto' }, env: noDriver }, async (engine) => {
    valueOf(await engine.inference.describeModel(forever));
    valueOf(await engine.inference.generate(short, { signal: forever }));
    const { backend, models, devices } = await statusOf(engine.inference);
    assert.deepEqual([backend, devices, models[0]?.gpuLayers, models[0]?.concessions], ['cpu', [], 0, []]);
    assert.match(engineLog(engine), /No vulkan back end.*\n.*The CPU is used\./);
    assert.equal(engine.inference.state.state === 'ready' ? engine.inference.state.notes : 'not ready', undefined);
  }),
);

vulkanTest('a wish that cannot be had is answered by the CPU, and the client is told which back end is in force', () =>
  withVulkan({ env: noDriver }, async (engine) => {
    valueOf(await engine.inference.describeModel(forever));
    valueOf(await engine.inference.generate(short, { signal: forever }));
    const { state } = engine.inference;
    assert.match(state.state === 'ready' ? (state.notes?.join() ?? '') : '', /^The engine computes with cpu, not with vulkan/);
    assert.ok(engine.logLines.some((line) => line.startsWith('The engine computes with cpu, not with vulkan')));
  }),
);

vulkanTest('a device that was not chosen is not used', () =>
  withVulkan({ engine: { devices: [0] }, env: { GGML_VK_VISIBLE_DEVICES: '' } }, async (engine) => {
    valueOf(await engine.inference.describeModel(forever));
    const { backend, devices } = await statusOf(engine.inference);
    assert.equal(backend, 'vulkan');
    assert.equal(devices.length, 1);
  }),
);

vulkanTest('two models that answer at the same time on one device say what each says alone', () =>
  withVulkan({}, async (engine) => {
    const copy = path.join(engine.runtimeDirectory, 'copy.gguf');
    copyFileSync(starterModel, copy);
    const other = engine.connect(copy);
    const request = holeRequest('def add(a, b):\n    return ', { maxTokens: 6 });
    const alone = valueOf(await engine.inference.generate(request, { signal: forever })).text;
    const clients = [engine.inference, other, engine.inference, other];
    const together = await Promise.all(clients.map((client) => client.generate({ ...request, priority: 'chat' }, { signal: forever })));
    assert.deepEqual(
      together.map((one) => valueOf(one).text),
      clients.map(() => alone),
    );
    assert.equal((await statusOf(other)).models.length, 2);
  }),
);

vulkanTest('a driver that does not answer is given up for the CPU', async () => {
  const lines: string[] = [];
  const library = new Library({ gpu: 'vulkan', devices: [], maxThreads: 1, log: (line) => lines.push(line), openLimitMs: 0 });
  try {
    assert.equal((await library.main()).gpu, false);
    assert.deepEqual(lines, ['No vulkan back end (its driver did not answer within 0 s).', 'The CPU is used.']);
  } finally {
    await library.dispose();
  }
});
