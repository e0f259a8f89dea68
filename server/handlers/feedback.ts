// `tramontane/deleteCompletionHistory`: forgets what became of suggestions. It knows the request; it must not know where anything is kept.
import * as v from 'valibot';
import type { Connection } from 'vscode-languageserver/node';
import type { Log } from '../core/log.ts';
import { methods } from '../protocol/methods.ts';
import { registerRequest } from './handle.ts';

export interface FeedbackHandlerOptions {
  readonly deleteAll: () => Promise<void>;
  readonly log: Log;
}

export function registerFeedback(connection: Connection, { deleteAll, log }: FeedbackHandlerOptions): void {
  registerRequest(connection, log, {
    method: methods.deleteCompletionHistory,
    params: v.unknown(),
    act: async () => {
      await deleteAll();
      return null;
    },
  });
}
