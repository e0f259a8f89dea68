// The commands around the project's index: what a model would be told at the cursor, as a read-only document, and an index that is made anew. It knows the
// editor's documents; it must not know why something is told.
import type { Disposable as DisposableType } from 'vscode';
import { commands, Disposable, EventEmitter, Uri, ViewColumn, window, workspace } from 'vscode';
import { contextDocument } from './contextDocument.ts';
import type { TramontaneClient } from './languageClient.ts';

const scheme = 'tramontane-context';
const document = Uri.from({ scheme, path: '/Context.md' });

export function registerShowContext(client: TramontaneClient): DisposableType {
  const changed = new EventEmitter<Uri>();
  let text = '';
  const show = async () => {
    const editor = window.activeTextEditor;
    if (!editor || editor.document.uri.scheme === scheme) {
      void window.showInformationMessage('Tramontane: Put the cursor into a file of the project first.');
      return;
    }
    const { uri } = editor.document;
    const { line, character } = editor.selection.active;
    const result = await client.context({ purpose: 'completion', textDocument: { uri: uri.toString() }, position: { line, character } });
    text = contextDocument(result, `${workspace.asRelativePath(uri)}:${line + 1}`);
    changed.fire(document);
    await window.showTextDocument(await workspace.openTextDocument(document), { preview: true, preserveFocus: true, viewColumn: ViewColumn.Beside });
  };
  return Disposable.from(
    changed,
    workspace.registerTextDocumentContentProvider(scheme, { onDidChange: changed.event, provideTextDocumentContent: () => text }),
    commands.registerCommand('tramontane.showContext', show),
    commands.registerCommand('tramontane.deleteIndexes', () => deleteIndexes(client)),
  );
}

/** Not asked for twice: what is deleted is only read again. */
async function deleteIndexes(client: TramontaneClient): Promise<void> {
  try {
    await client.deleteIndexes();
    window.setStatusBarMessage('Tramontane: the indexes on this machine are deleted; this project is read again.', 4000);
  } catch (error) {
    void window.showErrorMessage(`Tramontane: The index could not be deleted (${error instanceof Error ? error.message : String(error)}).`);
  }
}
