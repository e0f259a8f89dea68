// Runs the tests and ends with one line of counts that mean what they say: a suite that crashes, hangs or runs nothing has failed.
// usage: npm test [-- SUITE ...] [-- --only TEXT]    suites: see scripts/test/suites.mjs; --only takes the test files whose path holds TEXT
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ensureDependencies } from './setup/dependencies.mjs';
import { ensureNode } from './setup/node.mjs';
import { StepError, heading, root, runScript } from './setup/steps.mjs';
import { junitFile, readPytestCounts } from './test/pytest.mjs';
import { defaultSuites, suites, testFilesIn } from './test/suites.mjs';
import { endTestProcesses, runTestProcess } from './test/testProcess.mjs';

/** @typedef {import('./test/reporter.mjs').TestCounts} TestCounts */
/** @typedef {import('./test/suites.mjs').Suite} Suite */

async function main() {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { only: { type: 'string' } } });
  const names = positionals.length > 0 ? positionals : defaultSuites;
  const chosen = names.map((name) => {
    const suite = suites.find((one) => one.name === name);
    if (!suite) throw new StepError(`There is no suite "${name}". Choose from: ${suites.map((one) => one.name).join(', ')}.`);
    return suite;
  });
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
    process.once(signal, () => {
      endTestProcesses();
      process.exit(130);
    });
  }
  await ensureDependencies();
  /** @type {TestCounts} */
  const total = { passed: 0, failed: 0, skipped: [] };
  for (const suite of chosen) {
    heading(`Tests: ${suite.name}`);
    const counts = await runSuite(suite, values.only);
    total.passed += counts.passed;
    total.failed += counts.failed;
    total.skipped.push(...counts.skipped);
  }
  if (total.passed + total.failed === 0) {
    process.stdout.write(`\n  FAILED  no test ran${values.only ? `: no test file's path holds "${values.only}"` : ''}\n`);
    total.failed++;
  }
  process.stdout.write('\n');
  for (const { name, reason } of total.skipped) process.stdout.write(`skipped: ${name}: ${reason}\n`);
  process.stdout.write(`${total.passed} passed, ${total.failed} failed${total.skipped.length ? `, ${total.skipped.length} skipped` : ''}\n`);
  process.exitCode = total.failed > 0 ? 1 : 0;
}

/**
 * @param {Suite} suite
 * @param {string | undefined} only
 * @returns {Promise<TestCounts>}
 */
async function runSuite(suite, only) {
  try {
    const env = await prepare(suite);
    const runs = await testRunsOf(suite, { only, env });
    return await runAll(runs, suite.parallel ?? 1);
  } catch (error) {
    // The other suites still say what they have to say.
    process.stdout.write(
      `  FAILED  ${suite.name} could not run: ${error instanceof StepError ? error.message : error instanceof Error ? error.stack : error}\n`,
    );
    return { passed: 0, failed: 1, skipped: [] };
  }
}

/**
 * The processes of a suite, as functions that start them.
 * @param {Suite} suite
 * @param {{only: string | undefined, env: Record<string, string>}} options
 * @returns {Promise<(() => Promise<TestCounts>)[]>}
 */
async function testRunsOf(suite, { only, env }) {
  const node = await ensureNode();
  const live = (suite.parallel ?? 1) === 1;
  const timeoutMs = suite.fileTimeoutMs;
  if (suite.kind === 'pytest') {
    const { ensurePythonVenv } = await import('./setup/python.mjs');
    const python = await ensurePythonVenv();
    const args = (/** @type {string} */ folder) => [
      '-m',
      'pytest',
      '-q',
      '-p',
      'no:cacheprovider',
      `--junitxml=${path.join(folder, junitFile)}`,
      ...suite.folders,
    ];
    const pytestEnv = { ...env, TRAMONTANE_TEST_NODE: node, PYTHONDONTWRITEBYTECODE: '1' };
    return [() => runTestProcess({ title: suite.name, command: python, args, timeoutMs, env: pytestEnv, live, readCounts: readPytestCounts })];
  }
  if (suite.kind === 'runner') {
    const args = ['--disable-warning=ExperimentalWarning', path.join(root, suite.runner ?? '')];
    return [() => runTestProcess({ title: suite.name, command: node, args, timeoutMs, env, live })];
  }
  const folders = suite.folders.map((folder) => ({ folder, files: testFilesIn(folder, { recursive: suite.recursive ?? false }) }));
  const empty = folders.filter(({ files }) => files.length === 0).map(({ folder }) => folder);
  const files = folders.flatMap((one) => one.files).filter((file) => !only || file.includes(only));
  const runs = files.map((file) => () => {
    const args = [
      '--disable-warning=ExperimentalWarning',
      `--test-timeout=${suite.testTimeoutMs}`,
      `--test-reporter=${path.join(root, 'scripts/test/reporter.mjs')}`,
      file,
    ];
    return runTestProcess({ title: file, command: node, args, timeoutMs, env, live });
  });
  if (only) return runs;
  return [...runs, ...empty.map((folder) => () => noTestsIn(folder))];
}

/** @param {string} folder @returns {Promise<TestCounts>} */
async function noTestsIn(folder) {
  process.stdout.write(`  FAILED  there is no test in ${folder}\n`);
  return { passed: 0, failed: 1, skipped: [] };
}

/**
 * @param {readonly (() => Promise<TestCounts>)[]} runs
 * @param {number} parallel
 */
async function runAll(runs, parallel) {
  /** @type {TestCounts} */
  const total = { passed: 0, failed: 0, skipped: [] };
  const waiting = [...runs];
  const worker = async () => {
    for (let run = waiting.shift(); run; run = waiting.shift()) {
      const counts = await run();
      total.passed += counts.passed;
      total.failed += counts.failed;
      total.skipped.push(...counts.skipped);
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  return total;
}

/**
 * Brings about what the suite needs, once for all suites; each step is free when nothing has changed.
 * @param {Suite} suite
 * @returns {Promise<Record<string, string>>} environment variables that tell its tests where things are
 */
async function prepare(suite) {
  /** @type {Record<string, string>} */
  const env = {};
  for (const step of suite.prepare) Object.assign(env, await (prepared[step] ??= steps[step]()));
  return env;
}

/** @type {Partial<Record<import('./test/suites.mjs').Preparation, Promise<Record<string, string>>>>} */
const prepared = {};

/** Each step loads its own script only when asked, so that the unit tests start at once. */
const steps = {
  build: async () => {
    const { buildBundles } = await import('./build.mjs');
    await buildBundles({ quiet: true });
    return {};
  },
  python: async () => {
    const { ensurePythonVenv } = await import('./setup/python.mjs');
    return { TRAMONTANE_TEST_PYTHON: await ensurePythonVenv() };
  },
  peer: async () => {
    const { ensureBenchPeer } = await import('./setup/python.mjs');
    try {
      return { TRAMONTANE_BENCH_PEER_PYTHON: await ensureBenchPeer() };
    } catch (error) {
      // It is built for some platforms only; the one test that needs it is skipped then.
      if (!(error instanceof StepError)) throw error;
      process.stdout.write(`  ${error.message}\n`);
      return {};
    }
  },
  tekken: async () => {
    const { ensureTekken } = await import('./setup/python.mjs');
    return { TRAMONTANE_TEKKEN: await ensureTekken() };
  },
  editor: async () => {
    const { ensureEditor } = await import('./setup/editor.mjs');
    const { ensureChromium } = await import('./setup/system.mjs');
    const { node, entry } = await ensureEditor();
    return { TRAMONTANE_TEST_CODE_SERVER: entry, TRAMONTANE_TEST_CODE_SERVER_NODE: node, TRAMONTANE_TEST_CHROMIUM: await ensureChromium() };
  },
  vulkan: async () => {
    const { ensureSoftwareVulkan } = await import('./setup/vulkan.mjs');
    return ensureSoftwareVulkan();
  },
  package: async () => {
    const { packageExtension } = await import('./package.mjs');
    return { TRAMONTANE_TEST_VSIX: await packageExtension({}) };
  },
};

await runScript(main);
