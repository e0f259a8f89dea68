// Puts a proposal in front of the user and applies what they take of it, or nothing when a text is not the one it was made for.
// It knows VS Code's workspace edits and their preview; it must not know instructions' meaning or how a proposal came about.
import { createHash } from 'node:crypto';
import {
  EndOfLine,
  ProgressLocation,
  Range,
  type TextDocument,
  TextEdit,
  ThemeIcon,
  Uri,
  window,
  workspace,
  WorkspaceEdit,
  type WorkspaceEditEntryMetadata,
} from 'vscode';
import type { DocumentEdit } from '../server/protocol/edit.ts';
import { isSensitive } from './editPaths.ts';
import { countTakenEdits } from './takenEdits.ts';

export interface Proposal {
  readonly documents: readonly DocumentEdit[];
  /** The documents that were open while the proposal was made, by uri: kept, because a document that is closed and opened again counts its versions anew. */
  readonly opened: ReadonlyMap<string, TextDocument>;
  /** What the changes are called in the preview and in the undo history. */
  readonly label: string;
}

export type Applied =
  /** The text of `path` is another one by now. */
  | { readonly kind: 'stale'; readonly path: string }
  /** The user closed the preview without taking anything. */
  | { readonly kind: 'discarded' }
  /** `taken` is undefined when something else changed the documents meanwhile. */
  | { readonly kind: 'applied'; readonly taken: number | undefined; readonly total: number };

export async function applyProposal({ documents, opened, label }: Proposal): Promise<Applied> {
  const current: { readonly edit: DocumentEdit; readonly document: TextDocument; readonly version: number }[] = [];
  for (const edit of documents) {
    const uri = Uri.parse(edit.uri, true);
    const known = opened.get(uri.toString());
    const stale: Applied = { kind: 'stale', path: workspace.asRelativePath(uri) };
    if (known === undefined) return stale;
    if (!known.isClosed && edit.version !== null) {
      current.push({ edit, document: known, version: edit.version });
      continue;
    }
    // No version tells which text this is, so its content has to.
    const document = await workspace.openTextDocument(uri);
    if (!(await hasContent(document, edit.contentHash))) return stale;
    current.push({ edit, document, version: document.version });
  }
  // From here to applyEdit nothing is awaited: no text can change between the check and the edit.
  const changed = current.find(({ document, version }) => document.isClosed || document.version !== version);
  if (changed) return { kind: 'stale', path: workspace.asRelativePath(changed.document.uri) };
  const proposed = current.map(({ edit, document }) => ({ document, before: document.getText(), edits: offsetEdits(edit, document) }));
  const total = documents.reduce((sum, { edits }) => sum + edits.length, 0);
  const workspaceEdit = new WorkspaceEdit();
  for (const { edit, document } of current) {
    const metadata = metadataFor(document, label);
    workspaceEdit.set(
      document.uri,
      edit.edits.map(({ range, newText }): [TextEdit, WorkspaceEditEntryMetadata] => [TextEdit.replace(toRange(range), newText), metadata]),
    );
  }
  const applying = workspace.applyEdit(workspaceEdit, { isRefactoring: true });
  // The rows of the preview start without ticks, and its button does nothing until there is one: say so for as long as it is open.
  const changes = `${total} ${total === 1 ? 'change' : 'changes'} in ${documents.length} ${documents.length === 1 ? 'file' : 'files'}`;
  await window.withProgress(
    { location: ProgressLocation.Notification, title: `Tramontane proposes ${changes}. Tick what you want in the Refactor Preview, then choose Apply.` },
    () => applying,
  );
  if (!(await applying)) return { kind: 'discarded' };
  const counts = proposed.map(({ document, before, edits }) => countTakenEdits(before, document.getText(), edits));
  const taken = counts.every((count) => count !== undefined) ? counts.reduce((sum, count) => sum + count, 0) : undefined;
  return { kind: 'applied', taken, total };
}

/** A file on disk may have line ends or a byte order mark that its document does not show: its bytes count as well. */
async function hasContent(document: TextDocument, contentHash: string): Promise<boolean> {
  if (sha256(document.getText()) === contentHash) return true;
  if (document.isDirty || document.isUntitled) return false;
  const version = document.version;
  const bytes = await workspace.fs.readFile(document.uri);
  return sha256(new TextDecoder().decode(bytes)) === contentHash && document.version === version;
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

function metadataFor(document: TextDocument, label: string): WorkspaceEditEntryMetadata {
  const path = workspace.asRelativePath(document.uri);
  if (isSensitive(path)) {
    return {
      needsConfirmation: true,
      label: 'Sensitive files: look twice',
      description: `${path} can run code or change settings`,
      iconPath: new ThemeIcon('warning'),
    };
  }
  return { needsConfirmation: true, label, iconPath: new ThemeIcon('edit') };
}

function toRange({ start, end }: DocumentEdit['edits'][number]['range']): Range {
  return new Range(start.line, start.character, end.line, end.character);
}

/** As the document will hold them: VS Code gives inserted text the line ends of the document. */
function offsetEdits({ edits }: DocumentEdit, document: TextDocument): { start: number; end: number; newText: string }[] {
  const lineBreak = document.eol === EndOfLine.CRLF ? '\r\n' : '\n';
  return edits.map(({ range, newText }) => {
    const { start, end } = toRange(range);
    return { start: document.offsetAt(start), end: document.offsetAt(end), newText: newText.replace(/\r\n|\r|\n/g, lineBreak) };
  });
}
