// Runs test/editor/inhost inside desktop VS Code, which @vscode/test-electron downloads: the same suite as under code-server.
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { runTests } from '@vscode/test-electron';
import { ensureDesktop } from '../../../scripts/editor/desktop.mjs';
import { fromEnvironment, root, sampleProject } from './environment.ts';
import { bundleInHostSuite, describeFailures, readInHostResult } from './inHostSuite.ts';

const result = fromEnvironment('result');
const vscodeExecutablePath = await ensureDesktop();
const temporary = mkdtempSync(path.join(os.tmpdir(), 'tme-'));
try {
  const folder = path.join(temporary, 'shop');
  cpSync(sampleProject, folder, { recursive: true });
  await runTests({
    vscodeExecutablePath,
    extensionDevelopmentPath: root,
    extensionTestsPath: await bundleInHostSuite(),
    launchArgs: [
      folder,
      '--user-data-dir',
      path.join(temporary, 'p'),
      '--disable-extensions',
      '--disable-workspace-trust',
      '--skip-welcome',
      '--disable-telemetry',
    ],
    extensionTestsEnv: { TRAMONTANE_TEST_RESULT: result, TRAMONTANE_RUNTIME_DIR: fromEnvironment('runtimeFolder') },
  }).catch((error: unknown) => {
    // A failed test is in the result as well; this is what is left when there is none.
    process.stdout.write(`Desktop VS Code: ${String(error)}\n`);
  });
  const counts = readInHostResult(result);
  process.stdout.write(describeFailures(counts));
  process.exitCode = counts.failed > 0 ? 1 : 0;
} finally {
  rmSync(temporary, { recursive: true, force: true, maxRetries: 5 });
}
