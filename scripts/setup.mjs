// Installs everything that builds, tests and `npm start` need, in one go; each of those also installs what it needs by itself.
// usage: node scripts/setup.mjs
import { ensureDependencies } from './setup/dependencies.mjs';
import { ensureEditor } from './setup/editor.mjs';
import { ensureNode } from './setup/node.mjs';
import { ensurePythonVenv } from './setup/python.mjs';
import { runScript } from './setup/steps.mjs';
import { ensureChromium, ensureGit } from './setup/system.mjs';
import { ensureSoftwareVulkan } from './setup/vulkan.mjs';

await runScript(async () => {
  await ensureDependencies();
  await ensureNode();
  await ensureGit();
  await ensureEditor();
  await ensureChromium();
  await ensurePythonVenv();
  await ensureSoftwareVulkan();
});
