// Where settings reach the server over LSP. It knows the two ways of LSP; it must not know what settings mean.
import type { Connection } from 'vscode-languageserver/node';
import type { Log } from '../core/log.ts';

const section = 'tramontane';

export interface ConfigurationOptions {
  /** Whether the client answers `workspace/configuration`. */
  readonly canAsk: () => boolean;
  /** URIs of the workspace folders. */
  readonly folders: () => readonly string[];
  /** `ofFolders`: by URI, where there are several and the client was asked. */
  readonly onSettings: (raw: unknown, ofFolders: ReadonlyMap<string, unknown>) => void;
  readonly log: Log;
}

export interface Configuration {
  /** Asks the client, where it answers, for what folders say of their own: of one folder the window says the same. */
  readonly askForFolders: () => Promise<void>;
}

export function registerConfiguration(connection: Connection, { canAsk, folders, onSettings, log }: ConfigurationOptions): Configuration {
  const ask = async () => {
    const asked = folders().length > 1 ? folders() : [];
    try {
      const answers: unknown = await connection.workspace.getConfiguration([{ section }, ...asked.map((scopeUri) => ({ scopeUri, section }))]);
      const [all, ...own] = Array.isArray(answers) ? (answers as unknown[]) : [];
      onSettings(all, new Map(asked.map((uri, index) => [uri, own[index]])));
    } catch (error) {
      log.warn(`The client did not answer with its settings: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  connection.onDidChangeConfiguration(async (params) => {
    if (canAsk()) return ask();
    const all: unknown = params.settings;
    onSettings(typeof all === 'object' && all !== null ? (all as Record<string, unknown>)[section] : undefined, new Map());
  });
  return {
    askForFolders: async () => {
      if (canAsk() && folders().length > 1) await ask();
    },
  };
}
