// Makes a built workbench run an extension from its folder, and a test suite inside its extension host.
import type { BrowserContext } from 'playwright-core';

/** The path of a file on code-server's machine, as VS Code writes such a URI in JSON. */
const remoteUri = (port: number, file: string) => ({ $mid: 1, scheme: 'vscode-remote', authority: `127.0.0.1:${port}`, path: file });

/**
 * The workbench of a built code-server ignores extensionDevelopmentPath in its address but honours developmentOptions of its configuration, a JSON
 * attribute in the page. It is rewritten when the page is "interactive", which is before the workbench's own (deferred) script runs. Rewriting the
 * page on its way does not do: Chromium then refuses the page's WebSocket to 127.0.0.1.
 */
export async function useDevelopmentExtension(
  context: BrowserContext,
  { port, extension, tests }: { readonly port: number; readonly extension: string; readonly tests?: string },
): Promise<void> {
  const options = { extensions: [remoteUri(port, extension)], ...(tests ? { extensionTestsPath: remoteUri(port, tests) } : {}) };
  await context.addInitScript(`(${rewriteConfiguration})(${JSON.stringify(options)})`);
}

/** Runs in the page, so it is text here: these tests are compiled without a browser's types. */
const rewriteConfiguration = `(options) => {
  if (window !== window.top) return;
  document.addEventListener('readystatechange', () => {
    const element = document.readyState === 'interactive' && document.getElementById('vscode-workbench-web-configuration');
    if (!element) return;
    const configuration = JSON.parse(element.getAttribute('data-settings'));
    configuration.developmentOptions = { ...configuration.developmentOptions, ...options };
    element.setAttribute('data-settings', JSON.stringify(configuration));
  });
}`;
