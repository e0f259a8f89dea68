// The command that deletes the state of chats that the engine keeps on disk. It knows messages to the user; it must not know where the files are.
import { window } from 'vscode';
import type { DeleteSavedStateResult } from '../server/protocol/status.ts';

/** Not asked for twice: what is deleted is only computed again. */
export async function deleteSavedState(send: () => Promise<DeleteSavedStateResult>): Promise<void> {
  const result = await send();
  if (result.outcome === 'cancelled') return;
  if (result.outcome !== 'ok') {
    await window.showErrorMessage(`${result.cause} ${result.action}`);
    return;
  }
  const { files, bytes } = result.value;
  await window.showInformationMessage(
    files === 0 ? 'There is no saved model state on this machine.' : `Deleted ${(bytes / 1e6).toFixed(1)} MB of saved model state.`,
  );
}
