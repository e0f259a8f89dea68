// When the state of a chat may be kept on disk, and how it is deleted: the server over LSP with a scripted engine.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scriptedInference } from '../scriptedInference.ts';
import { type TestServer, type TestServerOptions, testServer } from './inProcessServer.ts';

async function withServer(
  options: Partial<TestServerOptions>,
  act: (server: TestServer, mayPersist: () => Promise<boolean | undefined>) => Promise<void>,
  inference = scriptedInference({ answers: ['ok'] }),
): Promise<void> {
  const server = await testServer({ inference: () => inference, ...options });
  try {
    await act(server, async () => {
      await server.client.sendRequest('tramontane/chat', { messages: [{ role: 'user', text: 'Hi' }], attachments: [] });
      return inference.requests.at(-1)?.mayPersist;
    });
  } finally {
    server.end();
  }
}

const trusted = { isWorkspaceTrusted: true };

test('in a trusted workspace the state of a chat may be kept, in one that is not it may not', async () => {
  await withServer({ trustClientOptions: true, initializationOptions: trusted }, async (_server, mayPersist) => assert.equal(await mayPersist(), true));
  await withServer({ trustClientOptions: true, initializationOptions: { isWorkspaceTrusted: false } }, async (_server, mayPersist) =>
    assert.equal(await mayPersist(), false),
  );
  await withServer({ trustClientOptions: true }, async (_server, mayPersist) => assert.equal(await mayPersist(), false));
});

test('trust that is granted later counts from then on', () =>
  withServer({ trustClientOptions: true, initializationOptions: { isWorkspaceTrusted: false } }, async (server, mayPersist) => {
    assert.equal(await mayPersist(), false);
    await server.client.sendNotification('tramontane/workspaceTrust', trusted);
    assert.equal(await mayPersist(), true);
    await server.client.sendNotification('tramontane/workspaceTrust', 'rubbish');
    assert.equal(await mayPersist(), false);
  }));

test('the word of a client whose options are not trusted does not count', () =>
  withServer({ initializationOptions: { ...trusted, engine: { saveState: true } } }, async (server, mayPersist) => {
    await server.client.sendNotification('tramontane/workspaceTrust', trusted);
    assert.equal(await mayPersist(), false);
  }));

test("the user's own file may ask for it, and forbid it", async () => {
  await withServer({ config: { engine: { saveState: true } } }, async (_server, mayPersist) => assert.equal(await mayPersist(), true));
  await withServer({ config: { engine: { threads: 2 } } }, async (_server, mayPersist) => assert.equal(await mayPersist(), false));
  await withServer(
    { trustClientOptions: true, initializationOptions: { ...trusted, engine: { saveState: true } }, config: { engine: { saveState: false } } },
    async (_server, mayPersist) => assert.equal(await mayPersist(), false),
  );
});

test('the setting forbids it in a trusted workspace, and builds no new engine', () =>
  withServer({ trustClientOptions: true, initializationOptions: trusted }, async (server, mayPersist) => {
    const before = server.built.length;
    await server.client.sendNotification('workspace/didChangeConfiguration', { settings: { tramontane: { engine: { saveState: false } } } });
    assert.equal(await mayPersist(), false);
    assert.equal(server.built.length, before);
  }));

test('deleting answers with how much there was, or with why it cannot be done', async () => {
  await withServer({}, async (server) => {
    assert.deepEqual(await server.client.sendRequest('tramontane/deleteSavedState', {}), { outcome: 'ok', value: { files: 2, bytes: 3_400_000 } });
  });
  const failure = { outcome: 'unsupported', cause: 'It is held.', action: 'Let go.' } as const;
  const failing = scriptedInference({ failure: (operation) => (operation === 'deleteSavedStates' ? failure : undefined) });
  await withServer({}, async (server) => assert.deepEqual(await server.client.sendRequest('tramontane/deleteSavedState', {}), failure), failing);
});
