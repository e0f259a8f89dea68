// What the GPU computes is what the CPU computes: the same greedy tokens from the starter model, with all of its layers and with some. Where two
// tokens are nearly equally likely the back ends may part; closeness.test.ts looks at such a place.
import assert from 'node:assert/strict';
import type { GenerateRequest } from '../../server/inference/inference.ts';
import type { TestEngine } from '../native/localEngine.ts';
import { testEngine } from '../native/localEngine.ts';
import { chatRequest, forever, holeRequest } from '../native/prompts.ts';
import { statusOf, valueOf, vulkanTest, withVulkan } from './vulkan.ts';

const requests: readonly GenerateRequest[] = [
  holeRequest('def add(a, b):\n    return ', { maxTokens: 18 }),
  holeRequest('class Stack:\n    def push(self, item):\n        ', { maxTokens: 18 }),
  holeRequest('import os\n\n\ndef read(path):\n    with open(path) as file:\n        return ', { maxTokens: 18 }),
  chatRequest('Write a function that adds two numbers', { maxTokens: 18 }),
];

interface Answer {
  readonly text: string;
  readonly tokens: number;
}

async function answers({ inference }: TestEngine): Promise<readonly Answer[]> {
  const found: Answer[] = [];
  for (const request of requests) {
    const { text, usage } = valueOf(await inference.generate(request, { signal: forever }));
    found.push({ text, tokens: usage.generatedTokens });
  }
  return found;
}

let onCpu: readonly Answer[] | undefined;
async function answersOfCpu(): Promise<readonly Answer[]> {
  const cpu = testEngine();
  try {
    return await answers(cpu);
  } finally {
    await cpu.end();
  }
}

async function checkSame(gpuLayers: number | undefined, layersInForce: number): Promise<void> {
  const expected = (onCpu ??= await answersOfCpu());
  const lengths = expected.map(({ tokens }) => tokens);
  assert.ok(lengths.filter((tokens) => tokens >= 16).length >= 3, `the answers are too short to compare: ${lengths.join(', ')}`);
  await withVulkan({ spec: gpuLayers === undefined ? {} : { gpuLayers } }, async (engine) => {
    const { inference } = engine;
    assert.deepEqual(await answers(engine), expected);
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
