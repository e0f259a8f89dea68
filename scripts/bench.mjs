// Runs the benches of test/bench, all or those named, under the same Node as the tests and with the peer that they compare with.
// usage: npm run bench [-- NAME ...] [-- --OPTION ...]    options go to each bench as they are
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { buildBundles } from './build.mjs';
import { ensureContextBench } from './setup/contextBench.mjs';
import { ensureDependencies } from './setup/dependencies.mjs';
import { ensureHeldOut } from './setup/heldOut.mjs';
import { ensureNode } from './setup/node.mjs';
import { ensureBenchPeer, ensureTekken } from './setup/python.mjs';
import { StepError, heading, root, run, runScript } from './setup/steps.mjs';

const folder = path.join(root, 'test/bench');
const ending = '.bench.ts';

await runScript(async () => {
  const args = process.argv.slice(2);
  const options = args.filter((one) => one.startsWith('--'));
  const named = args.filter((one) => !one.startsWith('--'));
  const there = existsSync(folder)
    ? readdirSync(folder)
        .filter((file) => file.endsWith(ending))
        .map((file) => file.slice(0, -ending.length))
        .sort()
    : [];
  const unknown = named.find((name) => !there.includes(name));
  if (unknown) throw new StepError(`There is no bench "${unknown}". Choose from: ${there.join(', ')}.`);
  if (there.length === 0) throw new StepError('There is no bench in test/bench.');
  await ensureDependencies();
  await buildBundles({ quiet: true });
  const node = await ensureNode();
  for (const name of named.length > 0 ? named : there) {
    heading(`Bench: ${name}`);
    // An engine of the user's own, already running, must not answer for the one that is measured.
    const runtimeFolder = mkdtempSync(path.join(os.tmpdir(), 'tm-'));
    try {
      const peer = async () => ({ TRAMONTANE_BENCH_PEER_PYTHON: await ensureBenchPeer() });
      const needs =
        name === 'context'
          ? await ensureContextBench({ withAider: !options.includes('--no-aider') })
          : name === 'completion'
            ? { ...(await peer()), TRAMONTANE_BENCH_HELD_OUT: await ensureHeldOut() }
            : name === 'engine'
              ? { ...(await peer()), TRAMONTANE_TEKKEN: await ensureTekken() }
              : await peer();
      const env = { TRAMONTANE_RUNTIME_DIR: runtimeFolder, ...needs };
      await run(node, ['--disable-warning=ExperimentalWarning', path.join(folder, name + ending), ...options], { env, timeoutMs: 60 * 60_000 });
    } finally {
      rmSync(runtimeFolder, { recursive: true, force: true });
    }
  }
});
