// Runs test/editor/inhost inside the extension host of code-server, against the extension as it is built in this checkout.
import { existsSync, readFileSync } from 'node:fs';
import { workbenchUrl } from '../../../scripts/editor/codeServer.mjs';
import { useDevelopmentExtension } from './developmentExtension.ts';
import { startEditor } from './editor.ts';
import { fromEnvironment, root } from './environment.ts';
import { bundleInHostSuite, describeFailures, readInHostResult } from './inHostSuite.ts';

const timeoutMs = 180_000;
const result = fromEnvironment('result');
const tests = await bundleInHostSuite();
const editor = await startEditor({ env: { TRAMONTANE_TEST_RESULT: result } });
const consoleLines: string[] = [];
try {
  const page = await editor.context.newPage();
  const ended = new Promise<string>((resolve) => {
    setTimeout(() => resolve(`no result after ${timeoutMs / 1000} s`), timeoutMs).unref();
    page.on('crash', () => resolve('the page crashed'));
    // The workbench calls these two when it runs a test suite: they are how it would end and log under VS Code's own test runner.
    void editor.context.exposeFunction('codeAutomationExit', (code: number) => resolve(`status ${code}`));
    void editor.context.exposeFunction('codeAutomationLog', (_kind: string, args: unknown[]) => consoleLines.push(args.join(' ')));
  });
  await useDevelopmentExtension(editor.context, { port: editor.server.port, extension: root, tests });
  await page.goto(workbenchUrl(editor.server.url, { folder: editor.folder }), { waitUntil: 'domcontentloaded' });
  const how = await ended;
  if (existsSync(result)) {
    const counts = readInHostResult(result);
    process.stdout.write(describeFailures(counts));
    process.exitCode = counts.failed > 0 ? 1 : 0;
  } else {
    const log = readFileSync(editor.server.logFile, 'utf8').slice(-3000);
    process.stdout.write(`The extension host ended without a result (${how}).\n${consoleLines.slice(-40).join('\n')}\n${log}\n`);
    process.exitCode = 1;
  }
} finally {
  await editor.close();
}
