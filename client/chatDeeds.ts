// What a click in an answer does to the rest of the machine: copy, insert, open a link. Each is the user's own act and is
// shown to them: an insertion can be undone in one step, a link opens only after its whole address was confirmed.
import { env, type TextEditor, Uri, window } from 'vscode';

export async function copyText(text: string): Promise<void> {
  await env.clipboard.writeText(text);
}

/** Replaces nothing but the selection of the last editor. */
export async function insertAtCursor(editor: TextEditor | undefined, text: string): Promise<void> {
  if (!editor || editor.document.isClosed) {
    await window.showInformationMessage('Open a file and put the cursor where the code should go, then insert again.');
    return;
  }
  const inserted = await editor.edit((edit) => edit.replace(editor.selection, text), { undoStopBefore: true, undoStopAfter: true });
  if (!inserted) {
    await window.showWarningMessage('The code could not be inserted: the file cannot be changed.');
    return;
  }
  await window.showTextDocument(editor.document, { ...(editor.viewColumn ? { viewColumn: editor.viewColumn } : {}), preserveFocus: false });
}

/** The label of a link is the model's; only the address decides, so the whole of it is shown, with the host in its ASCII form. */
export async function openLinkWhenConfirmed(href: string): Promise<void> {
  const url = URL.canParse(href) ? new URL(href) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') return;
  const open = 'Open Link';
  const copy = 'Copy Link';
  const choice = await window.showWarningMessage('Open this link? The model wrote it.', { modal: true, detail: url.href }, open, copy);
  if (choice === open) await env.openExternal(Uri.parse(url.href, true));
  else if (choice === copy) await env.clipboard.writeText(url.href);
}
