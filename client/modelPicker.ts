// Choosing the model file. It knows the setting; it must not know which models are good.
import type { QuickPickItem } from 'vscode';
import { ConfigurationTarget, window, workspace } from 'vscode';

interface Choice extends QuickPickItem {
  readonly act: () => Promise<string | undefined>;
}

/** Sets `tramontane.model.path` for this machine; the server loads the new model by itself. */
export async function chooseModel(): Promise<void> {
  const current = workspace.getConfiguration('tramontane').get<string>('model.path', '');
  const choices: Choice[] = [
    { label: '$(folder-opened) Choose a GGUF File…', detail: 'A model on this machine, for instance Codestral, Qwen2.5-Coder or Devstral', act: chooseFile },
    { label: '$(sparkle) Use the Starter Model', detail: 'Tiny and often wrong: it shows how everything works without a download', act: async () => '' },
  ];
  const picked = await window.showQuickPick(choices, {
    title: 'Choose Model',
    placeHolder: current === '' ? 'In use: the starter model' : `In use: ${current}`,
  });
  const path = await picked?.act();
  if (path === undefined || path === current) return;
  await workspace.getConfiguration('tramontane').update('model.path', path === '' ? undefined : path, ConfigurationTarget.Global);
}

async function chooseFile(): Promise<string | undefined> {
  const files = await window.showOpenDialog({
    title: 'Choose a GGUF Model File',
    canSelectMany: false,
    openLabel: 'Use This Model',
    filters: { 'GGUF models': ['gguf'] },
  });
  return files?.[0]?.fsPath;
}
