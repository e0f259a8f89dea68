// What happens when a model does not fit into the device's 2 GiB, when the back end refuses what was planned, and when it ends the process.
import assert from 'node:assert/strict';
import type { ModelOptions } from '../bench/models/makeModel.ts';
import { ensureModel } from '../bench/models/makeModel.ts';
import { starterModel } from '../native/localEngine.ts';
import { forever, holeRequest } from '../native/prompts.ts';
import { enginePid, stateReached } from '../process/faults.ts';
import { engineLog, statusOf, valueOf, vulkanTest, withVulkan } from './vulkan.ts';

const mebibyte = 1024 ** 2;
const gibibyte = 1024 ** 3;
/** What is left to the desktop: 8 % of the device. */
const reserveBytes = 0.08 * 2 * gibibyte;

/** Weights of 4 MB, and 8 KiB of KV state for each token: memory is a matter of the context alone, and computing is quick. */
const wideContext: ModelOptions = {
  vocabulary: 'starter',
  layers: 16,
  width: 128,
  heads: 2,
  kvHeads: 2,
  feedForward: 256,
  contextSize: 8192,
  weights: 'q8_0',
  seed: 4,
};
const short = holeRequest('x = ', { maxTokens: 2 });

vulkanTest('the plan and the device agree on what is in use', () =>
  withVulkan({}, async (engine) => {
    assert.equal((await engine.inference.describeModel(forever)).outcome, 'ok');
    const { memory, models } = await statusOf(engine.inference);
    assert.equal(memory.vramTotalBytes, 2 * gibibyte);
    const planned = Number(/Planned .* (\d+) MiB VRAM/.exec(engineLog(engine))?.[1]);
    assert.ok(planned > 10, engineLog(engine));
    assert.ok(Math.abs(planned - memory.vramUsedBytes / mebibyte) <= 1, `planned ${planned} MiB, in use ${memory.vramUsedBytes / mebibyte}`);
    assert.equal(models[0]?.gpuLayers, models[0]?.totalLayers);
  }),
);

vulkanTest('a context that does not fit beside all layers leaves some of them to the CPU, and that is said', async () => {
  const model = await ensureModel(wideContext);
  // Twice 131,072 tokens take 2 GiB of KV state.
  await withVulkan({ model, contextSize: 131_072 }, async (engine) => {
    valueOf(await engine.inference.describeModel(forever));
    valueOf(await engine.inference.generate(short, { signal: forever }));
    const { memory, models } = await statusOf(engine.inference);
    const [loaded] = models;
    assert.equal(loaded?.contextSize, 131_072, 'what the user set comes last');
    assert.ok(loaded && loaded.gpuLayers > 8 && loaded.gpuLayers < loaded.totalLayers, `${loaded?.gpuLayers} layers`);
    assert.ok(memory.vramUsedBytes <= 2 * gibibyte - reserveBytes, `${memory.vramUsedBytes} bytes`);
    const sentence = `Layers on the GPU reduced from 17 to ${loaded.gpuLayers} to fit into memory.`;
    assert.deepEqual(loaded.concessions, [sentence]);
    const { state } = engine.inference;
    assert.deepEqual(state.state === 'ready' ? state.notes : state, [sentence]);
    assert.ok(engineLog(engine).includes(sentence));
  });
});

vulkanTest('what the back end refuses is given up step by step, said, and remembered', async () => {
  const model = await ensureModel(wideContext);
  // The KV cache is one buffer: 402 MB at 6 x 8,192 tokens, 67 MB at 2 x 4,096.
  const options = { model, env: { GGML_VK_FORCE_MAX_BUFFER_SIZE: '100000000' } };
  await withVulkan(options, async (engine) => {
    valueOf(await engine.inference.generate(short, { signal: forever }));
    const [loaded] = (await statusOf(engine.inference)).models;
    const expected = { contextSize: 4096, sequences: 2, gpuLayers: 17 };
    assert.deepEqual({ contextSize: loaded?.contextSize, sequences: loaded?.sequences, gpuLayers: loaded?.gpuLayers }, expected);
    const concessions = [
      'Context reduced from 8,192 to 4,096 tokens because more memory was refused.',
      'Requests answered at once reduced from 6 to 2 because more memory was refused.',
    ];
    assert.deepEqual(loaded?.concessions, concessions);
    const first = engineLog(engine);
    assert.deepEqual(
      [...first.matchAll(/(\d x \d+) .* was refused/g)].map(([, what]) => what),
      ['6 x 8192', '6 x 4096', '5 x 4096', '4 x 4096', '3 x 4096'],
    );

    // Another engine begins where this one ended.
    const ready = stateReached(engine.inference, (state) => state.state === 'ready', 'skipCurrent');
    process.kill(await enginePid(engine.inference), 'SIGKILL');
    await ready;
    const second = engineLog(engine).slice(first.length);
    assert.ok(second.includes('Loaded in') && !/\d x \d+ .* was refused/.test(second) && !second.includes('Planned'), second);
    assert.deepEqual((await statusOf(engine.inference)).models[0]?.concessions, concessions);

    // Other wishes are planned anew.
    const other = engine.connect(model, { spec: { contextSize: 4096 } });
    valueOf(await other.describeModel(forever));
    assert.ok(engineLog(engine).includes('Planned 6 x 4096'), engineLog(engine));
  });
});

vulkanTest('a device that refuses the KV state of every layer keeps the output layer', async () => {
  const model = await ensureModel(wideContext);
  // 67 MB for one layer, in two tensors of half of that.
  await withVulkan({ model, contextSize: 65_536, env: { GGML_VK_FORCE_MAX_BUFFER_SIZE: '50000000' } }, async (engine) => {
    valueOf(await engine.inference.generate(short, { signal: forever }));
    const [loaded] = (await statusOf(engine.inference)).models;
    assert.deepEqual(loaded?.concessions, ['Layers on the GPU reduced from 17 to 1 because more memory was refused.']);
    assert.equal(loaded?.contextSize, 65_536);
  });
});

vulkanTest('a configuration that ends the engine twice is not tried a third time', async () => {
  const model = await ensureModel(wideContext);
  // A tensor of the KV cache has 134 MB then, and the device takes 128 MiB: the library aborts while it estimates.
  await withVulkan({ model, contextSize: 270_000 }, async (engine) => {
    const ready = stateReached(engine.inference, (state) => state.state === 'ready', 'skipCurrent');
    assert.equal((await engine.inference.describeModel(forever)).outcome, 'engineUnavailable');
    await ready;
    valueOf(await engine.inference.generate(short, { signal: forever }));
    const [loaded] = (await statusOf(engine.inference)).models;
    assert.equal(loaded?.gpuLayers, 0);
    assert.deepEqual(loaded?.concessions, ['The model runs on the CPU instead of the GPU because loading it otherwise ended the engine.']);
  });
});

vulkanTest('a KV cache of 8-bit numbers takes about half of the memory', async () => {
  const model = await ensureModel(wideContext);
  const used = async (spec: { kvType?: 'q8_0'; flashAttention?: 'off' }) => {
    let status: Awaited<ReturnType<typeof statusOf>> | undefined;
    await withVulkan({ model, spec: { contextSize: 4096, ...spec } }, async (engine) => {
      valueOf(await engine.inference.generate(short, { signal: forever }));
      status = await statusOf(engine.inference);
    });
    return {
      type: status?.models[0]?.kvType,
      sequences: status?.models[0]?.sequences,
      context: status?.memory.contextBytes ?? 0,
      said: status?.models[0]?.concessions,
    };
  };
  const [whole, half, without] = [await used({}), await used({ kvType: 'q8_0' }), await used({ kvType: 'q8_0', flashAttention: 'off' })];
  assert.deepEqual([whole.type, half.type, whole.sequences, half.sequences], ['f16', 'q8_0', 6, 6]);
  assert.ok(whole.context - half.context > 70 * mebibyte, `${whole.context} and ${half.context} bytes`);
  assert.equal(without.type, 'f16');
  assert.match(without.said?.join() ?? '', /holds f16 instead of q8_0/);
});

vulkanTest('an idle model makes room for one that would not fit beside it', async () => {
  const model = await ensureModel(wideContext);
  // 1 GiB of KV state each.
  await withVulkan({ model, contextSize: 65_536 }, async (engine) => {
    valueOf(await engine.inference.describeModel(forever));
    const second = engine.connect(model, { spec: { contextSize: 65_000 } });
    valueOf(await second.generate(short, { signal: forever }));
    const { models } = await statusOf(second);
    assert.deepEqual(
      models.map((one) => [one.contextSize, one.gpuLayers, one.concessions]),
      [[65_000, 17, []]],
    );
    // Small ones stay beside it.
    const starter = engine.connect(starterModel);
    valueOf(await starter.describeModel(forever));
    assert.equal((await statusOf(second)).models.length, 2);
  });
});

vulkanTest('a model that answers is never unloaded: the second is planned into what it leaves', async () => {
  const model = await ensureModel(wideContext);
  await withVulkan({ model, contextSize: 65_536 }, async (engine) => {
    valueOf(await engine.inference.describeModel(forever));
    const answering = new AbortController();
    let answer: Promise<unknown> = Promise.resolve();
    await new Promise<void>((begun) => {
      const request = holeRequest('x = ', { maxTokens: 4000, priority: 'chat' });
      answer = engine.inference.generate(request, { signal: answering.signal, onText: () => begun() });
    });
    const second = engine.connect(model, { spec: { contextSize: 65_000 } });
    valueOf(await second.describeModel(forever));
    const { models, memory } = await statusOf(second);
    answering.abort();
    await answer;
    assert.deepEqual(
      models.map((one) => one.contextSize),
      [65_536, 65_000],
    );
    assert.ok((models[1]?.gpuLayers ?? 17) < 17);
    assert.match(models[1]?.concessions.join() ?? '', /to fit into memory/);
    assert.ok(memory.vramUsedBytes <= 2 * gibibyte - reserveBytes, `${memory.vramUsedBytes} bytes`);
  });
});
