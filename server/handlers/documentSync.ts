// Keeps the session's documents as the editor has them. It knows LSP's notifications; it must not know who reads the documents.
import type { Connection } from 'vscode-languageserver/node';
import type { Log } from '../core/log.ts';
import type { Session } from '../session/session.ts';

export interface DocumentEvents {
  /** After a document was opened, changed or closed. */
  readonly changed: (uri: string) => void;
  /** Its text is on disk now. */
  readonly saved: (uri: string) => void;
}

export function registerDocumentSync(connection: Connection, session: Session, log: Log, { changed, saved }: DocumentEvents): void {
  connection.onDidSaveTextDocument(({ textDocument }) => saved(textDocument.uri));
  connection.onDidOpenTextDocument(({ textDocument }) => {
    session.documents.open(textDocument);
    changed(textDocument.uri);
  });
  connection.onDidChangeTextDocument(({ textDocument, contentChanges }) => {
    const isNewer = session.documents.change(textDocument.uri, textDocument.version, contentChanges);
    if (isNewer) changed(textDocument.uri);
    else log.warn(`A change of ${textDocument.uri} to version ${textDocument.version} came out of order and was ignored.`);
  });
  connection.onDidCloseTextDocument(({ textDocument }) => {
    session.documents.close(textDocument.uri);
    changed(textDocument.uri);
  });
}
