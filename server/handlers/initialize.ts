// The handshake of LSP: what the server can do, and what the client told about itself. It knows capabilities and folders.
import type { InitializeParams, InitializeResult } from 'vscode-languageserver/node';
import { TextDocumentSyncKind } from 'vscode-languageserver/node';
import { serverCommands } from '../protocol/methods.ts';

export function initializeResult(version: string): InitializeResult {
  return {
    serverInfo: { name: 'tramontane-server', version },
    capabilities: {
      positionEncoding: 'utf-16',
      textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental, save: { includeText: false } },
      inlineCompletionProvider: true,
      executeCommandProvider: { commands: Object.values(serverCommands) },
      workspace: { workspaceFolders: { supported: true, changeNotifications: true } },
    },
  };
}

/** URIs without a closing slash. */
export function workspaceFoldersOf(params: InitializeParams): readonly string[] {
  const folders = params.workspaceFolders?.map((folder) => folder.uri) ?? (params.rootUri ? [params.rootUri] : []);
  return folders.map((uri) => uri.replace(/\/+$/, ''));
}
