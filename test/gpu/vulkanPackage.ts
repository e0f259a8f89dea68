// Lets the library find its Vulkan package, which lies beside node_modules: everything else runs with the CPU's package alone.
import { registerHooks } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const entry = path.resolve(import.meta.dirname, '../../.tools/engine-packages/linux-x64-vulkan/package/dist/index.js');
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === '@node-llama-cpp/linux-x64-vulkan' ? { url: pathToFileURL(entry).href, shortCircuit: true } : next(specifier, context),
});
