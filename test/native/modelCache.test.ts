// Which models leave for which: the cache alone, with loads that ask for room as a real one does.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LoadedModel } from '../../native/loadedModel.ts';
import { ModelCache, type Room } from '../../native/modelCache.ts';
import type { ModelSpec } from '../../native/protocol/messages.ts';

/** A cache whose models are names; each load makes room as often as `timesShort` says. */
function cacheOf(timesShort: (path: string) => number): { readonly use: (spec: Partial<ModelSpec>) => Promise<boolean>; readonly names: () => string[] } {
  const load = async ({ path }: ModelSpec, { makeRoom, limitModels }: Room) => {
    for (let left = timesShort(path); left > 0; left--)
      if (!(await makeRoom())) return { outcome: 'modelProblem', problem: { kind: 'outOfMemory', path, cause: 'no room', action: '' } } as const;
    await limitModels();
    const model = { isBusy: false, isDisposed: false, use: () => () => undefined, dispose: () => Promise.resolve(), description: { path } };
    return { outcome: 'ok', model: model as unknown as LoadedModel } as const;
  };
  const cache = new ModelCache({ load, onReplaced: () => undefined, log: () => undefined });
  return {
    use: async (spec) => (await cache.use({ path: '', contextSize: 0, ...spec }, () => true)) === true,
    names: () => cache.loaded.map(({ description }) => description.path),
  };
}

test('where memory is short, the model for vectors leaves before any that writes', async () => {
  const { use, names } = cacheOf((path) => (path === 'chat' ? 1 : 0));
  assert.ok(await use({ path: 'completion' }));
  assert.ok(await use({ path: 'vectors', isForVectors: true }));
  assert.ok(await use({ path: 'chat' }));
  assert.deepEqual(names(), ['completion', 'chat']);
});

test('for vectors no model that writes leaves, so where memory is short there are none', async () => {
  const { use, names } = cacheOf((path) => (path === 'vectors' ? 1 : 0));
  assert.ok(await use({ path: 'completion' }));
  assert.equal(await use({ path: 'vectors', isForVectors: true }), false);
  assert.deepEqual(names(), ['completion']);
});
