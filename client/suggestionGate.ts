// Whether a request for a suggestion is sent at all: "off" means that nothing leaves the editor, and explicit requests always do.
// It knows the settings; the server decides everything else, and checks these again for other editors.
import type { InlineCompletionContext, TextDocument } from 'vscode';
import { InlineCompletionTriggerKind, workspace } from 'vscode';
import type { Status } from '../server/protocol/status.ts';

/** @returns why nothing is sent; undefined when the server is asked */
export function reasonToStayQuiet(document: TextDocument, context: InlineCompletionContext, status: Status): Status['quiet'] {
  if (context.triggerKind === InlineCompletionTriggerKind.Invoke) return undefined;
  if (status.state === 'paused') return 'paused';
  const completion = workspace.getConfiguration('tramontane.completion', document);
  if (!completion.get('enabled', true)) return 'switchedOff';
  return completion.get<readonly string[]>('excludedLanguages', []).includes(document.languageId) ? 'excludedLanguage' : undefined;
}
