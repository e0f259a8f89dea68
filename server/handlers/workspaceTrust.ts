// Where the client tells whether the user trusts the workspace: at the start, and when that changes. It knows messages; it must not know what
// trust allows, nor whether this client's word counts.
import * as v from 'valibot';
import type { Connection } from 'vscode-languageserver/node';
import { methods } from '../protocol/methods.ts';
import { workspaceTrustSchema } from '../protocol/settings.ts';
import type { Session } from '../session/session.ts';

export function trustSaidIn(initializationOptions: unknown): boolean {
  const said = v.safeParse(workspaceTrustSchema, initializationOptions);
  return said.success && said.output.isWorkspaceTrusted;
}

export function registerWorkspaceTrust(connection: Connection, session: Session): void {
  connection.onNotification(methods.workspaceTrust, (params: unknown) => {
    session.isWorkspaceTrusted = trustSaidIn(params);
  });
}
