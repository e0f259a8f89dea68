// Adding, weighing and removing LoRA adapters. It knows the setting; it must not know what an adapter does.
import path from 'node:path';
import type { QuickPickItem } from 'vscode';
import { ConfigurationTarget, window, workspace } from 'vscode';

interface Adapter {
  readonly path: string;
  readonly scale?: number;
}

interface Choice extends QuickPickItem {
  /** The adapters as they shall be; undefined when nothing changes. */
  readonly act: () => Promise<readonly Adapter[] | undefined>;
}

const largestScale = 4;

/** Sets `tramontane.model.loraAdapters` for this machine; the server loads the model anew by itself. */
export async function chooseLoraAdapter(): Promise<void> {
  const current = workspace.getConfiguration('tramontane').get<readonly Adapter[]>('model.loraAdapters', []);
  const choices: Choice[] = [
    {
      label: '$(add) Add a GGUF Adapter…',
      detail: 'An adapter that was made for the model in use',
      act: async () => {
        const file = await chooseFile();
        return file === undefined ? undefined : [...current.filter((adapter) => adapter.path !== file), { path: file, scale: 1 }];
      },
    },
    ...current.map(
      (adapter): Choice => ({
        label: `$(layers) ${path.basename(adapter.path)}`,
        description: `strength ${adapter.scale ?? 1}`,
        detail: adapter.path,
        act: () => changeAdapter(current, adapter),
      }),
    ),
  ];
  const picked = await window.showQuickPick(choices, {
    title: 'Choose LoRA Adapter',
    placeHolder: current.length === 0 ? 'No adapter is in use' : 'Add one, or choose one to change its strength or to remove it',
  });
  const changed = await picked?.act();
  if (!changed) return;
  await workspace.getConfiguration('tramontane').update('model.loraAdapters', changed.length === 0 ? undefined : changed, ConfigurationTarget.Global);
}

async function changeAdapter(current: readonly Adapter[], adapter: Adapter): Promise<readonly Adapter[] | undefined> {
  const weigh = { label: '$(settings) Change Its Strength…' };
  const remove = { label: '$(trash) Remove It', detail: 'The file itself stays' };
  const picked = await window.showQuickPick([weigh, remove], { title: path.basename(adapter.path) });
  if (picked === remove) return current.filter((other) => other !== adapter);
  if (picked !== weigh) return undefined;
  const scale = await window.showInputBox({
    title: `Strength of ${path.basename(adapter.path)}`,
    prompt: `1 is the adapter's own strength, 0 switches it off; from -${largestScale} to ${largestScale}`,
    value: String(adapter.scale ?? 1),
    validateInput: (text) => (isScale(text) ? undefined : `Enter a number from -${largestScale} to ${largestScale}.`),
  });
  return scale === undefined ? undefined : current.map((other) => (other === adapter ? { ...adapter, scale: Number(scale) } : other));
}

function isScale(text: string): boolean {
  return text.trim() !== '' && Math.abs(Number(text)) <= largestScale;
}

async function chooseFile(): Promise<string | undefined> {
  const files = await window.showOpenDialog({
    title: 'Choose a GGUF Adapter File',
    canSelectMany: false,
    openLabel: 'Use This Adapter',
    filters: { 'GGUF adapters': ['gguf'] },
  });
  return files?.[0]?.fsPath;
}
