// The documents that are open in the editor. It knows their text and versions; it must not know the disk.
import { TextDocument } from 'vscode-languageserver-textdocument';
import type { TextDocumentContentChangeEvent } from 'vscode-languageserver-textdocument';
import type { Snapshot } from './snapshot.ts';

export class Documents {
  readonly #open = new Map<string, TextDocument>();

  open(document: { readonly uri: string; readonly languageId: string; readonly version: number; readonly text: string }): void {
    this.#open.set(document.uri, TextDocument.create(document.uri, document.languageId, document.version, document.text));
  }

  /** @returns false for a document that is not open, or a change that is older than what is known */
  change(uri: string, version: number, changes: TextDocumentContentChangeEvent[]): boolean {
    const document = this.#open.get(uri);
    if (!document || version <= document.version) return false;
    this.#open.set(uri, TextDocument.update(document, changes, version));
    return true;
  }

  close(uri: string): void {
    this.#open.delete(uri);
  }

  snapshot(uri: string): Snapshot | undefined {
    const document = this.#open.get(uri);
    return document && { uri, languageId: document.languageId, version: document.version, text: document.getText() };
  }

  version(uri: string): number | undefined {
    return this.#open.get(uri)?.version;
  }

  get uris(): readonly string[] {
    return [...this.#open.keys()];
  }
}
