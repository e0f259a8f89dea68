// `textDocument/inlineCompletion` (LSP 3.18). It knows LSP's shapes; it must not know how a suggestion is made.
import * as v from 'valibot';
import type { Connection, InlineCompletionItem } from 'vscode-languageserver/node';
import { InlineCompletionTriggerKind, LSPErrorCodes, ResponseError } from 'vscode-languageserver/node';
import type { Log } from '../core/log.ts';
import type { CompleteInline } from '../features/completeInline.ts';
import type { StatusBoard } from '../features/statusBoard.ts';
import { methods, serverCommands } from '../protocol/methods.ts';
import { suggestionUpdatesOfferSchema, type SuggestionGrew } from '../protocol/suggestionGrew.ts';
import { answer } from './handle.ts';

const method = 'textDocument/inlineCompletion';
/** A suggestion that comes sooner than this needs no sign of work. */
const quietMs = 300;

/** Whether the client asks again when it is told that a suggestion has become longer. */
export function followsSuggestions(initializationOptions: unknown): boolean {
  return v.is(suggestionUpdatesOfferSchema, initializationOptions);
}

export function tellGrown(connection: Connection, grown: SuggestionGrew, log: Log): void {
  connection.sendNotification(methods.suggestionGrew, grown).catch((error: unknown) => {
    log.debug(`The client could not be told of the rest of a suggestion: ${error instanceof Error ? error.message : String(error)}`);
  });
}

export function registerInlineCompletion(connection: Connection, completeInline: CompleteInline, board: StatusBoard, log: Log): void {
  connection.languages.inlineCompletion.on((params, token) =>
    answer<InlineCompletionItem[] | null>(log, method, token, async (signal) => {
      const { selectedCompletionInfo } = params.context;
      const request = {
        uri: params.textDocument.uri,
        position: params.position,
        isExplicit: params.context.triggerKind === InlineCompletionTriggerKind.Invoked,
        ...(selectedCompletionInfo ? { selected: { range: selectedCompletionInfo.range, text: selectedCompletionInfo.text } } : {}),
      };
      const result = await board.during(() => completeInline.complete(request, signal), quietMs);
      switch (result.outcome) {
        case 'ok':
          board.setQuiet(undefined);
          return result.suggestions.map(({ id, insertText, range }) => ({
            insertText,
            range,
            command: { title: 'Completion accepted', command: serverCommands.completionAccepted, arguments: [id] },
          }));
        case 'stale':
          throw new ResponseError<void>(LSPErrorCodes.ContentModified, 'The document changed.');
        case 'nothing':
          board.setQuiet(result.why);
          log.debug(`No suggestion: ${result.why}.`);
          return null;
        case 'cancelled':
          return null;
        default:
          // No dialog for ghost text: the status item shows the state.
          board.setQuiet('unavailable');
          log.info(`No suggestion: ${result.cause}`);
          return null;
      }
    }),
  );
}
