// What package.json promises, as the real editor sees it.
import assert from 'node:assert/strict';
import { suite, test } from 'mocha';
import * as vscode from 'vscode';

const extensionId = 'tramontane.tramontane';

/** Run by the editor itself, with arguments that no person could give. */
const notForPeople: ReadonlySet<string> = new Set(['tramontane.completionAccepted', 'tramontane.completionRejected']);

interface Manifest {
  readonly contributes: {
    readonly commands: readonly { readonly command: string; readonly title: string; readonly category?: string }[];
    readonly configuration: readonly { readonly properties: Readonly<Record<string, { readonly scope?: string; readonly default: unknown }>> }[];
  };
}

function extension(): vscode.Extension<unknown> {
  const found = vscode.extensions.getExtension(extensionId);
  assert.ok(found, `${extensionId} is not among the extensions`);
  return found;
}

const manifest = (): Manifest => extension().packageJSON as Manifest;
const properties = () =>
  Object.assign(
    {},
    ...manifest().contributes.configuration.map((section) => section.properties),
  ) as Manifest['contributes']['configuration'][number]['properties'];

suite('The extension in a real editor', () => {
  test('activates', async () => {
    await extension().activate();
    assert.equal(extension().isActive, true);
  });

  test('registers every command that it contributes, and each under its name', async () => {
    await extension().activate();
    const registered = new Set(await vscode.commands.getCommands(true));
    const contributed = manifest().contributes.commands;
    assert.ok(contributed.length > 0);
    for (const { command, category } of contributed) {
      assert.match(command, /^tramontane\./);
      assert.equal(category, 'Tramontane', `${command} has no category`);
      assert.ok(registered.has(command), `${command} is contributed but not registered`);
    }
  });

  test('contributes every command of its own that it registers', async () => {
    await extension().activate();
    const contributed = new Set(manifest().contributes.commands.map(({ command }) => command));
    // The editor adds commands of its own for our views.
    const ofViews = /\.(focus|open|removeView|resetViewLocation|toggleVisibility)$/;
    const registered = (await vscode.commands.getCommands(true)).filter((command) => command.startsWith('tramontane.') && !ofViews.test(command));
    assert.deepEqual(
      registered.filter((command) => !contributed.has(command) && !notForPeople.has(command)),
      [],
    );
  });

  test('lets no project set what decides which model or program runs', () => {
    const scopes = Object.entries(properties()).filter(([name]) => /^tramontane\.(model|engine|remote)\./.test(name));
    assert.ok(scopes.length > 0);
    for (const [name, { scope }] of scopes) assert.equal(scope, 'machine', `${name} could be set by a project`);
  });

  test('gives every setting the default that it documents', () => {
    for (const [name, { default: expected }] of Object.entries(properties())) {
      assert.deepEqual(vscode.workspace.getConfiguration().inspect(name)?.defaultValue, expected, name);
    }
  });
});
