import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Session } from '../../server/session/session.ts';
import { comesTrue } from '../patience.ts';
import { scriptedInference } from '../scriptedInference.ts';
import type { TestServerOptions } from './inProcessServer.ts';
import { testServer } from './inProcessServer.ts';

async function built(options: Partial<TestServerOptions>): Promise<{ readonly last: string; readonly log: string }> {
  const server = await testServer({ inference: () => scriptedInference(), ...options });
  // One round trip, so that what initialize logged has arrived.
  await server.client.sendRequest('tramontane/setPaused', { paused: false });
  server.end();
  return { last: server.built.at(-1)?.model.path ?? '', log: server.logLines.join('\n') };
}

test('a model path from the client is ignored and said', async () => {
  const { last, log } = await built({ initializationOptions: { model: { path: '/evil.gguf' }, completion: { delayMs: 5 } } });
  assert.equal(last, '');
  assert.match(log, /"model" and "engine" settings .* were ignored/);
});

test('with --trust-client-options it counts', async () => {
  const { last } = await built({ initializationOptions: { model: { path: '/mine.gguf' } }, trustClientOptions: true });
  assert.equal(last, '/mine.gguf');
});

test('the --config file counts, and wins over a trusted client', async () => {
  const { last } = await built({
    initializationOptions: { model: { path: '/client.gguf' } },
    trustClientOptions: true,
    config: { model: { path: '/config.gguf' } },
  });
  assert.equal(last, '/config.gguf');
});

test('LoRA adapters name files of the machine: they count from the user alone, with a strength of 1 where none is given', async () => {
  const model = { loraAdapters: [{ path: '/a.gguf' }, { path: '/b.gguf', scale: -0.5 }] };
  const adaptersOf = async (options: Partial<TestServerOptions>) => {
    const server = await testServer({ inference: () => scriptedInference(), ...options });
    await server.client.sendRequest('tramontane/setPaused', { paused: false });
    server.end();
    return server.built.at(-1)?.model.loraAdapters;
  };
  assert.deepEqual(await adaptersOf({ initializationOptions: { model } }), []);
  assert.deepEqual(await adaptersOf({ initializationOptions: { model }, trustClientOptions: true }), [
    { path: '/a.gguf', scale: 1 },
    { path: '/b.gguf', scale: -0.5 },
  ]);
  assert.deepEqual(await adaptersOf({ config: { model: { loraAdapters: [{ path: '/a.gguf', scale: 99 }] } } }), []);
});

test('a part that is not valid is ignored as a whole and said', async () => {
  const { log } = await built({ initializationOptions: { completion: { maxTokens: -3 } } });
  assert.match(log, /ignored: completion\.maxTokens/);
});

test('a change of a machine setting builds a new engine, a harmless one does not', async () => {
  const server = await testServer({ inference: () => scriptedInference(), trustClientOptions: true });
  const change = (settings: unknown) => server.client.sendNotification('workspace/didChangeConfiguration', { settings: { tramontane: settings } });
  const settled = () => server.client.sendRequest('tramontane/setPaused', { paused: false });
  await settled();
  const before = server.built.length;
  await change({ completion: { delayMs: 9 } });
  await settled();
  assert.equal(server.built.length, before);
  await change({ model: { path: '/other.gguf' } });
  await settled();
  assert.equal(server.built.at(-1)?.model.path, '/other.gguf');
  server.end();
});

test('chat has a model of its own where one is named: built by the first question, with the drafts to itself', async () => {
  const model = { path: '/complete.gguf', chatPath: '/chat.gguf', draftPath: '/draft.gguf', contextSize: 4096 };
  const server = await testServer({ inference: () => scriptedInference(), config: { model } });
  await server.client.sendRequest('tramontane/setPaused', { paused: false });
  const pathsOf = () => server.built.map(({ model: { path, draftPath, contextSize } }) => [path, draftPath, contextSize]);
  assert.deepEqual(pathsOf().at(-1), ['/complete.gguf', '', 4096]);
  const before = server.built.length;
  const ask = () => server.client.sendRequest('tramontane/chat', { messages: [{ role: 'user', text: 'Hello' }], attachments: [] });
  await ask();
  await ask();
  server.end();
  assert.equal(server.built.length, before + 1);
  assert.deepEqual(pathsOf().at(-1), ['/chat.gguf', '/draft.gguf', 0]);
});

test('without a chat model, one model does both', async () => {
  const server = await testServer({ inference: () => scriptedInference(), config: { model: { path: '/both.gguf', draftPath: '/draft.gguf' } } });
  await server.client.sendRequest('tramontane/setPaused', { paused: false });
  const before = server.built.length;
  await server.client.sendRequest('tramontane/chat', { messages: [{ role: 'user', text: 'Hello' }], attachments: [] });
  server.end();
  assert.equal(server.built.length, before);
  assert.equal(server.built.at(-1)?.model.draftPath, '/draft.gguf');
});

test('what a folder of several says of its own holds for its documents, and at once when it changes', async () => {
  let folderSays: Record<string, object> = { 'file:///a': { completion: { enabled: false } }, 'file:///b': { completion: { enabled: true } } };
  const inference = scriptedInference({ model: { specialTokens: ['[SUFFIX]', '[PREFIX]'] }, answers: ({ isAhead }) => (isAhead ? '' : 'run(1);') });
  const server = await testServer({
    inference: () => inference,
    folder: 'file:///a',
    moreFolders: ['file:///b'],
    capabilities: { workspace: { configuration: true } },
    answer: (client) =>
      client.onRequest('workspace/configuration', ({ items }: { items: { scopeUri?: string }[] }) =>
        items.map(({ scopeUri }) => folderSays[scopeUri ?? ''] ?? {}),
      ),
  });
  try {
    const ask = async (uri: string) => (await server.inline(uri, 0, 10, 2))?.length ?? 0;
    for (const uri of ['file:///a/x.ts', 'file:///b/x.ts', 'untitled:Untitled-1']) await server.open(uri, 'const a = \n');
    await comesTrue(async () => (await ask('file:///a/x.ts')) === 0);
    assert.equal(await ask('file:///b/x.ts'), 1);
    assert.equal(await ask('untitled:Untitled-1'), 1);
    folderSays = { 'file:///a': {}, 'file:///b': { completion: { enabled: false } } };
    await server.client.sendNotification('workspace/didChangeConfiguration', { settings: null });
    await comesTrue(async () => (await ask('file:///a/x.ts')) === 1);
    assert.equal(await ask('file:///b/x.ts'), 0);
  } finally {
    server.end();
  }
});

test('a cell of a notebook is named by its notebook, and belongs to its folder', () => {
  const session = new Session();
  session.workspaceFolders = ['file:///project'];
  assert.equal(session.displayPath('vscode-notebook-cell:/project/notes/a%20b.ipynb#W0sZmlsZQ%3D%3D'), 'notes/a b.ipynb');
  assert.equal(session.displayPath('file:///project/src/a%23b.ts'), 'src/a#b.ts');
  const own = { ...session.settings, completion: { ...session.settings.completion, enabled: false } };
  session.folderSettings = new Map([['file:///project', own]]);
  assert.equal(session.settingsFor('vscode-notebook-cell:/project/a.ipynb#W0'), own);
});
