// What is tried for a model, in which order, on a machine whose back ends, memory and earlier loads are made up: the ladder from CUDA over Vulkan to the CPU.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import type { Llama } from 'node-llama-cpp';
import type { Begin, PlanningOptions } from '../../native/loadPlanning.ts';
import { LoadPlanning } from '../../native/loadPlanning.ts';
import { concessionsOf } from '../../native/memoryPlan.ts';
import type { Configuration, MachineMemory, MemoryNeed } from '../../native/memoryPlan.ts';
import type { ModelSpec } from '../../native/protocol/messages.ts';
import { RememberedPlans } from '../../native/rememberedPlans.ts';

const mib = 1024 ** 2;
const gib = 1024 ** 3;
const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A model of 8 layers of 200 MiB with an output of 400 MiB, whose KV state takes 4 KiB a token and layer. */
const estimates = {
  trainContextSize: 8192,
  canFlashAttend: true,
  totalLayers: 9,
  kvBytes: (contextSize: number) => 8 * contextSize * 4096,
  need: async ({ contextSize, sequences, gpuLayers }: Configuration): Promise<MemoryNeed> => {
    const onGpu = Math.max(0, gpuLayers - 1);
    const layer = 200 * mib + contextSize * sequences * 4096;
    return { vramBytes: gpuLayers === 0 ? 0 : 400 * mib + onGpu * layer, ramBytes: (8 - onGpu) * layer + (gpuLayers === 0 ? 400 * mib : 0) };
  },
};

/** Less than the output takes, with what is left to the desktop. */
const noRoom = 1200 * mib;

interface Machine {
  /** Bytes of free VRAM as each back end sees it; one that is not named is not there. */
  readonly cuda?: number;
  readonly vulkan?: number;
  readonly spec?: Partial<ModelSpec>;
  /** Where plans are remembered; nowhere when absent. */
  readonly folder?: string;
}

async function planningOn({ cuda, vulkan, spec, folder }: Machine): Promise<{ readonly planning: LoadPlanning; readonly lines: string[] }> {
  const lines: string[] = [];
  const llama = (gpu: Llama['gpu']) => ({ gpu, getGpuDeviceNames: async () => [`a ${String(gpu)} device`] }) as unknown as Llama;
  const [first, second, cpu] = [llama(cuda === undefined ? 'vulkan' : 'cuda'), llama('vulkan'), llama(false)];
  const memory = (bytes: number): MachineMemory => ({
    ram: { freeBytes: 32 * gib, totalBytes: 32 * gib },
    vram: { freeBytes: bytes, totalBytes: 24 * gib },
    isUnified: false,
  });
  const options: PlanningOptions = {
    library: {
      main: async () => first,
      cpu: async () => cpu,
      second: async (onOpening) => {
        if (cuda === undefined) return undefined;
        onOpening?.();
        return vulkan === undefined ? undefined : second;
      },
    },
    plans: new RememberedPlans(folder, Date.now),
    machineMemory: async (one) => memory((one.gpu === 'cuda' ? cuda : vulkan) ?? 0),
    makeRoom: async () => false,
    log: (line) => void lines.push(line),
  };
  const model = { spec: { path: '/model.gguf', contextSize: 0, ...spec }, file: { sizeBytes: 1, mtimeMs: 1 }, estimates, draftEstimates: undefined };
  return { planning: await LoadPlanning.of(model, options), lines };
}

function directory(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tm-planning-'));
  folders.push(folder);
  return folder;
}

const nameOf = ({ gpuLayers, backend, contextSize, sequences, kvType }: Configuration) =>
  `${gpuLayers === 0 ? 'cpu' : (backend ?? 'gpu')} ${gpuLayers}/${contextSize}/${sequences}${kvType === 'f16' ? '' : ` ${kvType}`}`;
const configurationOf = (begin: Begin): Configuration => {
  assert.equal(begin.kind, 'rung', JSON.stringify(begin));
  return begin.configuration;
};
const beginning = async (machine: Machine) => nameOf(configurationOf(await (await planningOn(machine)).planning.begin()));

/** All that is tried until the last one is refused, and after which of them what was loaded is freed. */
async function refusals(machine: Machine): Promise<{ readonly tried: string[]; readonly released: string[] }> {
  const { planning } = await planningOn(machine);
  const [tried, released]: [string[], string[]] = [[], []];
  for (let rung: Configuration | undefined = configurationOf(await planning.begin()); rung; ) {
    const name = nameOf(rung);
    tried.push(name);
    rung = await planning.after(rung, async () => void released.push(name));
  }
  return { tried, released };
}

const onGpu = (name: string) => ['9/8192/4', '9/4096/4', '9/4096/3', '9/4096/2', '4/4096/2', '2/4096/2', '1/4096/2'].map((rung) => `${name} ${rung}`);
const onCpu = ['8192/4', '4096/4', '4096/3', '4096/2', '2048/2', '1024/2', '512/2'].map((rung) => `cpu 0/${rung}`);

test('after refusals the ladder goes context, sequences, layers, Vulkan, CPU', async () => {
  const { tried, released } = await refusals({ cuda: 20 * gib, vulkan: 20 * gib });
  assert.deepEqual(tried, [...onGpu('gpu'), ...onGpu('vulkan'), ...onCpu]);
  assert.deepEqual(released, ['gpu 1/4096/2'], 'what CUDA holds is freed before it is counted what Vulkan has');
});

test('without a second back end the CPU comes after the layers', async () => {
  assert.deepEqual((await refusals({ cuda: 20 * gib })).tried, [...onGpu('gpu'), ...onCpu]);
  assert.deepEqual((await refusals({ vulkan: 20 * gib })).tried, [...onGpu('gpu'), ...onCpu]);
});

test('Vulkan begins with what fits there, and is left out where nothing does', async () => {
  const narrow = (await refusals({ cuda: 20 * gib, vulkan: 3320 * mib })).tried;
  assert.deepEqual(narrow.slice(7, 11), ['vulkan 9/4096/2', 'vulkan 4/4096/2', 'vulkan 2/4096/2', 'vulkan 1/4096/2']);
  assert.deepEqual((await refusals({ cuda: 20 * gib, vulkan: noRoom })).tried, [...onGpu('gpu'), ...onCpu]);
});

test('where CUDA has no room for a layer, the plan is made for Vulkan, and for the CPU only where that has none either', async () => {
  assert.equal(await beginning({ cuda: 20 * gib, vulkan: 20 * gib }), 'gpu 9/8192/4');
  assert.equal(await beginning({ cuda: 1500 * mib, vulkan: 20 * gib }), 'gpu 1/4096/2', 'fewer layers come before another back end');
  assert.equal(await beginning({ cuda: noRoom, vulkan: 20 * gib }), 'vulkan 9/8192/4');
  assert.equal(await beginning({ cuda: noRoom, vulkan: noRoom }), 'cpu 0/8192/4');
  assert.equal(await beginning({ cuda: noRoom }), 'cpu 0/8192/4');
  assert.equal(await beginning({ cuda: 20 * gib, vulkan: 20 * gib, spec: { gpuLayers: 0 } }), 'cpu 0/8192/4');
});

test('that Vulkan took it is one sentence', async () => {
  const { planning } = await planningOn({ cuda: noRoom, vulkan: 20 * gib });
  const begin = await planning.begin();
  assert.deepEqual(concessionsOf(planning.asked, configurationOf(begin), begin.kind === 'rung' ? begin.reason : 'refused'), [
    'The model runs on the GPU through Vulkan instead of CUDA to fit into memory.',
  ]);
});

test('a type of KV cache that CUDA cannot do is wished again from Vulkan', async () => {
  const { tried } = await refusals({ cuda: 20 * gib, vulkan: 20 * gib, spec: { kvType: 'q8_0' } });
  const places = tried.map((name) => name.replace(/ .* q8_0$/, ' q8_0').replace(/ \d+\/.*$/, ''));
  assert.deepEqual(
    places.filter((place, index) => place !== places[index - 1]),
    ['gpu q8_0', 'gpu', 'vulkan q8_0', 'vulkan', 'cpu'],
  );
});

test('what Vulkan took is where the next load begins, until CUDA has clearly more memory', async () => {
  const folder = directory();
  const { planning } = await planningOn({ cuda: noRoom, vulkan: 20 * gib, folder });
  const configuration = configurationOf(await planning.begin());
  planning.noteGood({ configuration, isWhole: false, reason: 'memory', need: await estimates.need(configuration) });
  const { planning: next, lines } = await planningOn({ cuda: noRoom, vulkan: 20 * gib, folder });
  assert.equal(nameOf(configurationOf(await next.begin())), 'vulkan 9/8192/4');
  assert.ok(!lines.some((line) => line.startsWith('Planned')), lines.join('\n'));
  assert.deepEqual(await next.after(configuration, async () => {}), { ...configuration, contextSize: 4096 }, 'it goes on down the ladder from there');
  next.noteGood({ configuration, isWhole: false, reason: 'memory', need: await estimates.need(configuration) });
  assert.equal(await beginning({ cuda: 20 * gib, vulkan: 20 * gib, folder }), 'gpu 9/8192/4');
  next.noteGood({ configuration, isWhole: false, reason: 'memory', need: await estimates.need(configuration) });
  assert.equal(await beginning({ cuda: noRoom, vulkan: noRoom, folder }), 'cpu 0/8192/4', 'it does not fit there any more');
  next.noteGood({ configuration, isWhole: false, reason: 'memory', need: await estimates.need(configuration) });
  assert.equal(await beginning({ cuda: noRoom, folder }), 'cpu 0/8192/4', 'its package is gone');
});

test('after two crashes with CUDA Vulkan is tried, after two more the CPU, and then nothing', async () => {
  const folder = directory();
  const machine = { cuda: 20 * gib, vulkan: 20 * gib, folder };
  const began: string[] = [];
  for (let starts = 0; starts < 8; starts++) {
    const { planning } = await planningOn(machine);
    const begin = await planning.begin();
    if (begin.kind === 'problem') {
      began.push(begin.problem.cause);
      break;
    }
    began.push(`${nameOf(begin.configuration)} ${begin.reason}`);
    planning.noteTrying(begin.configuration);
    endOfProcess(folder);
  }
  const twice = (name: string) => [name, name];
  assert.deepEqual(began, [
    ...twice('gpu 9/8192/4 memory'),
    ...twice('vulkan 9/8192/4 crashed'),
    ...twice('cpu 0/8192/4 crashed'),
    '/model.gguf: loading this model ended the engine twice.',
  ]);
});

test('a driver of Vulkan that ends the process while it comes up is not touched a third time', async () => {
  const folder = directory();
  const machine = { cuda: noRoom, vulkan: 20 * gib, folder };
  for (const expected of ['vulkan 9/8192/4', 'vulkan 9/8192/4', 'cpu 0/8192/4']) {
    assert.equal(await beginning(machine), expected);
    // What was noted last, before the driver was opened.
    if (expected.startsWith('vulkan')) endOfProcess(folder);
  }
  const { tried } = await refusals(machine);
  assert.deepEqual(tried, onCpu);
});

/** The process that noted what it tries has ended. */
function endOfProcess(folder: string): void {
  const file = path.join(folder, 'memory-plans.json');
  const gone = spawnSync(process.execPath, ['-e', '']).pid;
  const entries = JSON.parse(readFileSync(file, 'utf8')) as object[];
  writeFileSync(file, JSON.stringify(entries.map((entry) => ({ ...entry, pid: gone }))));
}
