// `tramontane/status` and the requests behind the status item's menu. It knows names; it must not know how states come about.
import * as v from 'valibot';
import type { Connection } from 'vscode-languageserver/node';
import type { Log } from '../core/log.ts';
import type { StatusBoard } from '../features/statusBoard.ts';
import type { Inference } from '../inference/inference.ts';
import { methods } from '../protocol/methods.ts';
import type { Status } from '../protocol/status.ts';
import { setPausedParamsSchema } from '../protocol/status.ts';
import type { Session } from '../session/session.ts';
import { registerRequest } from './handle.ts';

export interface StatusHandlerOptions {
  readonly session: Session;
  readonly inference: Inference;
  readonly board: StatusBoard;
  readonly log: Log;
}

export function registerStatus(connection: Connection, { session, inference, board, log }: StatusHandlerOptions): void {
  registerRequest(connection, log, {
    method: methods.setPaused,
    params: setPausedParamsSchema,
    act: async ({ paused }) => {
      session.isPaused = paused;
      board.refresh();
      return board.status;
    },
  });
  registerRequest(connection, log, {
    method: methods.restartEngine,
    params: v.unknown(),
    act: async (_params, signal) => {
      await inference.restart(signal);
      return board.status;
    },
  });
  registerRequest(connection, log, { method: methods.engineStatus, params: v.unknown(), act: (_params, signal) => inference.engineStatus(signal) });
}

export function sendStatus(connection: Connection, status: Status): void {
  void connection.sendNotification(methods.status, status);
}
