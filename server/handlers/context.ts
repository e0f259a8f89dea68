// `tramontane/context`. It knows the request; it must not know how context is found.
import type { Connection } from 'vscode-languageserver/node';
import type { Log } from '../core/log.ts';
import { findContext, type FindContextDependencies } from '../features/findContext.ts';
import { contextParamsSchema } from '../protocol/context.ts';
import { methods } from '../protocol/methods.ts';
import { registerRequest } from './handle.ts';

export function registerContext(connection: Connection, deps: FindContextDependencies, log: Log): void {
  registerRequest(connection, log, {
    method: methods.context,
    params: contextParamsSchema,
    act: (params, signal) => findContext(params, deps, signal),
  });
}
