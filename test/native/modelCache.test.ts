// Which models leave for which, and which are loaded first: the cache alone, with loads that ask for room as a real one does.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LoadedModel, LoadResult } from '../../native/loadedModel.ts';
import { ModelCache, type Room, type UseOptions } from '../../native/modelCache.ts';
import type { ModelSpec } from '../../native/protocol/messages.ts';

interface Script {
  /** How often a model's load must make room. */
  readonly timesShort?: (path: string) => number;
  /** Whether it would be of no use without. */
  readonly isDesperate?: boolean;
  /** What a load waits for before it ends. */
  readonly until?: (path: string) => Promise<void> | undefined;
}

interface TestCache {
  readonly use: (spec: Partial<ModelSpec>, options?: UseOptions) => Promise<boolean>;
  readonly cache: ModelCache;
  readonly names: () => string[];
  /** Paths in the order in which their loads began. */
  readonly begun: readonly string[];
  readonly passes: (ms: number) => void;
}

/** A cache whose models are names. */
function cacheOf({ timesShort = () => 0, isDesperate = false, until = () => undefined }: Script): TestCache {
  let now = 0;
  const begun: string[] = [];
  const load = async ({ path }: ModelSpec, { makeRoom, limitModels }: Room): Promise<LoadResult> => {
    begun.push(path);
    await until(path);
    for (let left = timesShort(path); left > 0; left--)
      if (!(await makeRoom(isDesperate))) return { outcome: 'modelProblem', problem: { kind: 'outOfMemory', path, cause: 'no room', action: '' } };
    await limitModels();
    const model = { isBusy: false, isDisposed: false, use: () => () => undefined, dispose: () => Promise.resolve(), description: { path } };
    return { outcome: 'ok', model: model as unknown as LoadedModel };
  };
  const cache = new ModelCache({ load, onReplaced: () => undefined, log: () => undefined, now: () => now });
  return {
    use: async (spec, options) => (await cache.use({ path: '', contextSize: 0, ...spec }, () => true, options)) === true,
    cache,
    names: () => cache.loaded.map(({ description }) => description.path),
    begun,
    passes: (ms) => {
      now += ms;
    },
  };
}

const inline = { priority: 'inline' } as const;
const chat = { priority: 'chat' } as const;
const nextTurn = () => new Promise((resolve) => setTimeout(resolve));

test('where memory is short, the model for vectors leaves before any that writes', async () => {
  const { use, names } = cacheOf({ timesShort: (path) => (path === 'chat' ? 1 : 0) });
  assert.ok(await use({ path: 'completion' }));
  assert.ok(await use({ path: 'vectors', isForVectors: true }));
  assert.ok(await use({ path: 'chat' }));
  assert.deepEqual(names(), ['completion', 'chat']);
});

test('for vectors no model that writes leaves, so where memory is short there are none', async () => {
  const { use, names } = cacheOf({ timesShort: (path) => (path === 'vectors' ? 1 : 0) });
  assert.ok(await use({ path: 'completion' }));
  assert.equal(await use({ path: 'vectors', isForVectors: true }), false);
  assert.deepEqual(names(), ['completion']);
});

test('a model that wrote completions just now leaves for no chat, until nobody has typed for a while', async () => {
  const { use, names, passes } = cacheOf({ timesShort: (path) => (path === 'chat' ? 1 : 0) });
  assert.ok(await use({ path: 'completion' }, inline));
  passes(60_000);
  assert.equal(await use({ path: 'chat' }, chat), false);
  assert.deepEqual(names(), ['completion']);
  passes(60_000);
  assert.ok(await use({ path: 'chat' }, chat));
  assert.deepEqual(names(), ['chat']);
});

test('it leaves where a chat could not be had otherwise, but after all others', async () => {
  for (const [timesShort, left] of [
    [1, ['completion', 'chat']],
    [2, ['chat']],
  ] as const) {
    const { use, names } = cacheOf({ timesShort: (path) => (path === 'chat' ? timesShort : 0), isDesperate: true });
    assert.ok(await use({ path: 'completion' }, inline));
    assert.ok(await use({ path: 'other' }, chat));
    assert.ok(await use({ path: 'chat' }, chat));
    assert.deepEqual(names(), left);
  }
});

test('it leaves for a model that is wanted for completions itself', async () => {
  const { use, names } = cacheOf({ timesShort: (path) => (path === 'better' ? 1 : 0) });
  assert.ok(await use({ path: 'completion' }, inline));
  assert.ok(await use({ path: 'better' }, inline));
  assert.deepEqual(names(), ['better']);
});

test('of three that write, the one for completions stays, also where it was not used for longest', async () => {
  const { use, names } = cacheOf({});
  assert.ok(await use({ path: 'completion' }, inline));
  assert.ok(await use({ path: 'chat' }, chat));
  assert.ok(await use({ path: 'other' }, chat));
  assert.deepEqual(names(), ['completion', 'other']);
});

/** A first load holds the queue until `open` is called. */
function heldUp(): TestCache & { readonly open: () => void; readonly first: Promise<boolean> } {
  let open = () => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const made = cacheOf({ until: (path) => (path === 'first' ? gate : undefined) });
  return { ...made, open, first: made.use({ path: 'first' }) };
}

test('what somebody types for is loaded before chats that wait, whoever came first', async () => {
  const { use, begun, open, first } = heldUp();
  await nextTurn();
  const waiting = [use({ path: 'chat' }, chat), use({ path: 'vectors', isForVectors: true })];
  await nextTurn();
  waiting.push(use({ path: 'completion' }, inline));
  await nextTurn();
  open();
  await Promise.all([first, ...waiting]);
  assert.deepEqual(begun, ['first', 'completion', 'chat', 'vectors']);
});

test('a model that waits to be loaded already goes before the others as soon as somebody types', async () => {
  const { use, begun, open, first } = heldUp();
  await nextTurn();
  const waiting = [use({ path: 'chat' }, chat), use({ path: 'completion' })];
  await nextTurn();
  waiting.push(use({ path: 'completion' }, inline));
  await nextTurn();
  open();
  await Promise.all([first, ...waiting]);
  assert.deepEqual(begun, ['first', 'completion', 'chat']);
});

test('a request that is given up does not wait for the load, which goes on for the others', async () => {
  const { use, cache, names, open, first } = heldUp();
  const controller = new AbortController();
  const given = cache.use({ path: 'first', contextSize: 0 }, () => assert.fail('nobody asks any more'), { signal: controller.signal });
  const before = cache.use({ path: 'first', contextSize: 0 }, () => assert.fail('nobody ever asked'), { signal: AbortSignal.abort() });
  await nextTurn();
  controller.abort();
  assert.deepEqual(await given, { outcome: 'cancelled' });
  assert.deepEqual(await before, { outcome: 'cancelled' });
  assert.deepEqual(names(), []);
  open();
  assert.equal(await first, true);
  assert.equal(await use({ path: 'first' }), true);
});

test('a load that fails for a reason of its own does not hold up the next one', async () => {
  const { use, begun } = cacheOf({ until: (path) => (path === 'broken' ? Promise.reject(new Error('on purpose')) : undefined) });
  await assert.rejects(use({ path: 'broken' }), /on purpose/);
  assert.equal(await use({ path: 'next' }), true);
  assert.deepEqual(begun, ['broken', 'next']);
});
