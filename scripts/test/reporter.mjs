// A node:test reporter for one test file run as a process of its own: it prints every failure in full and counts leaf tests only. The counts go
// as JSON into the file named by TRAMONTANE_TEST_RESULT, at the end, so that a process that dies half-way leaves none.
import { writeFileSync } from 'node:fs';
import path from 'node:path';

/** @typedef {{name: string, reason: string}} Skipped */
/** @typedef {{passed: number, failed: number, skipped: Skipped[]}} TestCounts */

/** @param {AsyncIterable<any>} source */
export default async function* report(source) {
  /** @type {TestCounts} */
  const counts = { passed: 0, failed: 0, skipped: [] };
  // Tests are reported in the order of the source, parents' starts before their children's, so a stack by nesting gives the full title.
  /** @type {{name: string, hadChild: boolean}[]} */
  const stack = [];
  for await (const { type, data } of source) {
    if (type === 'test:start') {
      stack.length = data.nesting;
      stack[data.nesting] = { name: data.name, hadChild: false };
      const parent = stack[data.nesting - 1];
      if (parent) parent.hadChild = true;
    }
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    const title = [...stack.slice(0, data.nesting).map((one) => one.name), data.name].join(' > ');
    const isParent = data.details.type === 'suite' || stack[data.nesting]?.hadChild;
    stack.length = data.nesting + 1;
    const error = data.details.error;
    if (data.skip !== undefined || data.todo !== undefined) {
      const reason = [data.skip, data.todo].find((value) => typeof value === 'string' && value !== '') ?? 'no reason given';
      counts.skipped.push({ name: title, reason });
    } else if (type === 'test:fail') {
      // A parent fails with its children, which have been counted; one that fails by itself (a hook, its own assertion) is a failure more.
      if (isParent && error?.failureType === 'subtestsFailed') continue;
      counts.failed++;
      yield `\n  FAILED  ${title}\n          ${path.relative(process.cwd(), data.file ?? '')}:${data.line ?? 1}\n${indented(explain(error))}\n`;
    } else if (!isParent) {
      counts.passed++;
    }
  }
  if (process.env.TRAMONTANE_TEST_RESULT) writeFileSync(process.env.TRAMONTANE_TEST_RESULT, JSON.stringify(counts));
}

/** @param {any} error node:test wraps what the test threw in an error of its own, with the original as its cause */
function explain(error) {
  const cause = error?.cause ?? error;
  if (typeof cause === 'string') return cause;
  const text = String(cause?.stack ?? cause?.message ?? JSON.stringify(cause));
  return cause?.cause === undefined ? text : `${text}\nbecause: ${explain({ cause: cause.cause })}`;
}

/** @param {string} text */
const indented = (text) => text.replace(/^/gm, '          ');
