// The engine with the Vulkan package.
import './vulkanPackage.ts';

await import('../../native/main.ts');
