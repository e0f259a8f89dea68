// The extension's entry: builds the parts, wires them, and lets go of them. Everything that decides lives in the server.
import type { ExtensionContext } from 'vscode';
import { commands, window } from 'vscode';
import { registerChat } from './chatView.ts';
import { Conversations } from './conversations.ts';
import { registerEdit } from './edit.ts';
import { TramontaneClient } from './languageClient.ts';
import { chooseLoraAdapter } from './loraPicker.ts';
import { chooseModel } from './modelPicker.ts';
import { NextEdit } from './nextEdit.ts';
import { registerProblemNotices } from './problemNotices.ts';
import { registerQuietCommands } from './quiet.ts';
import { deleteSavedState } from './savedState.ts';
import { registerShowContext } from './showContext.ts';
import { registerStatusBar } from './statusBar.ts';
import { SuggestionKey } from './suggestionKey.ts';

let client: TramontaneClient | undefined;

export function activate(context: ExtensionContext): void {
  const log = window.createOutputChannel('Tramontane', { log: true });
  const started = new TramontaneClient(context.extensionUri, context.globalStorageUri.fsPath, log);
  client = started;
  const nextEdit = new NextEdit({ log, ask: (params, token) => started.nextEdit(params, token), dismissed: (id) => started.dismissNextEdit(id) });
  started.ghostAt = (document, position) => nextEdit.ghostAt(document, position);
  const suggestionKey = new SuggestionKey({ rejected: (id) => started.rejectSuggestion(id), dismissNextEdit: () => nextEdit.dismiss() });
  started.rest.isShown = (id) => suggestionKey.isGiven(id);
  started.gaveGhost = (document, items) => suggestionKey.gave(document, items);
  const command = (id: string, act: () => unknown) => commands.registerCommand(`tramontane.${id}`, act);
  context.subscriptions.push(
    log,
    registerStatusBar(started),
    registerProblemNotices(started, log),
    registerChat({
      extensionUri: context.extensionUri,
      conversations: new Conversations({ folder: (context.storageUri ?? context.globalStorageUri).fsPath, log }),
      log,
      sendChat: (params, onText, token) => started.chat(params, onText, token),
      status: {
        get current() {
          return started.status;
        },
        onDidChange: started.onDidChangeStatus,
      },
    }),
    registerQuietCommands(started),
    nextEdit,
    suggestionKey,
    registerEdit({ log, sendEdit: (params, token) => started.edit(params, token) }),
    registerShowContext(started),
    command('restartEngine', () => started.restartEngine()),
    command('deleteSavedState', () => deleteSavedState(() => started.deleteSavedState())),
    command('togglePause', () => started.setPaused(started.status.isPaused !== true)),
    command('chooseModel', chooseModel),
    command('chooseLoraAdapter', chooseLoraAdapter),
    command('openSettings', () => commands.executeCommand('workbench.action.openSettings', '@ext:tramontane.tramontane')),
    command('showLog', () => log.show()),
  );
  // Not awaited: the editor need not wait for the server, and the status item shows when it is there.
  void started.start();
}

export async function deactivate(): Promise<void> {
  await client?.dispose();
}
