// A model that CUDA cannot take goes to Vulkan before it goes to the CPU, where the choice is the machine's. CUDA is a stand-in, Vulkan the software device.
import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import path from 'node:path';
import type { TestEngine } from '../native/localEngine.ts';
import { starterModel } from '../native/localEngine.ts';
import { forever, holeRequest } from '../native/prompts.ts';
import { enginePid, stateReached } from '../process/faults.ts';
import { engineLog, statusOf, valueOf, vulkanTest, withVulkan } from './vulkan.ts';

const engineModule = path.join(import.meta.dirname, 'cudaEngine.ts');
const short = holeRequest('def add(a, b):\n    return ', { maxTokens: 4 });
const throughVulkan = 'The model runs on the GPU through Vulkan instead of CUDA';

function withCuda(
  how: 'refuses' | 'ends' | 'endsWithVulkanToo' | 'hasNoRoom',
  gpu: 'auto' | 'cuda',
  run: (engine: TestEngine) => Promise<void>,
): Promise<void> {
  return withVulkan({ engineModule, engine: { gpu }, env: { CUDA_STAND_IN: how } }, run);
}

/** Where the only model lies, and what is said of that. */
async function placeOfModel(engine: TestEngine) {
  const { backend, models, devices } = await statusOf(engine.inference);
  const [model] = models;
  assert.equal(backend, 'cuda', 'the back end in force stays');
  assert.equal(devices.length, 1, 'both use the same device');
  const { state } = engine.inference;
  assert.deepEqual(state.state === 'ready' ? (state.notes ?? []) : state, model?.concessions);
  return { backend: model?.backend, gpuLayers: model?.gpuLayers, concessions: model?.concessions };
}

vulkanTest('what CUDA refuses is taken by Vulkan, said, and remembered', () =>
  withCuda('refuses', 'auto', async (engine) => {
    valueOf(await engine.inference.describeModel(forever));
    valueOf(await engine.inference.generate(short, { signal: forever }));
    const expected = { backend: 'vulkan', gpuLayers: 7, concessions: [`${throughVulkan} because more memory was refused.`] };
    assert.deepEqual(await placeOfModel(engine), expected);
    const first = engineLog(engine);
    assert.match(first, /with 1 layers on the GPU was refused \(out of memory, as asked for\)/);

    const ready = stateReached(engine.inference, (state) => state.state === 'ready', 'skipCurrent');
    process.kill(await enginePid(engine.inference), 'SIGKILL');
    await ready;
    assert.deepEqual(await placeOfModel(engine), expected);
    const second = engineLog(engine).slice(first.length);
    assert.ok(second.includes('Loaded in') && !second.includes('was refused (') && !second.includes('Planned'), second);
  }),
);

vulkanTest('a draft model and the context for vectors go where the model went', () =>
  withCuda('hasNoRoom', 'auto', async (engine) => {
    const draftPath = path.join(engine.runtimeDirectory, 'draft.gguf');
    copyFileSync(starterModel, draftPath);
    const client = engine.connect(starterModel, { spec: { draftPath } });
    valueOf(await client.describeModel(forever));
    const drafted = valueOf(await client.generate({ ...short, priority: 'chat', speculation: 'draftModel' }, { signal: forever }));
    assert.ok((drafted.usage.draftedTokens ?? 0) > 0);
    assert.equal(valueOf(await client.embed(['def add'], forever)).length, 1);
    const { models, memory } = await statusOf(client);
    assert.deepEqual(
      models.map((model) => [model.backend, model.concessions]),
      [['vulkan', [`${throughVulkan} to fit into memory.`]]],
    );
    assert.deepEqual([memory.vramUsedBytes, memory.vramTotalBytes], [0, 1_000_000], 'of what Vulkan holds CUDA knows nothing');
  }),
);

vulkanTest('where the user named CUDA, the CPU comes after it', () =>
  withCuda('refuses', 'cuda', async (engine) => {
    valueOf(await engine.inference.describeModel(forever));
    valueOf(await engine.inference.generate(short, { signal: forever }));
    const concessions = ['The model runs on the CPU instead of the GPU because more memory was refused.'];
    assert.deepEqual(await placeOfModel(engine), { backend: 'cpu', gpuLayers: 0, concessions });
  }),
);

vulkanTest('a model that ends the engine twice with CUDA is loaded with Vulkan', () =>
  withCuda('ends', 'auto', async (engine) => {
    const ready = stateReached(engine.inference, (state) => state.state === 'ready', 'skipCurrent');
    assert.equal((await engine.inference.describeModel(forever)).outcome, 'engineUnavailable');
    await ready;
    valueOf(await engine.inference.generate(short, { signal: forever }));
    const concessions = [`${throughVulkan} because loading it otherwise ended the engine.`];
    assert.deepEqual(await placeOfModel(engine), { backend: 'vulkan', gpuLayers: 7, concessions });
  }),
);

vulkanTest('one that ends it twice with each goes to the CPU, within the restarts that there are', () =>
  withCuda('endsWithVulkanToo', 'auto', async (engine) => {
    const ready = stateReached(engine.inference, (state) => state.state === 'ready', 'skipCurrent');
    assert.equal((await engine.inference.describeModel(forever)).outcome, 'engineUnavailable');
    await ready;
    const concessions = ['The model runs on the CPU instead of the GPU because loading it otherwise ended the engine.'];
    assert.deepEqual(await placeOfModel(engine), { backend: 'cpu', gpuLayers: 0, concessions });
    assert.equal(engine.logLines.filter((line) => line.startsWith('The engine ended; it is started again.')).length, 4);
  }),
);
