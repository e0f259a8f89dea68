// `tramontane/edit` over a real connection, with a scripted model behind it.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { CancellationTokenSource, ErrorCodes, ResponseError } from 'vscode-jsonrpc/node';
import { LSPErrorCodes } from 'vscode-languageserver-protocol';
import type { EditResult } from '../../server/protocol/edit.ts';
import { methods } from '../../server/protocol/methods.ts';
import { type Script, type ScriptedInference, scriptedInference } from '../scriptedInference.ts';
import { type TestServer, testServer } from './inProcessServer.ts';

const uri = 'file:///project/src/a.ts';
const params = { instruction: 'Do it.', target: { uri }, alsoEdit: [] };
const answer = 'src/a.ts\n<<<<<<< SEARCH\none\n=======\n1\n>>>>>>> REPLACE';

async function withServer(script: Script, act: (server: TestServer, inference: ScriptedInference) => Promise<void>): Promise<void> {
  const inference = scriptedInference(script);
  const server = await testServer({ inference: () => inference });
  try {
    await server.open(uri, 'one\ntwo\n');
    await act(server, inference);
  } finally {
    server.end();
  }
}

const hasCode = (code: number) => (error: unknown) => error instanceof ResponseError && error.code === code;

test('an edit is answered with edits for the version that the server has', () =>
  withServer({ answers: [answer] }, async ({ client, change }) => {
    await change(uri, 4, 'zero\none\n');
    const result = await client.sendRequest<EditResult>(methods.edit, params);
    assert.ok(result.outcome === 'ok');
    assert.deepEqual(result.documents, [
      {
        uri,
        version: 4,
        contentHash: createHash('sha256').update('zero\none\n').digest('hex'),
        edits: [{ range: { start: { line: 1, character: 0 }, end: { line: 1, character: 3 } }, newText: '1' }],
      },
    ]);
  }));

test('a change that comes while the model is at work leaves the old version in the answer', () =>
  withServer({ answers: async () => (await changed(), answer) }, async (server) => {
    held = server;
    const result = await server.client.sendRequest<EditResult>(methods.edit, params);
    assert.equal(result.outcome === 'ok' && result.documents[0]?.version, 1);
  }));

let held: TestServer | undefined;
async function changed(): Promise<void> {
  await held?.change(uri, 2, 'other\n');
}

test('parameters that do not fit are answered InvalidParams', () =>
  withServer({}, async ({ client }, inference) => {
    for (const wrong of [{}, { ...params, instruction: '' }, { ...params, alsoEdit: 'a.ts' }, { ...params, target: { uri: 1 } }]) {
      await assert.rejects(client.sendRequest(methods.edit, wrong), hasCode(ErrorCodes.InvalidParams));
    }
    assert.equal(inference.requests.length, 0);
  }));

test('cancelling the request stops the model', () => {
  const source = new CancellationTokenSource();
  return withServer({ answers: ['x'.repeat(1000)], beforePiece: (_, piece) => (piece === 3 ? source.cancel() : undefined) }, async ({ client }, inference) => {
    await assert.rejects(client.sendRequest(methods.edit, params, source.token), hasCode(LSPErrorCodes.RequestCancelled));
    assert.equal(inference.cancelledCount, 1);
  });
});

test('a bug is answered InternalError and logged', () => {
  const answers = (): string => {
    throw new Error('a bug');
  };
  return withServer({ answers }, async ({ client, logLines }) => {
    await assert.rejects(client.sendRequest(methods.edit, params), hasCode(ErrorCodes.InternalError));
    assert.ok(logLines.some((line) => line.includes('a bug')));
  });
});
