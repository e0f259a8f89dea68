// Which suites there are, what each needs before it runs, and how it runs.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { root } from '../setup/steps.mjs';

/**
 * @typedef {'build' | 'python' | 'editor' | 'package' | 'peer' | 'tekken' | 'vulkan'} Preparation
 * @typedef {{
 *   name: string,
 *   kind: 'files' | 'runner' | 'pytest',
 *   folders: string[],
 *   recursive?: boolean,
 *   runner?: string,
 *   prepare: Preparation[],
 *   parallel?: number,
 *   testTimeoutMs: number,
 *   fileTimeoutMs: number,
 * }} Suite `runner` is a script that leaves the counts itself; a folder of the other kinds without a test file is a failure
 */

const minute = 60_000;

/** @type {readonly Suite[]} */
export const suites = [
  {
    name: 'unit',
    kind: 'files',
    folders: ['test/core', 'test/project', 'test/features', 'test/handlers', 'test/storage', 'test/client', 'test/media'],
    recursive: true,
    prepare: [],
    parallel: 2,
    testTimeoutMs: minute / 2,
    fileTimeoutMs: minute,
  },
  {
    name: 'checks',
    kind: 'files',
    folders: ['test/checks'],
    recursive: true,
    prepare: ['build', 'peer'],
    testTimeoutMs: 2 * minute,
    fileTimeoutMs: 3 * minute,
  },
  {
    name: 'native',
    kind: 'files',
    folders: ['test/native'],
    recursive: true,
    prepare: ['tekken'],
    parallel: 2,
    testTimeoutMs: 2 * minute,
    fileTimeoutMs: 4 * minute,
  },
  { name: 'gpu', kind: 'files', folders: ['test/gpu'], prepare: ['vulkan'], testTimeoutMs: 3 * minute, fileTimeoutMs: 5 * minute },
  { name: 'process', kind: 'files', folders: ['test/process'], prepare: ['build'], parallel: 2, testTimeoutMs: 2 * minute, fileTimeoutMs: 4 * minute },
  {
    name: 'lsp-client',
    kind: 'pytest',
    folders: ['test/process/independentClient'],
    prepare: ['build', 'python'],
    testTimeoutMs: 2 * minute,
    fileTimeoutMs: 4 * minute,
  },
  {
    name: 'inhost',
    kind: 'runner',
    folders: ['test/editor/inhost'],
    runner: 'test/editor/harness/runInHost.ts',
    prepare: ['build', 'editor'],
    testTimeoutMs: minute,
    fileTimeoutMs: 4 * minute,
  },
  { name: 'ui', kind: 'files', folders: ['test/editor/ui'], prepare: ['editor', 'package'], testTimeoutMs: 3 * minute, fileTimeoutMs: 5 * minute },
  { name: 'soak', kind: 'files', folders: ['test/soak'], recursive: true, prepare: ['build'], testTimeoutMs: 30 * minute, fileTimeoutMs: 40 * minute },
  {
    name: 'desktop',
    kind: 'runner',
    folders: ['test/editor/inhost'],
    runner: 'test/editor/harness/runInDesktop.ts',
    prepare: ['build'],
    testTimeoutMs: minute,
    fileTimeoutMs: 10 * minute,
  },
];

export const defaultSuites = ['unit', 'checks', 'native', 'gpu', 'process', 'lsp-client', 'inhost', 'ui'];

/**
 * The test files of one of a suite's folders, as paths relative to the root.
 * @param {string} folder
 * @param {{recursive: boolean}} how
 */
export function testFilesIn(folder, { recursive }) {
  let entries;
  try {
    entries = readdirSync(path.join(root, folder), { recursive, encoding: 'utf8' });
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return [];
    throw error;
  }
  return entries
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => path.join(folder, name))
    .sort();
}
