// `tramontane/status` and the requests behind the status item's menu. It knows names; it must not know how states come about.
import * as v from 'valibot';
import type { Connection } from 'vscode-languageserver/node';
import type { Log } from '../core/log.ts';
import type { StatusBoard } from '../features/statusBoard.ts';
import { methods } from '../protocol/methods.ts';
import type { DeleteSavedStateResult, Status } from '../protocol/status.ts';
import { setPausedParamsSchema } from '../protocol/status.ts';
import { registerRequest } from './handle.ts';

export interface StatusHandlerOptions {
  readonly board: StatusBoard;
  readonly restart: (signal: AbortSignal) => Promise<unknown>;
  readonly engineStatus: (signal: AbortSignal) => Promise<unknown>;
  readonly deleteSavedState: (signal: AbortSignal) => Promise<DeleteSavedStateResult>;
  readonly log: Log;
}

export function registerStatus(connection: Connection, { board, restart, engineStatus, deleteSavedState, log }: StatusHandlerOptions): void {
  registerRequest(connection, log, {
    method: methods.setPaused,
    params: setPausedParamsSchema,
    act: async ({ paused, forMs }) => {
      board.setPaused(paused, forMs);
      return board.status;
    },
  });
  registerRequest(connection, log, {
    method: methods.restartEngine,
    params: v.unknown(),
    act: async (_params, signal) => {
      await restart(signal);
      return board.status;
    },
  });
  registerRequest(connection, log, { method: methods.engineStatus, params: v.unknown(), act: (_params, signal) => engineStatus(signal) });
  registerRequest(connection, log, { method: methods.deleteSavedState, params: v.unknown(), act: (_params, signal) => deleteSavedState(signal) });
}

export function sendStatus(connection: Connection, status: Status): true {
  void connection.sendNotification(methods.status, status);
  return true;
}
