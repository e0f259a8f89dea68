// Shows the extension as its user gets it: packs the VSIX, installs that into a private editor and prints the address to open in a browser.
// usage: npm start [-- PATH] [-- --port N] [-- --desktop]    PATH: the folder to open, by default a small sample project
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { installExtension, startCodeServer, workbenchUrl } from './editor/codeServer.mjs';
import { packageExtension } from './package.mjs';
import { ensureEditor } from './setup/editor.mjs';
import { endProcessesUsing } from './setup/leftovers.mjs';
import { ensureNode } from './setup/node.mjs';
import { StepError, heading, readIfThere, root, run, runScript, toolsFolder } from './setup/steps.mjs';

await runScript(async () => {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { desktop: { type: 'boolean' }, port: { type: 'string' } } });
  const folder = path.resolve(positionals[0] ?? path.join(root, 'test/fixtures/sample-project'));
  if (!existsSync(folder) || !statSync(folder).isDirectory()) throw new StepError(`There is no folder ${folder}. Name one that exists.`);
  const port = values.port === undefined ? undefined : Number(values.port);
  if (port !== undefined && !(Number.isInteger(port) && port > 0 && port < 65_536))
    throw new StepError(`"${values.port}" is no port. Name a number from 1 to 65535.`);
  if (values.desktop) {
    // @vscode/test-electron asks for a newer Node than this script may have been started with.
    const node = await ensureNode();
    if (node !== process.execPath) return void (await run(node, process.argv.slice(1), { timeoutMs: 24 * 3_600_000 }));
    const { startDesktop } = await import('./editor/desktop.mjs');
    return startDesktop({ vsix: await packageExtension({}), folder, profile: path.join(toolsFolder, 'profile/desktop') });
  }
  await startInBrowser({ folder, port });
});

/** @param {{folder: string, port: number | undefined}} options */
async function startInBrowser({ folder, port }) {
  const { node, entry } = await ensureEditor();
  const editor = { node, entry, profile: path.join(toolsFolder, 'profile/browser') };
  await installIfNew(editor, await packageExtension({}));
  // An engine of its own, so that this editor never meets one of another build and leaves none behind.
  const runtimeFolder = mkdtempSync(path.join(os.tmpdir(), 'tm-'));
  // From here on Ctrl+C must not end this process before it has ended the editor.
  const interrupted = new Promise((resolve) => {
    for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.once(signal, () => resolve(signal));
  });
  try {
    const server = await startCodeServer({
      ...editor,
      port,
      env: { TRAMONTANE_RUNTIME_DIR: runtimeFolder, TRAMONTANE_STATE_DIR: path.join(toolsFolder, 'profile/state') },
    });
    try {
      process.stdout.write(
        `\nOpen this address in a browser:\n\n    ${workbenchUrl(server.url, { folder })}\n\nCtrl+C ends the editor. Its settings stay in ${path.relative(process.cwd(), editor.profile)}, its log is ${path.relative(process.cwd(), server.logFile)}.\n`,
      );
      const ended = await Promise.race([interrupted, server.exit.then((how) => new StepError(`The editor ended by itself (${how}). Read ${server.logFile}.`))]);
      if (ended instanceof Error) throw ended;
    } finally {
      await server.stop();
    }
  } finally {
    endProcessesUsing(runtimeFolder);
    rmSync(runtimeFolder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/**
 * @param {import('./editor/codeServer.mjs').CodeServer} editor
 * @param {string} vsix
 */
async function installIfNew(editor, vsix) {
  const hash = createHash('sha256').update(readFileSync(vsix)).digest('hex');
  const stampFile = path.join(editor.profile, 'installed-vsix');
  if (readIfThere(stampFile) === hash) return;
  heading('Installing the extension into a private editor profile');
  rmSync(stampFile, { force: true });
  await installExtension({ ...editor, vsix });
  writeFileSync(stampFile, hash);
}
