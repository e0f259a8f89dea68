// Sends one chat turn to the language server: the request, its `$/progress` and its cancellation, validated on the way in.
// It must not know conversations or the webview.
import * as v from 'valibot';
import { type CancellationToken, type LanguageClient, LSPErrorCodes, ProgressType, ResponseError, State } from 'vscode-languageclient/node';
import { type ChatParams, type ChatPartial, type ChatResult, chatPartialSchema, chatResultSchema } from '../server/protocol/chat.ts';
import { methods } from '../server/protocol/methods.ts';

export type SendChat = (params: ChatParams, onText: (text: string) => void, token: CancellationToken) => Promise<ChatResult>;

/** `client` is asked anew each time, since it is made again when its settings change. */
export function createSendChat(client: () => LanguageClient | undefined): SendChat {
  let requests = 0;
  return async (params, onText, token) => {
    const current = client();
    if (!current || current.state === State.Stopped) {
      return { outcome: 'engineUnavailable', cause: 'The language server is not running.', action: 'Restart the engine, then ask again.' };
    }
    requests += 1;
    const partialResultToken = `tramontane-chat-${requests}`;
    const progress = current.onProgress(new ProgressType<ChatPartial>(), partialResultToken, (partial) => {
      const parsed = v.safeParse(chatPartialSchema, partial);
      if (parsed.success) onText(parsed.output.text);
    });
    try {
      const answer: unknown = await current.sendRequest<unknown>(methods.chat, { ...params, partialResultToken }, token);
      return v.parse(chatResultSchema, answer);
    } catch (error) {
      if (token.isCancellationRequested || isCancellation(error)) return { outcome: 'cancelled' };
      throw error;
    } finally {
      progress.dispose();
    }
  };
}

function isCancellation(error: unknown): boolean {
  return error instanceof ResponseError && (error.code === LSPErrorCodes.RequestCancelled || error.code === LSPErrorCodes.ServerCancelled);
}
