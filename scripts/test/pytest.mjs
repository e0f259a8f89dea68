// Reads pytest's counts from its JUnit report, which is the one machine-readable report that pytest writes without a plug-in.
import path from 'node:path';
import { readIfThere } from '../setup/steps.mjs';

export const junitFile = 'junit.xml';

/**
 * @param {string} folder where junitFile was written
 * @returns {import('./reporter.mjs').TestCounts | undefined}
 */
export function readPytestCounts(folder) {
  const xml = readIfThere(path.join(folder, junitFile));
  const suite = xml && /<testsuite [^>]*>/.exec(xml)?.[0];
  if (!suite) return undefined;
  const count = (/** @type {string} */ name) => Number(new RegExp(` ${name}="(\\d+)"`).exec(suite)?.[1] ?? 0);
  const failed = count('failures') + count('errors');
  const skipped = [...xml.matchAll(/<testcase [^>]*?name="([^"]*)"[^>]*>\s*<skipped [^>]*?message="([^"]*)"/g)].map(([, name = '', reason = '']) => ({
    name: unescape(name),
    reason: unescape(reason),
  }));
  return { passed: count('tests') - failed - count('skipped'), failed, skipped };
}

/** @param {string} text */
const unescape = (text) =>
  text
    .replace(/&quot;/g, '"')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&amp;/g, '&');
