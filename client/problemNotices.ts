// Tells a person once when the engine or the model needs them: a cause, and one button that mends it.
import type { Disposable, LogOutputChannel } from 'vscode';
import { commands, window } from 'vscode';
import type { Status } from '../server/protocol/status.ts';
import type { TramontaneClient } from './languageClient.ts';

export function registerProblemNotices(client: TramontaneClient, log: LogOutputChannel): Disposable {
  let told = '';
  return client.onDidChangeStatus((status) => {
    // The same trouble is not told twice, but it is told again after it was mended and came back.
    if (status.state === 'ready') told = '';
    if ((status.state !== 'error' && status.state !== 'noModel') || told === status.cause) return;
    told = status.cause ?? '';
    log.error(`${status.cause ?? status.state} ${status.action ?? ''}`);
    void tell(status);
  });
}

async function tell(status: Status): Promise<void> {
  const mend =
    status.state === 'noModel'
      ? { title: 'Choose Model…', command: 'tramontane.chooseModel' }
      : { title: 'Restart Engine', command: 'tramontane.restartEngine' };
  const showLog = 'Show Log';
  const message = `Tramontane: ${status.cause ?? 'The engine is not running.'}`;
  const picked = await (status.state === 'noModel'
    ? window.showWarningMessage(message, mend.title, showLog)
    : window.showErrorMessage(message, mend.title, showLog));
  if (picked === mend.title) await commands.executeCommand(mend.command);
  if (picked === showLog) await commands.executeCommand('tramontane.showLog');
}
