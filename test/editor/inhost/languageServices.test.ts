// What stands before a dot, as the language services of the real editor know it: VS Code's own TypeScript, and providers of this test for a language that
// nobody has a grammar for. "Show Context for This Position" tells what came of it.
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { suite, test } from 'mocha';
import * as vscode from 'vscode';

const patienceMs = 45_000;
const fromEditor = /language services say/;

function inWorkspace(name: string): string {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
  assert.ok(folder);
  return path.join(folder, name);
}

/** The document that the command shows for the place behind `behind`, asked for until it fits. */
async function contextAt(file: string, behind: string, fits: (context: string) => boolean): Promise<string> {
  const document = await vscode.workspace.openTextDocument(file);
  const at = document.positionAt(document.getText().indexOf(behind) + behind.length);
  const endMs = Date.now() + patienceMs;
  for (;;) {
    const editor = await vscode.window.showTextDocument(document, vscode.ViewColumn.One);
    editor.selection = new vscode.Selection(at, at);
    await vscode.commands.executeCommand('tramontane.showContext');
    // The language service and the index are started by the first question.
    await new Promise((resolve) => setTimeout(resolve, 500));
    const context = vscode.workspace.textDocuments.find(({ uri }) => uri.scheme === 'tramontane-context')?.getText() ?? '';
    // What is shown may still be that of the place before.
    const isOfHere = context.includes(`# Context for ${path.basename(file)}:`);
    if ((isOfHere && fits(context)) || Date.now() > endMs) return context;
  }
}

async function withFiles(files: Readonly<Record<string, string>>, act: () => Promise<void>): Promise<void> {
  for (const [name, text] of Object.entries(files)) writeFileSync(inWorkspace(name), text);
  try {
    await act();
  } finally {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    for (const name of Object.keys(files)) rmSync(inWorkspace(name), { force: true });
  }
}

suite('The language services of a real editor', () => {
  test("TypeScript's own say what a variable without a written type is", async () => {
    // Only inference through the library's types of Map leads from here to the class.
    const till =
      "import { Inventory } from './inventory.ts';\n\nconst shops = new Map([['main', new Inventory([])]]);\n\nexport function count(): void {\n  for (const [, shelf] of shops) {\n    shelf.\n  }\n}\n";
    await withFiles({ 'till.ts': till }, async () => {
      const context = await contextAt(inWorkspace('till.ts'), 'shelf.', (text) => fromEditor.test(text));
      assert.match(context, /method `toReorder`, [^\n]*language services say\n\n```\ntoReorder\(\): Product\[\]/, context);
      assert.match(context, /## inventory\.ts/);
    });
  });

  test('providers of any extension do, also for a language that the index does not know', async () => {
    const shop = 'shop Corner {\n  open at eight\n  close at nine\n}\n';
    const target = () => vscode.Uri.file(inWorkspace('corner.shoplang'));
    const range = (line: number, from: number, to: number) => new vscode.Range(line, from, line, to);
    const selector = { pattern: '**/*.shoplang' };
    const type = new vscode.DocumentSymbol('Corner', '', vscode.SymbolKind.Class, new vscode.Range(0, 0, 3, 1), range(0, 5, 11));
    type.children = [new vscode.DocumentSymbol('open', '', vscode.SymbolKind.Method, range(1, 2, 15), range(1, 2, 6))];
    const asked: string[] = [];
    const providers = vscode.Disposable.from(
      vscode.languages.registerTypeDefinitionProvider(selector, {
        provideTypeDefinition: (document, position) => {
          asked.push(document.getText(document.getWordRangeAtPosition(position)));
          return new vscode.Location(target(), range(0, 5, 11));
        },
      }),
      vscode.languages.registerDocumentSymbolProvider(selector, { provideDocumentSymbols: () => [type] }),
    );
    try {
      await withFiles({ 'corner.shoplang': shop, 'town.shoplang': 'town Here {\n  mine.\n}\n' }, async () => {
        const context = await contextAt(inWorkspace('town.shoplang'), 'mine.', (text) => fromEditor.test(text));
        assert.match(context, /## corner\.shoplang\n\nmethod `open`, [^\n]*language services say\n\n```\nopen at eight/, context);
        assert.deepEqual([...new Set(asked)], ['mine']);
      });
    } finally {
      providers.dispose();
    }
  });

  test('a provider that never answers keeps nobody waiting, and is not asked again for its document', async () => {
    let asked = 0;
    const provider = vscode.languages.registerTypeDefinitionProvider(
      { pattern: '**/hanging.ts' },
      {
        provideTypeDefinition: () => {
          asked++;
          return new Promise<never>(() => undefined);
        },
      },
    );
    try {
      const hanging = "import { Inventory } from './inventory.ts';\n\nexport function use(shelf: Inventory): void {\n  shelf.\n}\n";
      await withFiles({ 'hanging.ts': hanging }, async () => {
        const isTold = (text: string) => asked > 0 && /member of what stands before the dot/.test(text);
        const context = await contextAt(inWorkspace('hanging.ts'), 'shelf.', isTold);
        assert.ok(isTold(context), `${asked} questions\n${context}`);
        await contextAt(inWorkspace('hanging.ts'), 'shelf', () => true);
        await contextAt(inWorkspace('hanging.ts'), 'shelf.', () => true);
        assert.equal(asked, 1);
      });
    } finally {
      provider.dispose();
    }
  });
});
