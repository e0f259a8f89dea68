// Where settings reach the server over LSP. It knows the two ways of LSP; it must not know what settings mean.
import type { Connection } from 'vscode-languageserver/node';
import type { Log } from '../core/log.ts';

const section = 'tramontane';

export interface ConfigurationOptions {
  /** Whether the client answers `workspace/configuration`. */
  readonly canAsk: () => boolean;
  readonly onSettings: (raw: unknown) => void;
  readonly log: Log;
}

export function registerConfiguration(connection: Connection, { canAsk, onSettings, log }: ConfigurationOptions): void {
  connection.onDidChangeConfiguration(async (params) => {
    if (!canAsk()) {
      const all: unknown = params.settings;
      onSettings(typeof all === 'object' && all !== null ? (all as Record<string, unknown>)[section] : undefined);
      return;
    }
    try {
      onSettings(await connection.workspace.getConfiguration(section));
    } catch (error) {
      log.warn(`The client did not answer with its settings: ${error instanceof Error ? error.message : String(error)}`);
    }
  });
}
