// CUDA for machines without an NVIDIA card: the software Vulkan device under that name, which takes no model. How it does not, CUDA_STAND_IN says:
// `refuses` each load, `ends` the process with each, `endsWithVulkanToo`, or `hasNoRoom` and is not even asked. Everything else is the library's own.
import { getLlama as getRealLlama } from 'node-llama-cpp';
import type { Llama, LlamaOptions } from 'node-llama-cpp';

export { LlamaLogLevel } from 'node-llama-cpp';

export async function getLlama(options: LlamaOptions): Promise<Llama> {
  const how = process.env['CUDA_STAND_IN'];
  if (options.gpu === 'vulkan' && how === 'endsWithVulkanToo') return Object.create(await getRealLlama(options), { loadModel: { value: end } }) as Llama;
  if (options.gpu !== 'cuda') return getRealLlama(options);
  const device = await getRealLlama({ ...options, gpu: 'vulkan' });
  const state = await device.getVramState();
  const getVramState = async () => (how === 'hasNoRoom' ? { ...state, total: 1_000_000, used: 0, free: 1_000_000 } : state);
  return Object.create(device, {
    gpu: { value: 'cuda' },
    loadModel: { value: how === 'refuses' ? refuse : end },
    getVramState: { value: getVramState },
  }) as Llama;
}

async function refuse(): Promise<never> {
  throw new Error('out of memory, as asked for');
}

async function end(): Promise<never> {
  process.kill(process.pid, 'SIGKILL');
  return new Promise<never>(() => {});
}
