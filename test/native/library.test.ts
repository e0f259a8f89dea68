// Starting the native library, with a back end that does or does not come up.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Llama } from 'node-llama-cpp';
import { Library } from '../../native/library.ts';
import type { EngineOptions } from '../../native/protocol/messages.ts';

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

type Gpu = Llama['gpu'];

/** A machine that has these back ends, with a device for each but for those in `deviceless`. */
function machineWith(has: readonly Gpu[], gpu: EngineOptions['gpu'], deviceless: readonly Gpu[] = []) {
  const opened: Gpu[] = [];
  const disposed: Gpu[] = [];
  const lines: string[] = [];
  const load = async ({ gpu: wanted }: { gpu: Gpu }) => {
    opened.push(wanted);
    if (!has.includes(wanted)) throw new Error('there is no package for it');
    return {
      gpu: wanted,
      getVramState: async () => ({ total: deviceless.includes(wanted) ? 0 : 1 }),
      dispose: async () => void disposed.push(wanted),
    } as unknown as Llama;
  };
  const library = new Library({ gpu, devices: [], maxThreads: 1, log: (line) => void lines.push(line), load: load as never });
  return { library, opened, disposed, lines };
}

suite('the second back end of a GPU', { skip: process.platform === 'darwin' ? 'a Mac has Metal alone' : false }, () => {
  test('is opened when it is asked for, once, and ended with the library', async () => {
    const { library, opened, disposed } = machineWith(['cuda', 'vulkan', false], 'auto');
    assert.equal((await library.main()).gpu, 'cuda');
    assert.deepEqual(opened, ['cuda']);
    const openings: number[] = [];
    const onOpening = () => void openings.push(opened.length);
    const [one, other] = await Promise.all([library.second(onOpening), library.second(onOpening)]);
    assert.equal(one?.gpu, 'vulkan');
    assert.equal(other, one);
    assert.deepEqual(opened, ['cuda', 'vulkan']);
    assert.deepEqual(openings, [1], 'told before the driver is touched, and once');
    assert.equal((await library.cpu()).gpu, false);
    await library.dispose();
    assert.deepEqual(disposed, ['cuda', 'vulkan', false]);
  });

  const cases: readonly (readonly [string, readonly Gpu[], EngineOptions['gpu'], readonly Gpu[], Gpu])[] = [
    ['without its package', ['cuda', false], 'auto', [], 'cuda'],
    ['without a device', ['cuda', 'vulkan', false], 'auto', ['vulkan'], 'cuda'],
    ['where the user named CUDA', ['cuda', 'vulkan', false], 'cuda', [], 'cuda'],
    ['where the user named Vulkan', ['cuda', 'vulkan', false], 'vulkan', [], 'vulkan'],
    ['where Vulkan is in force already', ['vulkan', false], 'auto', [], 'vulkan'],
    ['where the CPU is in force', [false], 'auto', [], false],
    ['where the GPU is not to be used', ['cuda', 'vulkan', false], 'off', [], false],
  ];
  for (const [name, has, gpu, deviceless, inForce] of cases) {
    test(`there is none ${name}`, async () => {
      const { library, opened, lines } = machineWith(has, gpu, deviceless);
      assert.equal((await library.main()).gpu, inForce);
      const before = opened.length;
      let isTold = false;
      assert.equal(await library.second(() => (isTold = true)), undefined);
      const isTried = inForce === 'cuda' && gpu === 'auto';
      assert.deepEqual(opened.slice(before), isTried ? ['vulkan'] : []);
      assert.equal(isTold, isTried);
      assert.equal(lines.filter((line) => line.startsWith('No vulkan back end')).length, opened.includes('vulkan') && inForce !== 'vulkan' ? 1 : 0);
    });
  }
});
