// One engine for all windows: how it is found and started, how its time is shared, and how long it stays.
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { testEngine } from '../native/localEngine.ts';
import { chatRequest, forever, holeRequest } from '../native/prompts.ts';
import { enginePid, processEnded, startEngineProcess } from './faults.ts';
import { Window } from './windows.ts';

/** The starter model answers this without end. */
const endless = (over = {}) => chatRequest('Write a function that adds two numbers', { maxTokens: 900, ...over });

test('ten windows that open together share one engine, and no other one is left running', async () => {
  const engine = testEngine();
  const windows = Array.from({ length: 10 }, () => new Window(engine.runtimeDirectory));
  try {
    await Promise.all(
      windows.map(async (window) => {
        const described = await window.describe();
        assert.equal(described.outcome, 'ok', JSON.stringify(described));
      }),
    );
    const statuses = await Promise.all(windows.map((window) => window.status()));
    const pids = new Set(statuses.map((status) => (status.outcome === 'ok' ? status.value.pid : 0)));
    assert.equal(pids.size, 1);
    assert.deepEqual(engineProcesses(engine.runtimeDirectory), [...pids]);
    assert.ok(statuses.every((status) => status.outcome === 'ok' && status.value.clients === 10));
  } finally {
    await Promise.all(windows.map((window) => window.kill()));
    await engine.end();
  }
});

test('of two engines that start at once one listens, the other one leaves', async () => {
  const engine = testEngine();
  try {
    const started = [startEngineProcess(engine.runtimeDirectory, 'race'), startEngineProcess(engine.runtimeDirectory, 'race')];
    const said = await Promise.all(started.map((one) => one.announced));
    assert.deepEqual(said.toSorted(), ['ready', 'taken']);
    await started[said.indexOf('taken')]?.ended;
    const winner = started[said.indexOf('ready')];
    assert.deepEqual(engineProcesses(engine.runtimeDirectory), [winner?.child.pid]);
    winner?.child.kill('SIGTERM');
    await winner?.ended;
  } finally {
    await engine.end();
  }
});

for (const [name, prepare] of [
  ['that a starter left behind when it was killed', (lock: string) => mkdirSync(path.join(lock, '4194303'), { recursive: true })],
  [
    'whose holder hangs',
    (lock: string) => {
      mkdirSync(path.join(lock, String(process.pid)), { recursive: true });
      utimesSync(lock, new Date(Date.now() - 60_000), new Date(Date.now() - 60_000));
    },
  ],
  ['that is a file', (lock: string) => writeFileSync(lock, '')],
] as const) {
  test(`a start lock ${name} does not keep windows from sharing one engine`, async () => {
    const engine = testEngine();
    prepare(path.join(engine.runtimeDirectory, 'start.lock'));
    try {
      const clients = Array.from({ length: 4 }, () => engine.connect());
      const pids = new Set(await Promise.all(clients.map(enginePid)));
      assert.equal(pids.size, 1);
      assert.ok(!readdirSync(engine.runtimeDirectory).includes('start.lock'));
    } finally {
      await engine.end();
    }
  });
}

test("a window's one question does not wait behind the fifty of another window", async () => {
  const engine = testEngine();
  const busy = new Window(engine.runtimeDirectory);
  const polite = new Window(engine.runtimeDirectory);
  try {
    await Promise.all([busy.describe(), polite.describe()]);
    let answered = 0;
    const fifty = Array.from({ length: 50 }, (_, index) => busy.generate(chatRequest(`Question ${index}: ${'long '.repeat(40)}`, { maxTokens: 60 })));
    for (const { outcome } of fifty) void outcome.then(() => answered++);
    await fifty[0]?.firstText;
    const one = await polite.generate(chatRequest('One question.', { maxTokens: 20 })).outcome;
    assert.equal(one.outcome, 'ok', JSON.stringify(one));
    // Four sequences serve chats: those that hold one are finished first, and a few more of the fifty get one while the answer is made.
    assert.ok(answered <= 12, `${answered} of the fifty were answered before`);
    const outcomes = await Promise.all(fifty.map(({ outcome }) => outcome));
    assert.ok(outcomes.every((outcome) => outcome.outcome === 'ok'));
  } finally {
    await Promise.all([busy.kill(), polite.kill()]);
    await engine.end();
  }
});

test('more requests of one window than can be wanted are refused, and the others are served', async () => {
  const engine = testEngine();
  try {
    await engine.inference.describeModel(forever);
    const given = new AbortController();
    const many = Array.from({ length: 300 }, () => engine.inference.generate(endless(), { signal: given.signal }));
    const refused = await Promise.race(many);
    assert.equal(refused.outcome, 'engineUnavailable', JSON.stringify(refused));
    assert.match(refused.outcome === 'engineUnavailable' ? refused.cause : '', /256 requests of this window wait/);
    const other = await engine.connect().generate(holeRequest('def add(a, b):\n    return '), { signal: forever });
    assert.equal(other.outcome, 'ok', JSON.stringify(other));
    given.abort();
    const outcomes = (await Promise.all(many)).map((outcome) => outcome.outcome);
    assert.equal(outcomes.filter((outcome) => outcome === 'engineUnavailable').length, 300 - 256);
    assert.equal(engine.inference.state.state, 'ready');
  } finally {
    await engine.end();
  }
});

test('an engine that nobody wants to keep ends with its last client, not before the first one has come', async () => {
  const engine = testEngine({ engine: { keepAliveMs: 0 } });
  try {
    const pid = await enginePid(engine.inference);
    await engine.inference.dispose();
    await processEnded(pid);
  } finally {
    await engine.end();
  }
});

test('the engine stays as long as the window that wishes it longest, though another one closes last', async () => {
  const engine = testEngine({ engine: { keepAliveMs: 0 } });
  const patient = new Window(engine.runtimeDirectory, { engine: { gpu: 'off', threads: 1, keepAliveMs: 60_000 } });
  try {
    const pid = await enginePid(engine.inference);
    const described = await patient.describe();
    assert.equal(described.outcome, 'ok', JSON.stringify(described));
    await patient.kill();
    await engine.inference.dispose();
    await new Promise((resolve) => setTimeout(resolve, 1000));
    assert.deepEqual(engineProcesses(engine.runtimeDirectory), [pid]);
    process.kill(pid, 'SIGTERM');
    await processEnded(pid);
  } finally {
    await patient.kill();
    await engine.end();
  }
});

test('a window that wishes other threads is told which are in force', async () => {
  const engine = testEngine();
  try {
    const pid = await enginePid(engine.inference);
    const other = engine.connect(undefined, { engine: { threads: 2 } });
    assert.equal(await enginePid(other), pid);
    assert.ok(
      engine.logLines.some((line) => /threads that another window asked for \(1\)/.test(line)),
      engine.logLines.join('\n'),
    );
  } finally {
    await engine.end();
  }
});

/** Process ids of the engines that were started for this directory. */
function engineProcesses(runtimeDirectory: string): readonly number[] {
  return readdirSync(runtimeDirectory)
    .filter((name) => name.startsWith('evaluating-'))
    .map((name) => Number(name.slice('evaluating-'.length)))
    .filter((pid) => {
      try {
        return process.kill(pid, 0);
      } catch {
        return false;
      }
    });
}
