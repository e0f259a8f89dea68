// The embedding model through the real protocol: off until it is named, and then what a question finds by meaning.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { ContextResult } from '../../server/protocol/context.ts';
import { type Files, TemporaryProject } from '../project/temporaryProject.ts';
import { scriptedInference, type ScriptedInference } from '../scriptedInference.ts';
import { testServer, type TestServer } from './inProcessServer.ts';
import { comesTrue } from '../patience.ts';

const shop: Files = {
  'src/pay.ts': 'export function charge(card: string): void {\n  gateway(card);\n  receipt(card);\n}\n',
  ...Object.fromEntries(
    Array.from({ length: 8 }, (_, at) => [`src/part${at}.ts`, `export function part${at}(): number {\n  const step = ${at};\n  return step;\n}\n`]),
  ),
};
const query = 'how is money taken from people';
const vectorOf = (text: string) => (/charge|money/.test(text) ? [1, 0] : [0, 1]);

/** Seconds pass in a moment; what is shorter, as the longest wait for a vector, takes as long as it takes. */
const fastClock = {
  now: () => performance.now() * 100,
  wait: (ms: number, signal: AbortSignal) => delay(ms >= 1000 ? ms / 100 : ms, undefined, { signal }).catch(() => undefined),
};

async function withShop(settings: object, act: (server: TestServer, engines: readonly ScriptedInference[]) => Promise<void>): Promise<void> {
  await using files = new TemporaryProject(shop);
  const engines: ScriptedInference[] = [];
  const server = await testServer({
    inference: () => {
      const engine = scriptedInference({ vectorOf });
      engines.push(engine);
      return engine;
    },
    folder: pathToFileURL(files.root).href,
    initializationOptions: { storageDirectory: files.storage, ...settings },
    trustClientOptions: true,
    makeProject: (storage) => files.project({ storage }),
    clock: fastClock,
  });
  try {
    await until(server, () => server.statuses.at(-1)?.index?.isComplete === true);
    await act(server, engines);
  } finally {
    await server.client.sendRequest('shutdown');
    server.end();
  }
}

async function until(server: TestServer, isTrue: () => boolean): Promise<void> {
  await comesTrue(isTrue, { seen: () => server.statuses.at(-1) });
}

async function namesFor(server: TestServer): Promise<(string | undefined)[]> {
  const result = await server.client.sendRequest<ContextResult>('tramontane/context', { purpose: 'chat', query });
  assert.ok(result.outcome === 'ok', JSON.stringify(result));
  return result.items.map(({ name, reason }) => `${name}: ${reason}`);
}

const model = { embeddingPath: '/models/vectors.gguf' };

test('with an embedding model a question finds what shares no word with it, and the status says how far it is', () =>
  withShop({ model }, async (server, engines) => {
    await until(server, () => server.statuses.at(-1)?.index?.embeddings?.files === 9);
    assert.deepEqual(await namesFor(server), ['charge: close to the question in meaning']);
    const vectors = server.built.find((settings) => settings.model.path === model.embeddingPath);
    assert.equal(vectors?.model.contextSize, 256);
    assert.deepEqual(
      engines.map(({ embedded }) => embedded.length > 0),
      server.built.map((settings) => settings === vectors),
      'no other engine is asked for vectors',
    );
    const before = server.statuses.length;
    await server.client.sendRequest('tramontane/deleteIndexes', {});
    await until(server, () => server.statuses.slice(before).some(({ index }) => index?.embeddings?.files === 0));
    await until(server, () => server.statuses.at(-1)?.index?.embeddings?.files === 9);
  }));

for (const [why, settings] of [
  ['without one', {}],
  ['where the project is not to be told', { model, context: { enabled: false } }],
] as const)
  test(`nothing is asked for vectors ${why}`, () =>
    withShop(settings, async (server, engines) => {
      // Ten times as long as it takes with one.
      await delay(600);
      assert.deepEqual(await namesFor(server), []);
      assert.deepEqual(
        engines.flatMap(({ embedded }) => embedded),
        [],
      );
      assert.equal(server.built.length, 1);
      assert.equal(server.statuses.at(-1)?.index?.embeddings, undefined);
    }));

test('a project cannot name the model: where client options are not trusted it is ignored and said', async () => {
  const server = await testServer({ inference: () => scriptedInference({ vectorOf }), initializationOptions: { model } });
  try {
    assert.equal(server.built.length, 1);
    assert.ok(
      server.logLines.some((line) => line.includes('"model" and "engine" settings')),
      server.logLines.join('\n'),
    );
  } finally {
    await server.client.sendRequest('shutdown');
    server.end();
  }
});

test('another model, or none, ends the one before', () =>
  withShop({ model }, async (server) => {
    await until(server, () => server.statuses.at(-1)?.index?.embeddings?.files === 9);
    server.client.onRequest('workspace/configuration', () => [{ model: { embeddingPath: '' } }]);
    const changed = { settings: { tramontane: { model: { embeddingPath: '' } } } };
    await server.client.sendNotification('workspace/didChangeConfiguration', changed);
    await until(server, () => server.statuses.at(-1)?.index?.embeddings === undefined);
    assert.deepEqual(await namesFor(server), []);
    const writing = server.built.filter((settings) => settings.model.path !== model.embeddingPath);
    assert.equal(writing.length, 1, 'the model that completes stays as it is');
  }));
