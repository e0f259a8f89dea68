// What every request handler shares: validated parameters, one AbortSignal, and the one place where bugs are caught.
// It knows LSP's errors; it must not know any feature.
import * as v from 'valibot';
import type { CancellationToken, Connection } from 'vscode-languageserver/node';
import { ErrorCodes, LSPErrorCodes, ResponseError } from 'vscode-languageserver/node';
import type { Log } from '../core/log.ts';

/**
 * Runs a request. A cancelled one is answered `RequestCancelled`, as LSP asks; a bug is logged with its stack and answered
 * `InternalError`, so that every request has exactly one response.
 * @throws ResponseError, which the connection sends as the response
 */
export async function answer<Result>(log: Log, method: string, token: CancellationToken, act: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const controller = new AbortController();
  if (token.isCancellationRequested) controller.abort();
  const subscription = token.onCancellationRequested(() => controller.abort());
  let result: Result;
  try {
    result = await act(controller.signal);
  } catch (error) {
    if (error instanceof ResponseError) throw error;
    log.error(`${method} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    throw new ResponseError<void>(ErrorCodes.InternalError, `${method} failed. The log says why.`);
  } finally {
    subscription.dispose();
  }
  if (controller.signal.aborted) throw new ResponseError<void>(LSPErrorCodes.RequestCancelled, `${method} was cancelled.`);
  return result;
}

/** Registers one of Tramontane's own requests; parameters that do not fit the schema are answered `InvalidParams`. */
export function registerRequest<Params, Result>(
  connection: Connection,
  log: Log,
  request: {
    readonly method: string;
    readonly params: v.GenericSchema<unknown, Params>;
    readonly act: (params: Params, signal: AbortSignal) => Promise<Result>;
  },
): void {
  const { method, params: schema, act } = request;
  connection.onRequest(method, (raw: unknown, token: CancellationToken): Promise<unknown> => {
    return answer(log, method, token, (signal) => {
      const parsed = v.safeParse(schema, raw);
      if (parsed.success) return act(parsed.output, signal);
      const [issue] = parsed.issues;
      throw new ResponseError<void>(ErrorCodes.InvalidParams, `${method}: ${v.getDotPath(issue) ?? 'params'}: ${issue.message}`);
    });
  });
}
