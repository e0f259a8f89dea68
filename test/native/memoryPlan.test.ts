// The plan as figures: what is chosen for a model, a machine and a wish, and what is given up in which order.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Configuration, MachineMemory, MemoryNeed, Wish } from '../../native/memoryPlan.ts';
import { comfortableSequences, concessionsOf, fits, freeVramBytes, ladderOf, planMemory, rungAfterCrash, rungAfterRefusal } from '../../native/memoryPlan.ts';

const mib = 1024 ** 2;
const gib = 1024 ** 3;

/** A model of 32 layers of 200 MiB and an output of 400 MiB, whose KV state takes 4 KiB a token and layer. */
const totalLayers = 33;
async function estimate({ contextSize, sequences, gpuLayers }: Configuration): Promise<MemoryNeed> {
  const repeating = Math.max(0, gpuLayers - 1);
  const weights = (layers: number) => layers * 200 * mib;
  const kv = (layers: number) => layers * contextSize * sequences * 4096;
  const output = 400 * mib;
  const compute = 300 * mib;
  return {
    vramBytes: gpuLayers === 0 ? 0 : weights(repeating) + kv(repeating) + output + compute,
    ramBytes: weights(32 - repeating) + kv(32 - repeating) + (gpuLayers === 0 ? output + compute : 0),
  };
}

const wished: Configuration = { contextSize: 16_384, sequences: 2, gpuLayers: totalLayers, kvType: 'f16' };
const wish = (over: Partial<Omit<Wish, 'configuration'>> & Partial<Configuration> = {}): Wish => {
  const { isContextSet = false, areLayersSet = false, ...configuration } = over;
  return { configuration: { ...wished, ...configuration }, isContextSet, areLayersSet };
};
const machine = (vram: number, ram: number, over: Partial<MachineMemory> = {}): MachineMemory => ({
  ram: { freeBytes: ram, totalBytes: ram },
  vram: { freeBytes: vram, totalBytes: vram },
  isUnified: false,
  ...over,
});

async function planned(theWish: Wish, memory: MachineMemory): Promise<string> {
  const plan = await planMemory(theWish, memory, estimate);
  if (plan.outcome === 'tooLarge') return `too large: ${Math.round(plan.smallest.ramBytes / mib)} MiB`;
  const { gpuLayers, contextSize, sequences } = plan.configuration;
  return `${gpuLayers} layers, ${sequences} x ${contextSize}`;
}

test('all of it goes to the GPU where it fits', async () => {
  // 6,800 MiB of weights, 4,096 MiB of KV state, 300 MiB for computing.
  assert.equal(await planned(wish(), machine(16 * gib, 32 * gib)), '33 layers, 2 x 16384');
});

test('the context is halved before a layer goes', async () => {
  assert.equal(await planned(wish(), machine(11 * gib, 32 * gib)), '33 layers, 2 x 8192');
  assert.equal(await planned(wish(), machine(9 * gib, 32 * gib)), '33 layers, 2 x 4096');
});

test('of the layers as many as fit go to the GPU, found with few estimates', async () => {
  const asked: Configuration[] = [];
  const memory = machine(5 * gib, 32 * gib);
  const plan = await planMemory(wish(), memory, (configuration) => {
    asked.push(configuration);
    return estimate(configuration);
  });
  assert.equal(plan.outcome, 'fits');
  if (plan.outcome !== 'fits') return;
  const more = { ...plan.configuration, gpuLayers: plan.configuration.gpuLayers + 1 };
  assert.ok(plan.configuration.gpuLayers > 10 && plan.configuration.gpuLayers < 25, `${plan.configuration.gpuLayers} layers`);
  assert.ok(fits(plan.need, memory));
  assert.ok(!fits(await estimate(more), memory), 'one layer more would have fitted');
  assert.ok(asked.length <= 10, `${asked.length} estimates`);
});

test('a context that the user set stays, and layers go first', async () => {
  const plan = await planMemory(wish({ isContextSet: true }), machine(9 * gib, 32 * gib), estimate);
  assert.equal(plan.outcome, 'fits');
  if (plan.outcome !== 'fits') return;
  assert.equal(plan.configuration.contextSize, 16_384);
  assert.ok(plan.configuration.gpuLayers < totalLayers && plan.configuration.gpuLayers > 0);
});

test('layers that the user set stay, and the context goes first', async () => {
  assert.equal(await planned(wish({ gpuLayers: 20, areLayersSet: true }), machine(5200 * mib, 32 * gib)), '20 layers, 2 x 1024');
  assert.equal(await planned(wish({ gpuLayers: 33, areLayersSet: true }), machine(5200 * mib, 32 * gib)), '18 layers, 2 x 4096');
});

test('without room for a layer the CPU takes the model, with the wished context', async () => {
  assert.equal(await planned(wish(), machine(512 * mib, 32 * gib)), '0 layers, 2 x 16384');
  assert.equal(await planned(wish({ gpuLayers: 0 }), machine(0, 32 * gib)), '0 layers, 2 x 16384');
});

test('the RAM that is left decides on the CPU, and the desktop keeps its share', async () => {
  // 7,100 MiB and 4,096 MiB of KV state at 16,384 tokens: 11.2 GiB of 12 would leave less than a tenth.
  assert.equal(await planned(wish({ gpuLayers: 0 }), machine(0, 12 * gib)), '0 layers, 2 x 8192');
  assert.equal(await planned(wish({ gpuLayers: 0 }), machine(0, 13 * gib)), '0 layers, 2 x 16384');
});

test('only the smallest plan may use the share of the desktop', async () => {
  // 512 tokens need 7,228 MiB.
  assert.equal(await planned(wish({ gpuLayers: 0 }), machine(0, 7300 * mib)), '0 layers, 2 x 512');
});

test('what cannot fit is refused, with what it would need', async () => {
  assert.equal(await planned(wish({ gpuLayers: 0 }), machine(0, 7000 * mib)), 'too large: 7228 MiB');
  assert.equal(await planned(wish(), machine(1 * gib, 2 * gib)), 'too large: 7228 MiB');
});

test('where the GPU has no memory of its own, both needs count against the same', async () => {
  const memory = machine(10 * gib, 10 * gib, { isUnified: true });
  const plan = await planMemory(wish(), memory, estimate);
  assert.equal(plan.outcome, 'fits');
  if (plan.outcome !== 'fits') return;
  assert.ok(plan.need.ramBytes + plan.need.vramBytes <= 9 * gib);
  assert.ok(plan.configuration.contextSize < 16_384);
});

test('the ladder begins with the wish, ends with the smallest, and climbs only where layers go', () => {
  for (const one of [
    wish(),
    wish({ isContextSet: true }),
    wish({ areLayersSet: true }),
    wish({ isContextSet: true, areLayersSet: true }),
    wish({ gpuLayers: 0 }),
  ]) {
    const rungs = ladderOf(one);
    assert.deepEqual(rungs[0], one.configuration);
    assert.deepEqual(rungs.at(-1), { contextSize: 512, sequences: 2, gpuLayers: 0, kvType: 'f16' });
    for (const [index, rung] of rungs.slice(1).entries()) {
      const before = rungs[index] as Configuration;
      if (rung.gpuLayers < before.gpuLayers) continue;
      assert.ok(rung.contextSize <= before.contextSize && rung.sequences <= before.sequences && rung.gpuLayers <= before.gpuLayers);
      assert.notDeepEqual(rung, before);
    }
  }
});

test('a context smaller than the smallest is left as it is', () => {
  assert.deepEqual(ladderOf(wish({ contextSize: 256, gpuLayers: 0 })), [{ contextSize: 256, sequences: 2, gpuLayers: 0, kvType: 'f16' }]);
});

test('after refusals the ladder goes context, sequences, half of the layers, CPU', () => {
  const seen: string[] = [];
  const one = wish({ sequences: 4 });
  for (let rung: Configuration | undefined = one.configuration; rung; rung = rungAfterRefusal(one, rung)) {
    seen.push(`${rung.gpuLayers}/${rung.contextSize}/${rung.sequences}`);
  }
  const onGpu = ['33/16384/4', '33/8192/4', '33/4096/4', '33/4096/3', '33/4096/2', '16/4096/2', '8/4096/2', '4/4096/2', '2/4096/2', '1/4096/2'];
  const onCpu = ['0/16384/4', '0/8192/4', '0/4096/4', '0/4096/3', '0/4096/2', '0/2048/2', '0/1024/2', '0/512/2'];
  assert.deepEqual(seen, [...onGpu, ...onCpu]);
});

test('after a crash with the GPU the CPU is taken, and after one on the CPU nothing is left', () => {
  assert.equal(rungAfterCrash(wish(), { ...wished, gpuLayers: 20, contextSize: 4096 })?.gpuLayers, 0);
  assert.equal(rungAfterCrash(wish(), { ...wished, gpuLayers: 0 }), undefined);
});

test('sequences are as many as a comfortable KV state allows', () => {
  assert.equal(comfortableSequences(10 * mib), 6);
  assert.equal(comfortableSequences(300 * mib), 3);
  assert.equal(comfortableSequences(5 * gib), 2);
});

test('each thing that was given up is one sentence', () => {
  assert.deepEqual(concessionsOf(wished, wished, 'memory'), []);
  assert.deepEqual(concessionsOf(wished, { ...wished, contextSize: 8192 }, 'memory'), ['Context reduced from 16,384 to 8,192 tokens to fit into memory.']);
  assert.deepEqual(concessionsOf({ ...wished, sequences: 6 }, { ...wished, gpuLayers: 12 }, 'refused'), [
    'Layers on the GPU reduced from 33 to 12 because more memory was refused.',
    'Requests answered at once reduced from 6 to 2 because more memory was refused.',
  ]);
  assert.deepEqual(concessionsOf({ ...wished, kvType: 'q8_0' }, { ...wished, gpuLayers: 0 }, 'crashed'), [
    'The model runs on the CPU instead of the GPU because loading it otherwise ended the engine.',
    'The KV cache holds f16 instead of q8_0, which this model or back end cannot do.',
  ]);
});

test('where the driver does not tell what is in use, what the engine holds is taken off', () => {
  assert.equal(freeVramBytes({ total: 2 * gib, free: 2 * gib }, 500 * mib), 2 * gib - 500 * mib);
  assert.equal(freeVramBytes({ total: 2 * gib, free: gib }, 500 * mib), gib);
  assert.equal(freeVramBytes({ total: gib, free: gib }, 2 * gib), 0);
});
