// `tramontane/chat`. It knows LSP's partial results; it must not know how an answer is made.
import type { Connection } from 'vscode-languageserver/node';
import { ProgressType } from 'vscode-languageserver/node';
import type { Log } from '../core/log.ts';
import type { ChatTurnDependencies } from '../features/chatTurn.ts';
import { chatTurn } from '../features/chatTurn.ts';
import type { StatusBoard } from '../features/statusBoard.ts';
import type { ChatPartial } from '../protocol/chat.ts';
import { chatParamsSchema } from '../protocol/chat.ts';
import { methods } from '../protocol/methods.ts';
import { registerRequest } from './handle.ts';

const partial = new ProgressType<ChatPartial>();

export function registerChat(connection: Connection, deps: () => ChatTurnDependencies, board: StatusBoard, log: Log): void {
  registerRequest(connection, log, {
    method: methods.chat,
    params: chatParamsSchema,
    act: (params, signal) => {
      const { partialResultToken } = params;
      const onText = (text: string) => {
        if (partialResultToken !== undefined) void connection.sendProgress(partial, partialResultToken, { text });
      };
      return board.during(() => chatTurn(params, deps(), { signal, onText }));
    },
  });
}
