// `tramontane/nextEdit` and `tramontane/nextEditDismissed`. It knows the messages; it must not know how an edit is found.
import * as v from 'valibot';
import type { Connection } from 'vscode-languageserver/node';
import type { Log } from '../core/log.ts';
import type { SuggestNextEdit } from '../features/suggestNextEdit.ts';
import { methods } from '../protocol/methods.ts';
import { nextEditDismissedSchema, nextEditParamsSchema } from '../protocol/nextEdit.ts';
import { registerRequest } from './handle.ts';

export function registerNextEdit(connection: Connection, suggestNextEdit: SuggestNextEdit, log: Log): void {
  registerRequest(connection, log, {
    method: methods.nextEdit,
    params: nextEditParamsSchema,
    act: (params, signal) => suggestNextEdit.suggest(params, signal),
  });
  connection.onNotification(methods.nextEditDismissed, (raw: unknown) => {
    const parsed = v.safeParse(nextEditDismissedSchema, raw);
    if (parsed.success) suggestNextEdit.dismissed(parsed.output.id);
    else log.warn(`${methods.nextEditDismissed} was not understood: ${parsed.issues[0].message}`);
  });
}
