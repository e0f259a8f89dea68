// What the GPU computes is what the CPU computes: the same greedy tokens from the starter model, with all of its layers and with some.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import type { GenerateRequest } from '../../server/inference/inference.ts';
import type { TestEngine } from '../native/localEngine.ts';
import { testEngine } from '../native/localEngine.ts';
import { chatRequest, forever, holeRequest, longCode } from '../native/prompts.ts';
import { statusOf, valueOf, vulkanTest, withVulkan } from './vulkan.ts';

const requests: readonly GenerateRequest[] = [
  holeRequest('def add(a, b):\n    return ', { maxTokens: 18 }),
  holeRequest('class Stack:\n    def push(self, item):\n        ', { maxTokens: 18 }),
  holeRequest(`${longCode(2, 3)}\nconst total = `, { maxTokens: 18 }),
  chatRequest('Write a function that adds two numbers', { maxTokens: 18 }),
];

let cpu: TestEngine;
const expected: { readonly text: string; readonly tokens: number }[] = [];
before(async () => {
  cpu = testEngine();
  for (const request of requests) {
    const { text, usage } = valueOf(await cpu.inference.generate(request, { signal: forever }));
    expected.push({ text, tokens: usage.generatedTokens });
  }
});
after(() => cpu.end());

async function checkSame(gpuLayers: number | undefined, layersInForce: number): Promise<void> {
  assert.ok(
    expected.filter(({ tokens }) => tokens >= 16).length >= 3,
    `the answers are too short to compare: ${expected.map(({ tokens }) => tokens).join(', ')}`,
  );
  await withVulkan({ spec: gpuLayers === undefined ? {} : { gpuLayers } }, async ({ inference }) => {
    for (const [index, request] of requests.entries()) {
      const { text, usage } = valueOf(await inference.generate(request, { signal: forever }));
      assert.deepEqual({ text, tokens: usage.generatedTokens }, expected[index]);
    }
    const { backend, devices, models, memory } = await statusOf(inference);
    assert.equal(backend, 'vulkan');
    assert.match(devices.join(), /llvmpipe/);
    assert.equal(models[0]?.gpuLayers, layersInForce);
    assert.deepEqual(models[0]?.concessions, []);
    assert.ok(memory.vramUsedBytes > 3e6, `${memory.vramUsedBytes} bytes on the device`);
  });
}

vulkanTest('with all layers on the GPU the answers are those of the CPU', () => checkSame(undefined, 7));
vulkanTest('with three of seven layers on the GPU the answers are those of the CPU', () => checkSame(3, 3));
