// Who is admitted next, how long an engine stays, which model is blamed, and where an engine is found: the parts that need no engine.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { mock, test } from 'node:test';
import { Admission } from '../../native/admission.ts';
import { blamedFor, evaluationKey, EvaluatingFile } from '../../native/channel/evaluating.ts';
import { ensureRuntimeDirectory, otherSocketsAmong, readOrCreateSecret, runtimeDirectoryFor, socketPathFor } from '../../native/channel/runtimeDirectory.ts';
import { Lifetime } from '../../native/lifetime.ts';
import { RestartBudget } from '../../server/inference/restartBudget.ts';

/** Streams written as client and number: `a1 a2 b1`. */
function orderOf(admission: Admission, waiting: string): string {
  const streams = waiting.split(' ').map((name) => ({ name, client: name.charCodeAt(0) }));
  return admission
    .order(streams)
    .map(({ name }) => name)
    .join(' ');
}

test('clients are admitted in turn, each with its streams in the order in which they came', () => {
  assert.equal(orderOf(new Admission(), 'a1 a2 a3 b1 c1 b2'), 'a1 b1 c1 a2 b2 a3');
});
test('whoever was admitted last comes last, whoever never was comes first', () => {
  const admission = new Admission();
  admission.admitted('a'.charCodeAt(0));
  admission.admitted('b'.charCodeAt(0));
  assert.equal(orderOf(admission, 'a1 b1 c1 a2'), 'c1 a1 b1 a2');
  admission.admitted('a'.charCodeAt(0));
  assert.equal(orderOf(admission, 'a1 b1'), 'b1 a1');
});
test('a client alone is served in the order in which it asked', () => {
  assert.equal(orderOf(new Admission(), 'a1 a2 a3'), 'a1 a2 a3');
});

function lifetime() {
  mock.timers.enable({ apis: ['setTimeout'] });
  let now = 0;
  let ended = false;
  const life = new Lifetime({ firstClientMs: 1000, now: () => now, onEnd: () => (ended = true) });
  life.begin();
  return {
    life,
    passes: (ms: number) => {
      now += ms;
      mock.timers.tick(ms);
      return ended;
    },
  };
}

test('an engine to which no client ever comes ends', (context) => {
  context.after(() => mock.timers.reset());
  const { passes } = lifetime();
  assert.equal(passes(999), false);
  assert.equal(passes(1), true);
});
test('from the first client on only the wishes count', (context) => {
  context.after(() => mock.timers.reset());
  const { life, passes } = lifetime();
  life.clientCame();
  assert.equal(passes(5000), false);
  life.clientLeft(10);
  assert.equal(passes(9), false);
  assert.equal(passes(1), true);
});
test('each wish counts from when that client left, and the longest decides', (context) => {
  context.after(() => mock.timers.reset());
  const { life, passes } = lifetime();
  life.clientCame();
  life.clientCame();
  life.clientLeft(500);
  passes(100);
  life.clientLeft(10);
  assert.equal(passes(399), false);
  life.clientCame();
  assert.equal(passes(1000), false, 'a client has come back');
  life.clientLeft(0);
  assert.equal(passes(1), true);
});

test('a model that is being loaded is to blame, else the one that was evaluated last', async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tm-'));
  try {
    assert.deepEqual(await blamedFor(folder, process.pid), []);
    const file = new EvaluatingFile(folder);
    assert.deepEqual(await blamedFor(folder, process.pid), []);
    const loaded = file.loading('first');
    assert.deepEqual(await blamedFor(folder, process.pid), ['first']);
    loaded();
    file.evaluating('first');
    file.evaluating('second');
    assert.deepEqual(await blamedFor(folder, process.pid), ['second']);
    file.loading('third');
    assert.deepEqual(await blamedFor(folder, process.pid), ['third']);
    file.remove();
    assert.deepEqual(await blamedFor(folder, process.pid), []);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
test('a model with other GPU layers or another back end is another one to blame', () => {
  const keys = [
    evaluationKey({ path: '/m.gguf' }, 'auto'),
    evaluationKey({ path: '/m.gguf', gpuLayers: 0 }, 'auto'),
    evaluationKey({ path: '/m.gguf' }, 'off'),
    evaluationKey({ path: '/n.gguf' }, 'auto'),
  ];
  assert.equal(new Set(keys).size, keys.length);
});
test('each key has a budget of its own, four in three minutes', () => {
  let now = 0;
  const budget = new RestartBudget(() => now);
  for (let restart = 0; restart < 4; restart++) assert.equal(budget.spend('first'), true);
  assert.equal(budget.spend('first'), false);
  assert.equal(budget.spend('second'), true);
  now += 3 * 60_000;
  assert.equal(budget.spend('first'), true);
});

test('on Windows the runtime directory is in the local application data, and the pipe is named after it and the build', () => {
  const directory = runtimeDirectoryFor({ LOCALAPPDATA: 'C:\\Users\\me\\AppData\\Local', XDG_RUNTIME_DIR: '/run/user/1' }, 'win32');
  assert.equal(directory, 'C:\\Users\\me\\AppData\\Local\\tramontane');
  const pipe = socketPathFor(directory, '5-abc', 'win32');
  assert.match(pipe, /^\\\\\.\\pipe\\tramontane-[0-9a-f]{16}-5-abc$/);
  assert.notEqual(pipe, socketPathFor('C:\\Users\\you\\AppData\\Local\\tramontane', '5-abc', 'win32'), 'another user has another pipe');
});
test('elsewhere it is under XDG_RUNTIME_DIR, and TRAMONTANE_RUNTIME_DIR comes before all', () => {
  assert.equal(runtimeDirectoryFor({ XDG_RUNTIME_DIR: '/run/user/1' }, 'linux'), '/run/user/1/tramontane');
  assert.equal(runtimeDirectoryFor({ TRAMONTANE_RUNTIME_DIR: '/own', XDG_RUNTIME_DIR: '/run/user/1' }, 'linux'), '/own');
  assert.match(runtimeDirectoryFor({}, 'darwin'), /tramontane-\d+$/);
});
test('engines of other builds are found by the names of their sockets or pipes', () => {
  const directory = '/run/user/1/tramontane';
  const names = ['engine-5-abc.sock', 'engine-4-old.sock', 'engine.log', 'secret', 'start.lock'];
  assert.deepEqual(otherSocketsAmong(names, { directory, build: '5-abc', platform: 'linux' }), [`${directory}/engine-4-old.sock`]);
  const pipe = (build: string) => socketPathFor(directory, build, 'win32');
  const pipes = [pipe('5-abc'), pipe('4-old'), socketPathFor('/elsewhere', '3-odd', 'win32'), '\\\\.\\pipe\\other'].map((name) => name.slice(9));
  assert.deepEqual(otherSocketsAmong(pipes, { directory, build: '5-abc', platform: 'win32' }), [pipe('4-old')]);
});
test('a socket path that no system takes is refused with what to do', () => {
  assert.throws(() => socketPathFor(`/${'long'.repeat(30)}`, '5-abc', 'linux'), { message: /too long for a socket/, action: /TRAMONTANE_RUNTIME_DIR/ });
});
test('of ten who make the secret at once, all read the same one', async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tm-'));
  try {
    await ensureRuntimeDirectory(folder);
    const secrets = await Promise.all(Array.from({ length: 10 }, () => readOrCreateSecret(folder)));
    assert.equal(new Set(secrets.map((secret) => secret.toString('hex'))).size, 1);
    assert.equal(secrets[0]?.length, 32);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
