// The commands that make suggestions quieter: a pause of some minutes, a language without them, a history that is deleted.
// It knows the editor's dialogs and settings; it must not know how suggestions come about.
import type { Disposable as DisposableType, QuickPickItem } from 'vscode';
import { commands, ConfigurationTarget, Disposable, window, workspace } from 'vscode';
import type { TramontaneClient } from './languageClient.ts';

const minuteMs = 60_000;
const snoozeMinutes = [5, 15, 60] as const;

export function registerQuietCommands(client: TramontaneClient): DisposableType {
  return Disposable.from(
    commands.registerCommand('tramontane.snooze', (minutes?: unknown) => snooze(client, minutes)),
    commands.registerCommand('tramontane.toggleLanguage', toggleLanguage),
    commands.registerCommand('tramontane.deleteCompletionHistory', () => deleteHistory(client)),
  );
}

async function snooze(client: TramontaneClient, minutes: unknown): Promise<void> {
  const given = typeof minutes === 'number' && minutes > 0 ? minutes : await pickMinutes();
  if (given !== undefined) await client.setPaused(true, Math.round(given * minuteMs));
}

async function pickMinutes(): Promise<number | undefined> {
  const items: (QuickPickItem & { readonly minutes: number })[] = snoozeMinutes.map((minutes) => ({
    label: minutes === 60 ? 'For an hour' : `For ${minutes} minutes`,
    minutes,
  }));
  return (await window.showQuickPick(items, { title: 'Snooze Suggestions', placeHolder: 'No suggestions by themselves' }))?.minutes;
}

/** Adds the language of the active editor to those without automatic suggestions, or takes it away again. */
async function toggleLanguage(): Promise<void> {
  const document = window.activeTextEditor?.document;
  if (!document) {
    void window.showInformationMessage('Tramontane: Open a file of the language first.');
    return;
  }
  const { languageId } = document;
  const completion = workspace.getConfiguration('tramontane.completion');
  const excluded = completion.get<readonly string[]>('excludedLanguages', []);
  const isExcluded = excluded.includes(languageId);
  const wanted = isExcluded ? excluded.filter((id) => id !== languageId) : [...excluded, languageId];
  // Where a project says it, the user's own setting would change nothing.
  const isProjects = completion.inspect('excludedLanguages')?.workspaceValue !== undefined;
  const target = isProjects ? ConfigurationTarget.Workspace : ConfigurationTarget.Global;
  await completion.update('excludedLanguages', wanted.length === 0 && !isProjects ? undefined : wanted, target);
  window.setStatusBarMessage(`Tramontane: suggestions are ${isExcluded ? 'on' : 'off'} for ${languageId}.`, 4000);
}

async function deleteHistory(client: TramontaneClient): Promise<void> {
  const deletion = 'Delete';
  const detail = 'What became of earlier suggestions is forgotten. It was kept on this machine only, without any source text.';
  const picked = await window.showWarningMessage('Delete the completion history?', { modal: true, detail }, deletion);
  if (picked !== deletion) return;
  try {
    await client.deleteCompletionHistory();
    window.setStatusBarMessage('Tramontane: the completion history is deleted.', 4000);
  } catch (error) {
    void window.showErrorMessage(`Tramontane: The completion history could not be deleted (${error instanceof Error ? error.message : String(error)}).`);
  }
}
