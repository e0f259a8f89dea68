// The documents that are open in the editor, and what changes in them. It knows their text and versions; it must not know the disk.
import { TextDocument } from 'vscode-languageserver-textdocument';
import type { TextDocumentContentChangeEvent } from 'vscode-languageserver-textdocument';
import type { Snapshot } from './snapshot.ts';

/** One replacement, with UTF-16 offsets in the text before it. */
export interface Replacement {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export interface DocumentChange {
  readonly uri: string;
  readonly languageId: string;
  readonly version: number;
  /** In the order in which they were made, each on the text that the one before left. */
  readonly replacements: readonly Replacement[];
  /** The whole text after all of them. */
  readonly text: string;
  /** The whole text before them. */
  readonly textBefore: string;
}

export interface DocumentsListener {
  readonly changed?: (change: DocumentChange) => void;
  readonly closed?: (uri: string) => void;
}

export class Documents {
  readonly #open = new Map<string, TextDocument>();
  readonly #listeners = new Set<DocumentsListener>();

  open(document: { readonly uri: string; readonly languageId: string; readonly version: number; readonly text: string }): void {
    this.#open.set(document.uri, TextDocument.create(document.uri, document.languageId, document.version, document.text));
  }

  /** @returns false for a document that is not open, or a change that is older than what is known */
  change(uri: string, version: number, changes: TextDocumentContentChangeEvent[]): boolean {
    let document = this.#open.get(uri);
    if (!document || version <= document.version) return false;
    const textBefore = document.getText();
    const replacements: Replacement[] = [];
    // One by one, since the offsets of each are those of the text that the one before left.
    for (const change of changes) {
      replacements.push(replacementOf(document, change));
      document = TextDocument.update(document, [change], version);
    }
    if (changes.length === 0) document = TextDocument.update(document, [], version);
    this.#open.set(uri, document);
    const told: DocumentChange = { uri, languageId: document.languageId, version, replacements, text: document.getText(), textBefore };
    for (const { changed } of this.#listeners) changed?.(told);
    return true;
  }

  close(uri: string): void {
    if (!this.#open.delete(uri)) return;
    for (const { closed } of this.#listeners) closed?.(uri);
  }

  snapshot(uri: string): Snapshot | undefined {
    const document = this.#open.get(uri);
    return document && { uri, languageId: document.languageId, version: document.version, text: document.getText() };
  }

  /** The UTF-16 offset of a position, found without reading the whole text. */
  offsetAt(uri: string, position: { readonly line: number; readonly character: number }): number {
    return this.#open.get(uri)?.offsetAt(position) ?? 0;
  }

  version(uri: string): number | undefined {
    return this.#open.get(uri)?.version;
  }

  get uris(): readonly string[] {
    return [...this.#open.keys()];
  }

  /** Returns a function that ends the subscription. */
  listen(listener: DocumentsListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

function replacementOf(document: TextDocument, change: TextDocumentContentChangeEvent): Replacement {
  if (!('range' in change)) return wholeReplacement(document.getText(), change.text);
  const start = document.offsetAt(change.range.start);
  return { start, end: Math.max(start, document.offsetAt(change.range.end)), text: change.text };
}

/** A client that sends whole texts: what differs is between the common beginning and the common end. */
function wholeReplacement(before: string, after: string): Replacement {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before.charCodeAt(start) === after.charCodeAt(start)) start++;
  let same = 0;
  while (same < shorter - start && before.charCodeAt(before.length - 1 - same) === after.charCodeAt(after.length - 1 - same)) same++;
  return { start, end: before.length - same, text: after.slice(start, after.length - same) };
}
