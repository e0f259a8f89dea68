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
      if (params.command !== serverCommands.completionAccepted) throw new ResponseError<void>(ErrorCodes.InvalidParams, `Unknown command ${params.command}.`);
      const id: unknown = params.arguments?.[0];
      if (typeof id !== 'string') throw new ResponseError<void>(ErrorCodes.InvalidParams, 'The first argument must be the id of a suggestion.');
      completeInline.accepted(id);
      return null;
    }),
  );
}
