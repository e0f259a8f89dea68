// The extension's settings as the server wants them at its start; later changes it asks for itself.
import { workspace } from 'vscode';
import type { ClientSettings } from '../server/protocol/settings.ts';

/** VS Code has applied scopes by now: what is machine-scoped cannot come from a workspace. */
export function readSettings(): ClientSettings {
  const configuration = workspace.getConfiguration('tramontane');
  return {
    completion: configuration.get('completion'),
    nextEdit: configuration.get('nextEdit'),
    chat: configuration.get('chat'),
    edit: configuration.get('edit'),
    context: configuration.get('context'),
    model: configuration.get('model'),
    engine: configuration.get('engine'),
  };
}
