// `tramontane/languageServices`: asks the client what the editor's own language services know, where it has offered to tell. It knows the message; it
// must not know when to ask or what for.
import * as v from 'valibot';
import type { Connection } from 'vscode-languageserver/node';
import { CancellationTokenSource } from 'vscode-languageserver/node';
import type { Log } from '../core/log.ts';
import type { AskLanguageServices } from '../features/receiverTypes.ts';
import { languageServicesOfferSchema, languageServicesResultSchema } from '../protocol/languageServices.ts';
import { methods } from '../protocol/methods.ts';

export function offersLanguageServices(initializationOptions: unknown): boolean {
  return v.is(languageServicesOfferSchema, initializationOptions);
}

export function askLanguageServices(connection: Connection, log: Log): AskLanguageServices {
  return async (params, signal) => {
    const cancellation = new CancellationTokenSource();
    const cancel = () => cancellation.cancel();
    if (signal.aborted) cancel();
    signal.addEventListener('abort', cancel, { once: true });
    try {
      const answer: unknown = await connection.sendRequest(methods.languageServices, params, cancellation.token);
      const parsed = v.safeParse(languageServicesResultSchema, answer);
      if (parsed.success) return parsed.output;
      log.debug(`The client's answer to ${methods.languageServices} was not understood: ${parsed.issues[0].message}`);
    } catch (error) {
      // It does without: also when the client gave up because it was told to.
      log.debug(`The client did not answer ${methods.languageServices}: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      signal.removeEventListener('abort', cancel);
      cancellation.dispose();
    }
    return undefined;
  };
}
