// Ghost text inside the real extension host with the real engine and the starter model: its content is the model's affair, but what is
// accepted must stand in the document, and what a project's settings say must not choose the model.
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { suite, test } from 'mocha';
import * as vscode from 'vscode';

const patienceMs = 45_000;

/** Of this run, which has a folder of its own: what the server has noted of suggestions that were turned down. */
function rejects(): number {
  const folder = process.env['TRAMONTANE_STATE_DIR'] ?? process.env['TRAMONTANE_RUNTIME_DIR'];
  assert.ok(folder);
  const feedback = path.join(folder, 'feedback');
  mkdirSync(feedback, { recursive: true, mode: 0o700 });
  const text = readdirSync(feedback).map((file) => readFileSync(path.join(feedback, file), 'utf8'));
  return text.join('').match(/"event":"rejected"/g)?.length ?? 0;
}

suite('Suggestions in a real editor', () => {
  test('an explicit suggestion can be accepted, and stands in the document', async () => {
    const document = await vscode.workspace.openTextDocument({ language: 'python', content: 'def add(a, b):\n    return \n\nprint(add(1, 2))\n' });
    const editor = await vscode.window.showTextDocument(document);
    const before = document.getText();
    const endMs = Date.now() + patienceMs;
    // The engine may still be loading its model, so the trigger is repeated until there is something to accept.
    while (document.getText() === before && Date.now() < endMs) {
      editor.selection = new vscode.Selection(1, 11, 1, 11);
      await vscode.commands.executeCommand('editor.action.inlineSuggest.trigger');
      await new Promise((resolve) => setTimeout(resolve, 1000));
      await vscode.commands.executeCommand('editor.action.inlineSuggest.commit');
    }
    const after = document.getText();
    assert.notEqual(after, before);
    assert.ok(after.startsWith('def add(a, b):\n    return '), after);
    assert.ok(after.endsWith('\n\nprint(add(1, 2))\n'), after);
    assert.ok(!/<\|/.test(after), after);
  });

  test('a suggestion that is dismissed is one that was turned down, and changes nothing in the document', async () => {
    const content = 'def area(width, height):\n    return \n\nprint(area(1, 2))\n';
    const document = await vscode.workspace.openTextDocument({ language: 'python', content });
    const editor = await vscode.window.showTextDocument(document);
    const endMs = Date.now() + patienceMs;
    const before = rejects();
    while (rejects() === before && Date.now() < endMs) {
      editor.selection = new vscode.Selection(1, 11, 1, 11);
      await vscode.commands.executeCommand('editor.action.inlineSuggest.trigger');
      await new Promise((resolve) => setTimeout(resolve, 1000));
      await vscode.commands.executeCommand('tramontane.dismissSuggestion');
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    assert.equal(rejects(), before + 1);
    // Nothing is on the screen any more that could be taken.
    await vscode.commands.executeCommand('editor.action.inlineSuggest.commit');
    assert.equal(document.getText(), content);
  });

  test('a language can be left out and taken back', async () => {
    const document = await vscode.workspace.openTextDocument({ language: 'ruby', content: 'x = ' });
    await vscode.window.showTextDocument(document);
    const excluded = () => vscode.workspace.getConfiguration('tramontane.completion').get<readonly string[]>('excludedLanguages');
    await vscode.commands.executeCommand('tramontane.toggleLanguage');
    assert.deepEqual(excluded(), ['ruby']);
    await vscode.commands.executeCommand('tramontane.toggleLanguage');
    assert.deepEqual(excluded(), []);
  });

  test("a project's settings cannot choose the model or the hardware, but may change what is harmless", async () => {
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
    assert.ok(folder);
    const settings = path.join(folder, '.vscode');
    mkdirSync(settings, { recursive: true });
    try {
      const applied = new Promise<void>((resolve) => {
        const subscription = vscode.workspace.onDidChangeConfiguration((change) => {
          if (!change.affectsConfiguration('tramontane.completion.maxTokens')) return;
          subscription.dispose();
          resolve();
        });
      });
      writeFileSync(
        path.join(settings, 'settings.json'),
        JSON.stringify({ 'tramontane.model.path': '/evil.gguf', 'tramontane.engine.gpu': 'cuda', 'tramontane.completion.maxTokens': 33 }),
      );
      await applied;
      const configuration = vscode.workspace.getConfiguration('tramontane');
      assert.equal(configuration.get('completion.maxTokens'), 33);
      assert.equal(configuration.get('model.path'), '');
      assert.equal(configuration.get('engine.gpu'), 'auto');
    } finally {
      rmSync(settings, { recursive: true, force: true });
    }
  });
});
