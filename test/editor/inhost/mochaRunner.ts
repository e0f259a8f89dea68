// Runs the tests with mocha inside the extension host and leaves the result as JSON where TRAMONTANE_TEST_RESULT says.
import { writeFileSync } from 'node:fs';
import Mocha from 'mocha';

/** @param loaders import one test file each */
export async function runMocha(loaders: readonly (() => Promise<unknown>)[]): Promise<void> {
  const mocha = new Mocha({ ui: 'tdd', timeout: 60_000, reporter: class {} as unknown as Mocha.ReporterConstructor });
  // This event gives mocha's `suite` and `test` their place to collect into.
  mocha.suite.emit('pre-require', globalThis as unknown as Mocha.MochaGlobals, '', mocha);
  for (const load of loaders) await load();
  const result = { passed: 0, failed: 0, skipped: [] as { name: string; reason: string }[], failures: [] as { name: string; explanation: string }[] };
  await new Promise<void>((resolve) => {
    const runner = mocha.run(() => resolve());
    runner.on('pass', () => result.passed++);
    runner.on('pending', (test) => result.skipped.push({ name: test.fullTitle(), reason: 'skipped in the extension host' }));
    runner.on('fail', (test, error: Error) => {
      result.failed++;
      result.failures.push({ name: test.fullTitle(), explanation: error.stack ?? error.message });
    });
  });
  const file = process.env.TRAMONTANE_TEST_RESULT;
  if (!file) throw new Error('TRAMONTANE_TEST_RESULT does not say where the result belongs');
  writeFileSync(file, JSON.stringify(result));
  if (result.failed > 0) throw new Error(`${result.failed} in-host tests failed`);
}
