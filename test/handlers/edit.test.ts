// `tramontane/edit` over a real connection, with a scripted model behind it.
import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { CancellationTokenSource, createMessageConnection, type MessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node';
import { createConnection, ErrorCodes, LSPErrorCodes, ResponseError } from 'vscode-languageserver/node';
import { StatusBoard } from '../../server/features/statusBoard.ts';
import { registerEdit } from '../../server/handlers/edit.ts';
import type { EditResult } from '../../server/protocol/edit.ts';
import { methods } from '../../server/protocol/methods.ts';
import { Session } from '../../server/session/session.ts';
import { type Script, scriptedInference } from '../scriptedInference.ts';

const params = { instruction: 'Do it.', target: { uri: 'file:///w/a.ts' }, alsoEdit: [] };

async function withServer(script: Script, use: (client: MessageConnection, errors: string[]) => Promise<void>): Promise<void> {
  const up = new PassThrough();
  const down = new PassThrough();
  const errors: string[] = [];
  const log = { error: (message: string) => void errors.push(message), warn: () => {}, info: () => {}, debug: () => {} };
  const connection = createConnection(new StreamMessageReader(up), new StreamMessageWriter(down));
  const inference = scriptedInference(script);
  const documents = { read: async () => ({ outcome: 'ok' as const, text: 'one\ntwo\n', version: 3, languageId: 'typescript', relativePath: 'a.ts' }) };
  const board = new StatusBoard({ inference, session: new Session(), starterPath: '', onChange: () => {} });
  registerEdit(connection, { deps: () => ({ inference, documents, hash: (text) => `hash of ${text.length}`, settings: { maxTokens: 500 }, log }), board, log });
  connection.listen();
  const client = createMessageConnection(new StreamMessageReader(down), new StreamMessageWriter(up));
  client.listen();
  try {
    await use(client, errors);
  } finally {
    client.dispose();
    connection.dispose();
    up.end();
    down.end();
  }
}

test('an edit is answered with edits for the version that was read', async () => {
  await withServer({ answers: ['a.ts\n<<<<<<< SEARCH\none\n=======\n1\n>>>>>>> REPLACE'] }, async (client) => {
    const result = await client.sendRequest<EditResult>(methods.edit, params);
    assert.ok(result.outcome === 'ok');
    assert.deepEqual(result.documents, [
      {
        uri: 'file:///w/a.ts',
        version: 3,
        contentHash: 'hash of 8',
        edits: [{ range: { start: { line: 0, character: 0 }, end: { line: 0, character: 3 } }, newText: '1' }],
      },
    ]);
  });
});

test('parameters that do not fit are answered InvalidParams', async () => {
  await withServer({}, async (client) => {
    for (const wrong of [{}, { ...params, instruction: '' }, { ...params, alsoEdit: 'a.ts' }, { ...params, target: { uri: 1 } }]) {
      await assert.rejects(client.sendRequest(methods.edit, wrong), (error) => error instanceof ResponseError && error.code === ErrorCodes.InvalidParams);
    }
  });
});

test('cancelling the request stops the model', async () => {
  const source = new CancellationTokenSource();
  await withServer({ answers: ['x'.repeat(1000)], beforePiece: (_, piece) => (piece === 3 ? source.cancel() : undefined) }, async (client) => {
    await assert.rejects(
      client.sendRequest(methods.edit, params, source.token),
      (error) => error instanceof ResponseError && error.code === LSPErrorCodes.RequestCancelled,
    );
  });
});

test('a bug is answered InternalError and logged', async () => {
  const answers = (): string => {
    throw new Error('a bug');
  };
  await withServer({ answers }, async (client, errors) => {
    await assert.rejects(client.sendRequest(methods.edit, params), (error) => error instanceof ResponseError && error.code === ErrorCodes.InternalError);
    assert.match(errors[0] ?? '', /a bug/);
  });
});
