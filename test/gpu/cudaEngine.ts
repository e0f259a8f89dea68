// The engine with the Vulkan package and a stand-in for CUDA's.
import './vulkanPackage.ts';
import { registerHooks } from 'node:module';

const standIn = new URL('cudaStandIn.ts', import.meta.url).href;
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'node-llama-cpp' && context.parentURL?.endsWith('/native/library.ts') ? { url: standIn, shortCircuit: true } : next(specifier, context),
});

await import('../../native/main.ts');
