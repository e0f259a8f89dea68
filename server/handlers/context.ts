// `tramontane/context` and `tramontane/deleteIndexes`. It knows the requests; it must not know how context is found or where an index is.
import * as v from 'valibot';
import type { Connection } from 'vscode-languageserver/node';
import type { Log } from '../core/log.ts';
import { findContext, type FindContextDependencies } from '../features/findContext.ts';
import { contextParamsSchema } from '../protocol/context.ts';
import { methods } from '../protocol/methods.ts';
import { registerRequest } from './handle.ts';

export interface ContextHandlerOptions {
  readonly deps: FindContextDependencies;
  /** Deletes every stored index of the user and begins those of the open folders anew. */
  readonly deleteIndexes: () => Promise<void>;
  readonly log: Log;
}

export function registerContext(connection: Connection, { deps, deleteIndexes, log }: ContextHandlerOptions): void {
  registerRequest(connection, log, {
    method: methods.context,
    params: contextParamsSchema,
    act: (params, signal) => findContext(params, deps, signal),
  });
  registerRequest(connection, log, {
    method: methods.deleteIndexes,
    params: v.unknown(),
    act: async () => {
      await deleteIndexes();
      return null;
    },
  });
}
