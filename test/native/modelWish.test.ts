// What a model is loaded with when there is room for all, and what of it must be left for it to be of use.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Configuration, MemoryPlan } from '../../native/memoryPlan.ts';
import { isUseful, wishOf } from '../../native/modelWish.ts';

const shape = { trainContextSize: 32_768, canFlashAttend: true, totalLayers: 33, kvBytes: () => 100e6 };

test('without settings all layers are wished for, and as much context as the model was made for, up to the usual', () => {
  const { asked, wish } = wishOf({ path: 'm.gguf', contextSize: 0 }, shape, { gpu: 'cuda' });
  assert.deepEqual(asked, { contextSize: 16_384, sequences: 6, gpuLayers: 33, kvType: 'f16' });
  assert.deepEqual(wish, { configuration: asked, isContextSet: false, areLayersSet: false });
  assert.equal(wishOf({ path: 'm.gguf', contextSize: 0 }, shape, { gpu: false }).asked.gpuLayers, 0);
});

test('a smaller KV cache is wished for only where flash attention computes it, and asked for all the same', () => {
  const { asked, wish, flashAttention } = wishOf({ path: 'm.gguf', contextSize: 8192, kvType: 'q8_0', flashAttention: 'off' }, shape, { gpu: 'cuda' });
  assert.equal(asked.kvType, 'q8_0');
  assert.equal(wish.configuration.kvType, 'f16');
  assert.equal(flashAttention, false);
  assert.ok(wish.isContextSet);
});

const wished: Configuration = { contextSize: 16_384, sequences: 6, gpuLayers: 33, kvType: 'f16' };
const planOf = (over: Partial<Configuration>): MemoryPlan => ({ outcome: 'fits', configuration: { ...wished, ...over }, need: { ramBytes: 0, vramBytes: 0 } });

for (const [what, plan, expected] of [
  ['all that was wished for', planOf({}), true],
  ['half of the layers and a context of 4,096', planOf({ gpuLayers: 16, contextSize: 4096 }), true],
  ['a context of 2,048', planOf({ contextSize: 2048 }), false],
  ['no layer on the GPU', planOf({ gpuLayers: 0 }), false],
  ['nothing that fits', { outcome: 'tooLarge', smallest: { ramBytes: 1, vramBytes: 0 } }, false],
] as const)
  test(`${what}: ${expected ? 'useful' : 'of no use'}`, () => assert.equal(isUseful(plan, wished), expected));

test('what was small, or on the processor, by wish is useful like that', () => {
  assert.ok(isUseful(planOf({ contextSize: 1024, gpuLayers: 0 }), { ...wished, contextSize: 1024, gpuLayers: 0 }));
});
