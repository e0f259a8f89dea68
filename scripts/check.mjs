// Runs every static check, all of them even after one has failed, and says at the end which did.
// usage: npm run check
import path from 'node:path';
import { ensureDependencies } from './setup/dependencies.mjs';
import { ensureNode } from './setup/node.mjs';
import { StepError, heading, root, run, runScript } from './setup/steps.mjs';

/** Each as the script inside its package, which runs the same on every platform, unlike what node_modules/.bin holds. */
const checks = [
  { name: 'types (tsc)', script: 'typescript/bin/tsc', args: ['-b'] },
  { name: 'rules (oxlint)', script: 'oxlint/bin/oxlint', args: ['--type-aware', '--deny-warnings'] },
  { name: 'format (Biome)', script: '@biomejs/biome/bin/biome', args: ['format'] },
  { name: 'unused code (knip)', script: 'knip/bin/knip.js', args: [] },
];

await runScript(async () => {
  await ensureDependencies();
  const node = await ensureNode();
  const failed = [];
  for (const { name, script, args } of checks) {
    heading(`Check: ${name}`);
    try {
      // oxlint starts its type-aware half by name, so that must be on the path.
      const env = { PATH: `${path.join(root, 'node_modules/.bin')}${path.delimiter}${process.env.PATH}` };
      await run(node, [path.join(root, 'node_modules', script), ...args], { env, timeoutMs: 5 * 60_000, whenItFails: '' });
    } catch (error) {
      if (!(error instanceof StepError)) throw error;
      failed.push(name);
    }
  }
  if (failed.length > 0) throw new StepError(`Checks that failed: ${failed.join(', ')}.`);
  process.stdout.write('\nAll checks passed.\n');
});
