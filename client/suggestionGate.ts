// Whether a request for a suggestion is sent at all: "off" means that nothing leaves the editor, and explicit requests always do.
// It knows what the settings say; the server decides everything else, and checks these again for other editors.
import type { Status } from '../server/protocol/status.ts';

export interface Asking {
  /** By a command of the user's, rather than by typing. */
  readonly isExplicit: boolean;
  readonly languageId: string;
  readonly isPaused: boolean;
  readonly isEnabled: boolean;
  readonly excludedLanguages: readonly string[];
}

/** @returns why nothing is sent; undefined when the server is asked */
export function reasonToStayQuiet({ isExplicit, languageId, isPaused, isEnabled, excludedLanguages }: Asking): Status['quiet'] {
  if (isExplicit) return undefined;
  if (isPaused) return 'paused';
  if (!isEnabled) return 'switchedOff';
  return excludedLanguages.includes(languageId) ? 'excludedLanguage' : undefined;
}
