// What a window has told the server so far: open documents, folders, settings, whether it is paused. No IO.
import { Documents } from './documents.ts';
import type { Settings } from './settings.ts';
import { defaultSettings } from './settings.ts';

export class Session {
  readonly documents = new Documents();
  settings: Settings = defaultSettings;
  isPaused = false;
  /** Whether a client whose word counts has said so. */
  isWorkspaceTrusted = false;
  /** URIs of the workspace folders, without a closing slash. */
  workspaceFolders: readonly string[] = [];

  /** The path that prompts and people see: relative to the innermost workspace folder, with forward slashes. */
  displayPath(uri: string): string {
    const folder = this.workspaceFolders.filter((root) => uri.startsWith(`${root}/`)).sort((a, b) => b.length - a.length)[0];
    const path = folder ? uri.slice(folder.length + 1) : (uri.split('/').at(-1) ?? uri);
    try {
      return decodeURIComponent(path);
    } catch {
      // Not every URI is percent-encoded rightly; the raw form is readable enough.
      return path;
    }
  }
}
