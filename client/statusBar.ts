// The one status-bar item and its menu. It shows the state that the server sent; it must not work out a state of its own.
import type { Disposable as DisposableType } from 'vscode';
import { commands, Disposable, MarkdownString, QuickPickItemKind, StatusBarAlignment, ThemeColor, window, workspace } from 'vscode';
import type { QuickPickItem } from 'vscode';
import type { Status } from '../server/protocol/status.ts';
import type { TramontaneClient } from './languageClient.ts';
import { indexSentences } from './indexSentences.ts';

interface Face {
  readonly icon: string;
  /** One sentence for the tooltip and for screen readers. */
  readonly sentence: (status: Status) => string;
  readonly color?: string;
}

const modelName = (status: Status) => (status.model?.isStarter ? 'the starter model' : (status.model?.name ?? 'the model'));

/** The tooltip is made when the state comes, so the time is counted from then. */
function clockTimeIn(ms: number): string {
  return new Date(Date.now() + ms).toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' });
}

const faces: Readonly<Record<Status['state'], Face>> = {
  starting: { icon: 'loading~spin', sentence: () => 'The engine is starting and loads its model.' },
  ready: { icon: 'sparkle', sentence: (status) => `Ready with ${modelName(status)}.` },
  busy: { icon: 'sync~spin', sentence: (status) => `Working with ${modelName(status)}.` },
  paused: {
    icon: 'debug-pause',
    sentence: (status) =>
      status.pauseEndsInMs === undefined ? 'Automatic suggestions are paused.' : `Automatic suggestions are paused until ${clockTimeIn(status.pauseEndsInMs)}.`,
  },
  noModel: { icon: 'warning', sentence: (status) => status.cause ?? 'There is no usable model.', color: 'statusBarItem.warningBackground' },
  error: { icon: 'error', sentence: (status) => status.cause ?? 'The engine is not running.', color: 'statusBarItem.errorBackground' },
};

/** Why the last request showed nothing. */
const quietSentences: Readonly<Record<NonNullable<Status['quiet']>, string>> = {
  paused: 'Suggestions are paused.',
  switchedOff: 'Automatic suggestions are switched off in the settings.',
  notOpen: 'This document is not open.',
  excludedLanguage: 'Suggestions are off for this language.',
  excludedScope: 'Suggestions are off in comments or strings.',
  insideWord: 'Nothing is suggested inside a word.',
  middleOfLine: 'Nothing is suggested for a word in the middle of a line.',
  modelEnded: 'The model had nothing to add here.',
  chat: 'The model talked instead of writing code.',
  invisibleCharacters: 'The last suggestion held invisible characters.',
  secret: 'The last suggestion looked like a secret.',
  repeatsWhatFollows: 'The last suggestion only repeated what follows.',
  restatesWhatStands: 'The last suggestion only repeated what stands above.',
  unsure: 'The model was too unsure of the last suggestion.',
  turnedDown: 'A suggestion was turned down here before.',
  trivial: 'The last suggestion was a single sign.',
  waiting: 'Waiting for a pause in typing, longer than usual after suggestions that were turned down.',
  unavailable: 'The engine or the model could not answer.',
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
  if (status.isPaused && status.state !== 'paused') text.appendText(`\n${faces.paused.sentence(status)}`);
  if (status.quiet) text.appendText(`\nNo suggestion: ${quietSentences[status.quiet]}`);
  if (status.action) text.appendText(`\n${status.action}`);
  for (const note of status.notes ?? []) text.appendText(`\n${note}`);
  if (status.index) text.appendText(`\n${indexSentences(status.index)}`);
  if (status.model?.isStarter) text.appendText('\nThe starter model is tiny and often wrong. Click to choose a real model.');
  else if (status.model) text.appendText(`\nContext: ${status.model.contextSize} tokens.`);
  return text;
}

function activeLanguage(): { readonly id: string; readonly isOff: boolean } | undefined {
  const id = window.activeTextEditor?.document.languageId;
  return id === undefined
    ? undefined
    : { id, isOff: workspace.getConfiguration('tramontane.completion').get<readonly string[]>('excludedLanguages', []).includes(id) };
}

interface MenuItem extends QuickPickItem {
  readonly command?: string;
}

async function showMenu(client: TramontaneClient): Promise<void> {
  const { status } = client;
  const isPaused = status.isPaused === true;
  const language = activeLanguage();
  const items: MenuItem[] = [
    { label: '$(comment-discussion) Open Chat', command: 'tramontane.focusChat' },
    { label: '$(edit) Edit with Instruction…', command: 'tramontane.editWithInstruction' },
    { label: 'Suggestions', kind: QuickPickItemKind.Separator },
    { label: isPaused ? '$(debug-start) Resume Suggestions' : '$(debug-pause) Pause Suggestions', command: 'tramontane.togglePause' },
    ...(isPaused ? [] : [{ label: '$(clock) Snooze Suggestions…', command: 'tramontane.snooze' }]),
    ...(language === undefined
      ? []
      : [{ label: `$(symbol-misc) ${language.isOff ? 'Turn On' : 'Turn Off'} Suggestions for ${language.id}`, command: 'tramontane.toggleLanguage' }]),
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
