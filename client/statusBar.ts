// The one status-bar item and its menu. It shows the state that the server sent; it must not work out a state of its own.
import type { Disposable as DisposableType } from 'vscode';
import { commands, Disposable, MarkdownString, QuickPickItemKind, StatusBarAlignment, ThemeColor, window } from 'vscode';
import type { QuickPickItem } from 'vscode';
import type { Status } from '../server/protocol/status.ts';
import type { TramontaneClient } from './languageClient.ts';

interface Face {
  readonly icon: string;
  /** One sentence for the tooltip and for screen readers. */
  readonly sentence: (status: Status) => string;
  readonly color?: string;
}

const modelName = (status: Status) => (status.model?.isStarter ? 'the starter model' : (status.model?.name ?? 'the model'));

const faces: Readonly<Record<Status['state'], Face>> = {
  starting: { icon: 'loading~spin', sentence: () => 'The engine is starting and loads its model.' },
  ready: { icon: 'sparkle', sentence: (status) => `Ready with ${modelName(status)}.` },
  busy: { icon: 'sync~spin', sentence: (status) => `Working with ${modelName(status)}.` },
  paused: { icon: 'debug-pause', sentence: () => 'Automatic suggestions are paused.' },
  noModel: { icon: 'warning', sentence: (status) => status.cause ?? 'There is no usable model.', color: 'statusBarItem.warningBackground' },
  error: { icon: 'error', sentence: (status) => status.cause ?? 'The engine is not running.', color: 'statusBarItem.errorBackground' },
};

export function registerStatusBar(client: TramontaneClient): DisposableType {
  const item = window.createStatusBarItem('tramontane.status', StatusBarAlignment.Right, 100);
  item.name = 'Tramontane';
  item.command = 'tramontane.showMenu';
  const show = (status: Status) => {
    const face = faces[status.state];
    const sentence = face.sentence(status);
    item.text = `$(${face.icon}) ${status.model?.isStarter ? 'Starter model' : 'Tramontane'}`;
    item.tooltip = tooltip(sentence, status);
    item.accessibilityInformation = { label: `Tramontane: ${sentence}`, role: 'button' };
    item.backgroundColor = face.color === undefined ? undefined : new ThemeColor(face.color);
  };
  show(client.status);
  item.show();
  return Disposable.from(
    item,
    client.onDidChangeStatus(show),
    commands.registerCommand('tramontane.showMenu', () => showMenu(client)),
  );
}

function tooltip(sentence: string, status: Status): MarkdownString {
  const text = new MarkdownString();
  text.appendText(`Tramontane: ${sentence}`);
  if (status.action) text.appendText(`\n${status.action}`);
  for (const note of status.notes ?? []) text.appendText(`\n${note}`);
  if (status.model?.isStarter) text.appendText('\nThe starter model is tiny and often wrong. Click to choose a real model.');
  else if (status.model) text.appendText(`\nContext: ${status.model.contextSize} tokens.`);
  return text;
}

interface MenuItem extends QuickPickItem {
  readonly command?: string;
}

async function showMenu(client: TramontaneClient): Promise<void> {
  const { status } = client;
  const isPaused = status.state === 'paused';
  const items: MenuItem[] = [
    { label: '$(comment-discussion) Open Chat', command: 'tramontane.focusChat' },
    { label: '$(edit) Edit with Instruction…', command: 'tramontane.editWithInstruction' },
    { label: 'Suggestions', kind: QuickPickItemKind.Separator },
    { label: isPaused ? '$(debug-start) Resume Suggestions' : '$(debug-pause) Pause Suggestions', command: 'tramontane.togglePause' },
    { label: 'Model', kind: QuickPickItemKind.Separator },
    {
      label: '$(folder-opened) Choose Model…',
      description: status.model?.isStarter ? 'now: the tiny starter model' : (status.model?.name ?? ''),
      command: 'tramontane.chooseModel',
    },
    { label: '$(debug-restart) Restart Engine', command: 'tramontane.restartEngine' },
    { label: '', kind: QuickPickItemKind.Separator },
    { label: '$(gear) Open Settings', command: 'tramontane.openSettings' },
    { label: '$(output) Show Log', command: 'tramontane.showLog' },
  ];
  const picked = await window.showQuickPick(items, { title: 'Tramontane', placeHolder: faces[status.state].sentence(status) });
  if (picked?.command) await commands.executeCommand(picked.command);
}
