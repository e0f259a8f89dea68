// A GPU for tests on machines that have none: Mesa's software Vulkan device and the engine's Vulkan package. The package lies beside
// node_modules, so that everything else keeps running on the CPU alone.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { fetchEnginePackage } from '../package/enginePackage.mjs';
import { StepError, toolsFolder } from './steps.mjs';
import { ensureSoftwareVulkanDriver } from './system.mjs';

/**
 * @returns {Promise<Record<string, string>>} the variables by which the engine finds the device; where it cannot be had only
 *   TRAMONTANE_TEST_NO_VULKAN, with the reason
 */
export async function ensureSoftwareVulkan() {
  if (process.platform !== 'linux' || process.arch !== 'x64') return { TRAMONTANE_TEST_NO_VULKAN: 'the software Vulkan device is for Linux on x64' };
  try {
    const driver = await ensureSoftwareVulkanDriver();
    await fetchEnginePackage('@node-llama-cpp/linux-x64-vulkan', 'linux-x64-vulkan');
    // Compiling the shaders takes half a minute; later runs find them there.
    const shaders = path.join(toolsFolder, 'vulkan-shaders');
    mkdirSync(shaders, { recursive: true });
    // The engine takes a device of the CPU only when it is named, and no other driver is to be found, whatever the machine has.
    return { VK_DRIVER_FILES: driver, VK_ICD_FILENAMES: driver, GGML_VK_VISIBLE_DEVICES: '0', MESA_SHADER_CACHE_DIR: shaders };
  } catch (error) {
    if (error instanceof StepError) return { TRAMONTANE_TEST_NO_VULKAN: error.message };
    throw error;
  }
}
