// The next edit inside the real extension host with the real server: it is offered after a change, gone to and taken by its command, and
// never for a text that has changed. What the keys do is shown by the UI tests.
import assert from 'node:assert/strict';
import { suite, suiteSetup, test } from 'mocha';
import * as vscode from 'vscode';

const program = 'function f(price: number) {\n  const a = price;\n  const b = price;\n  return a + b;\n}\n';
const patienceMs = 30_000;

async function until(what: string, ask: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = Date.now() + patienceMs;
  while (Date.now() < endMs) {
    if (await ask()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${what} did not come`);
}

async function open(content: string): Promise<vscode.TextEditor> {
  const document = await vscode.workspace.openTextDocument({ language: 'typescript', content });
  return vscode.window.showTextDocument(document);
}

async function rename(editor: vscode.TextEditor, old: string, typed: string): Promise<void> {
  const start = editor.document.getText().indexOf(old);
  editor.selection = new vscode.Selection(editor.document.positionAt(start), editor.document.positionAt(start + old.length));
  await vscode.commands.executeCommand('type', { text: typed });
}

/** The command does nothing until something is offered; then it goes there first, and takes it next. */
async function goAndTake(editor: vscode.TextEditor): Promise<void> {
  const before = editor.document.getText();
  await until('a next edit', async () => {
    await vscode.commands.executeCommand('tramontane.nextEdit');
    return editor.document.getText() !== before;
  });
}

suite('The next edit in a real editor', () => {
  // What is edited before the server is there, it does not know. The client registers the server's commands when it has answered.
  suiteSetup(() => until('the server', async () => (await vscode.commands.getCommands()).includes('tramontane.completionAccepted')));

  test('a renamed parameter is offered at its uses, one after the other', async () => {
    const editor = await open(program);
    await rename(editor, 'price', 'cost');
    await until('the cursor at the first use', async () => {
      await vscode.commands.executeCommand('tramontane.nextEdit');
      return editor.selection.active.line === 1;
    });
    assert.equal(editor.document.getText(), program.replace('price', 'cost'), 'going there changed something');
    await goAndTake(editor);
    assert.equal(editor.document.getText(), program.replace('price', 'cost').replace('price', 'cost'));
    await goAndTake(editor);
    assert.equal(editor.document.getText(), program.replaceAll('price', 'cost'));
    // One undo takes one back.
    await vscode.commands.executeCommand('undo');
    assert.equal(editor.document.getText().match(/price/g)?.length, 1);
  });

  test('nothing is offered where it is switched off', async () => {
    const configuration = vscode.workspace.getConfiguration('tramontane.nextEdit');
    await configuration.update('enabled', false, vscode.ConfigurationTarget.Global);
    try {
      const editor = await open(program);
      await rename(editor, 'price', 'cost');
      const { selection } = editor;
      // As long as an offer takes, and more.
      await new Promise((resolve) => setTimeout(resolve, 2500));
      await vscode.commands.executeCommand('tramontane.nextEdit');
      assert.deepEqual(editor.selection, selection);
      assert.equal(editor.document.getText(), program.replace('price', 'cost'));
    } finally {
      await configuration.update('enabled', undefined, vscode.ConfigurationTarget.Global);
    }
  });

  test('one that was dismissed is not taken any more', async () => {
    const editor = await open(program);
    await rename(editor, 'price', 'cost');
    await until('the cursor at the first use', async () => {
      await vscode.commands.executeCommand('tramontane.nextEdit');
      return editor.selection.active.line === 1;
    });
    await vscode.commands.executeCommand('tramontane.dismissNextEdit');
    const text = editor.document.getText();
    await vscode.commands.executeCommand('tramontane.nextEdit');
    assert.equal(editor.document.getText(), text);
  });
});
