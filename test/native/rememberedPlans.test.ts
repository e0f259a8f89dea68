// What an engine remembers of earlier loads, through the file itself: other processes read and break it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import type { Configuration, MachineMemory } from '../../native/memoryPlan.ts';
import { RememberedPlans } from '../../native/rememberedPlans.ts';

const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});
function directory(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tm-plans-'));
  folders.push(folder);
  return folder;
}

const gib = 1024 ** 3;
const configuration: Configuration = { contextSize: 8192, sequences: 4, gpuLayers: 12, kvType: 'f16' };
const plan = { configuration, isWhole: false, reason: 'memory', need: { ramBytes: 1, vramBytes: 2 } } as const;
const free = (vram: number, ram = 8 * gib): MachineMemory => ({
  ram: { freeBytes: ram, totalBytes: 16 * gib },
  vram: { freeBytes: vram, totalBytes: 8 * gib },
  isUnified: false,
});
const fileIn = (folder: string) => path.join(folder, 'memory-plans.json');
let clock = 1_700_000_000_000;
const now = () => clock;

test('what worked is found again by another process with the same key, and by no other key', () => {
  const folder = directory();
  new RememberedPlans(folder, now).noteGood('model', plan, free(2 * gib));
  const other = new RememberedPlans(folder, now);
  assert.deepEqual(other.find('model', free(2 * gib)), { kind: 'good', plan });
  assert.equal(other.find('other wishes', free(2 * gib)), undefined);
  if (process.platform !== 'win32') assert.equal(statSync(fileIn(folder)).mode & 0o777, 0o600);
});

test('with clearly more memory than then, and after a week, it is planned anew', () => {
  const plans = new RememberedPlans(directory(), now);
  plans.noteGood('model', plan, free(2 * gib));
  assert.ok(plans.find('model', free(2.2 * gib)), 'a little more is no reason');
  assert.equal(plans.find('model', free(4 * gib)), undefined);
  assert.equal(plans.find('model', free(2 * gib, 12 * gib)), undefined);
  clock += 8 * 24 * 60 * 60 * 1000;
  assert.equal(plans.find('model', free(2 * gib)), undefined);
});

test('a plan that gave up nothing has nothing to gain from more memory', () => {
  const plans = new RememberedPlans(directory(), now);
  plans.noteGood('model', { ...plan, isWhole: true }, free(2 * gib));
  assert.equal(plans.find('model', free(8 * gib))?.kind, 'good');
});

test('what failed is forgotten', () => {
  const plans = new RememberedPlans(directory(), now);
  plans.noteGood('model', plan, free(2 * gib));
  plans.forget('model');
  assert.equal(plans.find('model', free(2 * gib)), undefined);
});

test('a process that ends twice while it tries the same thing has crashed', () => {
  const folder = directory();
  const module = path.resolve(import.meta.dirname, '../../native/rememberedPlans.ts');
  const earlier = { ...configuration, contextSize: 16_384 };
  const crash = () =>
    spawnSync(process.execPath, [
      '--disable-warning=ExperimentalWarning',
      '--input-type=module',
      '-e',
      `const { RememberedPlans } = await import(${JSON.stringify(module)});
       const plans = new RememberedPlans(${JSON.stringify(folder)}, () => ${clock});
       plans.noteTrying('model', ${JSON.stringify(earlier)});
       plans.noteTrying('model', ${JSON.stringify(configuration)});
       process.kill(process.pid, 'SIGKILL');`,
    ]);
  const plans = new RememberedPlans(folder, now);
  crash();
  assert.equal(plans.find('model', free(2 * gib)), undefined, 'once may be a kill');
  crash();
  assert.deepEqual(plans.find('model', free(2 * gib)), { kind: 'crashed', configurations: [configuration] });
  plans.noteGood('model', { ...plan, reason: 'crashed' }, free(2 * gib));
  assert.equal(plans.find('model', free(8 * gib))?.kind, 'good', 'more memory does not undo a crash');
});

test('what crashed on the CPU is refused for ten minutes, then tried again', () => {
  const folder = directory();
  const onCpu = { ...configuration, gpuLayers: 0 };
  const gone = spawnSync(process.execPath, ['-e', '']).pid;
  const plans = new RememberedPlans(folder, now);
  plans.noteTrying('model', onCpu);
  const entries = JSON.parse(readFileSync(fileIn(folder), 'utf8')) as object[];
  writeFileSync(fileIn(folder), JSON.stringify(entries.map((entry) => ({ ...entry, pid: gone, fatal: [{ configuration: onCpu, times: 1 }] }))));
  assert.equal(plans.find('model', free(0))?.kind, 'crashed');
  clock += 11 * 60 * 1000;
  assert.equal(plans.find('model', free(0)), undefined);
});

test('what crashed with one back end is still known when another one has been tried', () => {
  const folder = directory();
  const throughVulkan = { ...configuration, backend: 'vulkan' } as const;
  const onCpu = { ...configuration, gpuLayers: 0 };
  const gone = spawnSync(process.execPath, ['-e', '']).pid;
  const plans = new RememberedPlans(folder, now);
  const crashed = (one: Configuration) => {
    plans.noteTrying('model', one);
    const entries = JSON.parse(readFileSync(fileIn(folder), 'utf8')) as object[];
    writeFileSync(fileIn(folder), JSON.stringify(entries.map((entry) => ({ ...entry, pid: gone }))));
    const found = plans.find('model', free(0));
    return found?.kind === 'crashed' ? found.configurations : [];
  };
  assert.deepEqual([configuration, configuration].map(crashed), [[], [configuration]]);
  assert.deepEqual([throughVulkan, throughVulkan].map(crashed), [[configuration], [configuration, throughVulkan]]);
  assert.deepEqual([onCpu, onCpu].map(crashed), [
    [configuration, throughVulkan],
    [configuration, throughVulkan, onCpu],
  ]);
  clock += 11 * 60 * 1000;
  const later = plans.find('model', free(0));
  assert.deepEqual(later?.kind === 'crashed' ? later.configurations : [], [configuration, throughVulkan], 'on the CPU it is tried again');
  plans.noteGood('model', { ...plan, reason: 'crashed' }, free(0));
  plans.noteTrying('model', configuration);
  assert.equal(plans.find('model', free(0)), undefined, 'what works takes all of it back');
});

test('an engine that is told to end while it loads has not crashed', () => {
  const folder = directory();
  const plans = new RememberedPlans(folder, now);
  plans.noteTrying('model', configuration);
  plans.forgetTrying();
  assert.deepEqual(JSON.parse(readFileSync(fileIn(folder), 'utf8')), []);
});

test('a file that is damaged, too large or made up is as good as none, and is written anew', () => {
  const folder = directory();
  const plans = new RememberedPlans(folder, now);
  const entry = () => (JSON.parse(readFileSync(fileIn(folder), 'utf8')) as object[])[0];
  plans.noteGood('model', plan, free(2 * gib));
  const good = entry();
  const bad = [
    '{"half":',
    JSON.stringify([{ ...good, configuration: { ...configuration, contextSize: -1 } }]),
    JSON.stringify([{ ...good, configuration: { ...configuration, sequences: 1e9 } }]),
    JSON.stringify([{ ...good, command: 'rm' }]),
    JSON.stringify(Array.from({ length: 40 }, () => good)),
    `${JSON.stringify([good])}${' '.repeat(100_000)}`,
  ];
  for (const text of bad) {
    writeFileSync(fileIn(folder), text);
    assert.equal(plans.find('model', free(2 * gib)), undefined, text.slice(0, 80));
  }
  plans.noteGood('model', plan, free(2 * gib));
  assert.equal(plans.find('model', free(2 * gib))?.kind, 'good');
});

test('the file stays small', () => {
  const folder = directory();
  const plans = new RememberedPlans(folder, now);
  for (let model = 0; model < 50; model++) plans.noteGood(`model ${model}`, plan, free(2 * gib));
  assert.equal((JSON.parse(readFileSync(fileIn(folder), 'utf8')) as object[]).length, 32);
  assert.ok(plans.find('model 49', free(2 * gib)));
});

test('a directory that cannot be written to costs only the memory of it', { skip: process.getuid?.() === 0 ? 'root may write everywhere' : false }, () => {
  const folder = directory();
  chmodSync(folder, 0o500);
  const plans = new RememberedPlans(folder, now);
  plans.noteGood('model', plan, free(2 * gib));
  assert.equal(plans.find('model', free(2 * gib)), undefined);
});
