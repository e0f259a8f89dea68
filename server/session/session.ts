// What a window has told the server so far: open documents, folders, settings, whether it is paused. No IO.
import { Documents } from './documents.ts';
import type { Settings } from './settings.ts';
import { defaultSettings } from './settings.ts';

export class Session {
  readonly documents = new Documents();
  /** Of the window. */
  settings: Settings = defaultSettings;
  /** Of workspace folders, by their URI, where a window has several. */
  folderSettings: ReadonlyMap<string, Settings> = new Map();
  isPaused = false;
  /** Whether a client whose word counts has said so. */
  isWorkspaceTrusted = false;
  /** URIs of the workspace folders, without a closing slash. */
  workspaceFolders: readonly string[] = [];

  /** What holds for a document: of its folder what can differ between folders. */
  settingsFor(uri: string): Settings {
    return this.folderSettings.get(this.#folderOf(uri) ?? '') ?? this.settings;
  }

  /** The path that prompts and people see: relative to the innermost workspace folder, with forward slashes; of a notebook's cell the notebook's. */
  displayPath(uri: string): string {
    const folder = this.#folderOf(uri);
    const whole = folder ? asFile(uri).slice(folder.length + 1) : (uri.split('/').at(-1) ?? uri);
    const path = uri.startsWith(cellScheme) ? whole.replace(/#.*$/s, '') : whole;
    try {
      return decodeURIComponent(path);
    } catch {
      // Not every URI is percent-encoded rightly; the raw form is readable enough.
      return path;
    }
  }

  #folderOf(uri: string): string | undefined {
    const file = asFile(uri);
    return this.workspaceFolders.filter((root) => file.startsWith(`${root}/`)).sort((a, b) => b.length - a.length)[0];
  }
}

const cellScheme = 'vscode-notebook-cell:';

/** VS Code names a cell by its notebook's path, with the cell in the fragment. */
function asFile(uri: string): string {
  if (!uri.startsWith(cellScheme)) return uri;
  const rest = uri.slice(cellScheme.length);
  return rest.startsWith('//') ? `file:${rest}` : `file://${rest}`;
}
