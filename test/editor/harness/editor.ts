// Starts the editor with a throw-away profile and a browser on it, and ends both. It knows how to get an extension in, and nothing of the
// workbench: see workbench.ts for that.
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type Browser, type BrowserContext, chromium } from 'playwright-core';
import { type RunningCodeServer, installExtension, startCodeServer } from '../../../scripts/editor/codeServer.mjs';
import { fromEnvironment, sampleProject } from './environment.ts';

export interface Editor {
  readonly server: RunningCodeServer;
  readonly context: BrowserContext;
  /** A copy of the sample project that the test may change. */
  readonly folder: string;
  close(): Promise<void>;
}

export interface EditorOptions {
  /** Installed as a user would; without it the editor starts with no extension of ours. */
  readonly vsix?: string;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
}

/** What would type, pop up or ask by itself while a test types. */
const quietSettings = {
  'editor.quickSuggestions': { other: 'off', comments: 'off', strings: 'off' },
  'editor.suggestOnTriggerCharacters': false,
  'editor.parameterHints.enabled': false,
  'editor.wordBasedSuggestions': 'off',
  'editor.autoClosingBrackets': 'never',
  'editor.autoClosingQuotes': 'never',
  'editor.autoIndent': 'keep',
  'editor.minimap.enabled': false,
  'files.autoSave': 'off',
  'files.hotExit': 'off',
  'git.enabled': false,
  'window.commandCenter': false,
  'workbench.reduceMotion': 'on',
};

export async function startEditor({ vsix, settings, env }: EditorOptions = {}): Promise<Editor> {
  // Short: the extension host puts sockets into its profile, and a socket's path may have no more than 104 bytes.
  const temporary = mkdtempSync(path.join(os.tmpdir(), 'tme-'));
  const folder = path.join(temporary, 'shop');
  const undo: (() => Promise<void> | void)[] = [() => rmSync(temporary, { recursive: true, force: true, maxRetries: 5 })];
  const close = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    cpSync(sampleProject, folder, { recursive: true });
    const codeServer = { node: fromEnvironment('codeServerNode'), entry: fromEnvironment('codeServer'), profile: path.join(temporary, 'p') };
    if (vsix) await installExtension({ ...codeServer, vsix });
    const server = await startCodeServer({
      ...codeServer,
      settings: { ...quietSettings, ...settings },
      env: { TRAMONTANE_RUNTIME_DIR: fromEnvironment('runtimeFolder'), ...env },
    });
    undo.push(() => server.stop());
    const browser = await startBrowser();
    undo.push(() => browser.close());
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-US' });
    return { server, context, folder, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: fromEnvironment('chromium'),
    headless: process.env.TRAMONTANE_TEST_HEADED === undefined,
    args: [
      // Chromium's sandbox does not start as root, as in a container; the page is our own editor.
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      // Nothing but loopback can be reached from the page.
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
    ],
  });
}
