// `tramontane/edit`. It knows the request; it must not know how an edit is made.
import type { Connection } from 'vscode-languageserver/node';
import type { Log } from '../core/log.ts';
import { type ProposeEditDependencies, proposeEdit } from '../features/proposeEdit.ts';
import type { StatusBoard } from '../features/statusBoard.ts';
import { editParamsSchema } from '../protocol/edit.ts';
import { methods } from '../protocol/methods.ts';
import { registerRequest } from './handle.ts';

export interface EditHandlerOptions {
  /** Asked at each request: settings may have changed. */
  readonly deps: () => ProposeEditDependencies;
  readonly board: StatusBoard;
  readonly log: Log;
}

export function registerEdit(connection: Connection, { deps, board, log }: EditHandlerOptions): void {
  registerRequest(connection, log, {
    method: methods.edit,
    params: editParamsSchema,
    act: (params, signal) => board.during(() => proposeEdit(params, deps(), signal)),
  });
}
