// Starts desktop VS Code, downloaded by @vscode/test-electron, with the packed extension in a private profile.
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { StepError, childEnvironment, heading, run, toolsFolder } from '../setup/steps.mjs';
import { privateProfileSettings } from './codeServer.mjs';

/** The VS Code that the code-server of the tests is made from, so that both show the same. */
const desktopVersion = '1.139.1';

/** @returns {Promise<string>} the path of VS Code's executable */
export async function ensureDesktop() {
  const { downloadAndUnzipVSCode } = await import('@vscode/test-electron');
  try {
    return await downloadAndUnzipVSCode({ version: desktopVersion, cachePath: path.join(toolsFolder, 'desktop') });
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new StepError(
      `Desktop VS Code ${desktopVersion} could not be downloaded (${cause}). Check the network, or run "npm start", which needs only the npm registry.`,
    );
  }
}

/**
 * Returns when the window has been closed.
 * @param {{vsix: string, folder: string, profile: string}} options
 */
export async function startDesktop({ vsix, folder, profile }) {
  heading(`Fetching desktop VS Code ${desktopVersion} (once, about 150 MB)`);
  const executable = await ensureDesktop();
  const { resolveCliArgsFromVSCodeExecutablePath } = await import('@vscode/test-electron');
  const [cli = executable] = resolveCliArgsFromVSCodeExecutablePath(executable);
  const settingsFile = path.join(profile, 'user/User/settings.json');
  mkdirSync(path.dirname(settingsFile), { recursive: true });
  writeFileSync(settingsFile, `${JSON.stringify(privateProfileSettings, null, 2)}\n`);
  const profileArguments = ['--user-data-dir', path.join(profile, 'user'), '--extensions-dir', path.join(profile, 'extensions')];
  heading('Installing the extension into a private VS Code profile');
  await run(cli, [...profileArguments, '--install-extension', vsix, '--force'], { quiet: true });
  const child = spawn(
    executable,
    [...profileArguments, '--disable-workspace-trust', '--skip-welcome', '--skip-release-notes', '--disable-telemetry', '--new-window', folder],
    {
      env: childEnvironment({ ELECTRON_RUN_AS_NODE: undefined }),
      stdio: 'ignore',
    },
  );
  process.stdout.write('\nVS Code is open. Ctrl+C or closing its window ends it.\n');
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.once(signal, () => child.kill());
  await new Promise((resolve, reject) => {
    child.once('error', (error) =>
      reject(new StepError(`VS Code did not start (${error.message}). Delete ${path.join(toolsFolder, 'desktop')} and run this again.`)),
    );
    child.once('exit', resolve);
  });
}
