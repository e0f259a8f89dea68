// `workspace/executeCommand`: the commands that suggestions carry. It knows their names and arguments, nothing more.
import type { Connection } from 'vscode-languageserver/node';
import { ErrorCodes, ResponseError } from 'vscode-languageserver/node';
import type { Log } from '../core/log.ts';
import type { CompleteInline } from '../features/completeInline.ts';
import { serverCommands } from '../protocol/methods.ts';
import { answer } from './handle.ts';

export function registerExecuteCommand(connection: Connection, completeInline: CompleteInline, log: Log): void {
  connection.onExecuteCommand((params, token) =>
    answer<null>(log, 'workspace/executeCommand', token, async () => {
      const id: unknown = params.arguments?.[0];
      if (typeof id !== 'string') throw new ResponseError<void>(ErrorCodes.InvalidParams, 'The first argument must be the id of a suggestion.');
      switch (params.command) {
        case serverCommands.completionAccepted:
          completeInline.accepted(id);
          return null;
        case serverCommands.completionRejected:
          completeInline.rejected(id);
          return null;
        default:
          throw new ResponseError<void>(ErrorCodes.InvalidParams, `Unknown command ${params.command}.`);
      }
    }),
  );
}
