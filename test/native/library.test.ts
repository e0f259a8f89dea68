// Starting the native library, with a back end that does or does not come up.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Llama } from 'node-llama-cpp';
import { Library } from '../../native/library.ts';

/** Each try ends as the next of these says. */
function libraryWith(tries: readonly ('fails' | 'starts')[]): { readonly library: Library; readonly made: () => number } {
  let made = 0;
  const load = async () => {
    if (tries[made++] === 'fails') throw new Error('a file of the library is missing');
    return { gpu: false, dispose: async () => undefined } as unknown as Llama;
  };
  return {
    library: new Library({ gpu: 'off', devices: [], maxThreads: 1, log: () => undefined, load }),
    made: () => made,
  };
}

test('a start that failed is tried again at the next request, and one that worked is not', async () => {
  const { library, made } = libraryWith(['fails', 'starts']);
  await assert.rejects(library.main(), /a file of the library is missing/);
  const llama = await library.main();
  assert.equal(await library.main(), llama);
  assert.equal(await library.cpu(), llama);
  assert.equal(made(), 2);
});

test('those who wait for the same start get the same failure', async () => {
  const { library, made } = libraryWith(['fails']);
  const both = await Promise.allSettled([library.main(), library.main()]);
  assert.deepEqual(
    both.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  assert.equal(made(), 1);
});
