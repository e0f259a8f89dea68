// One engine for all windows: how it is found and started, how its time is shared, and how long it stays.
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { ModelCache } from '../../native/modelCache.ts';
import type { CountTokensResult, DescribeModelResult } from '../../native/protocol/messages.ts';
import type { LocalInference } from '../../server/inference/localInference.ts';
import { testEngine } from '../native/localEngine.ts';
import { chatRequest, forever, holeRequest } from '../native/prompts.ts';
import { enginePid, enginesOf, killWindow, processEnded, startEngineProcess, stateReached } from './faults.ts';
import { scripted } from './scriptedServer.ts';
import { Window } from './windows.ts';

const rounds = Number(process.env['TRAMONTANE_ROUNDS'] ?? 3);
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
    assert.deepEqual(enginesOf(engine.runtimeDirectory), [...pids]);
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
    assert.deepEqual(enginesOf(engine.runtimeDirectory), [winner?.child.pid]);
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

test('what was given up while its model was being loaded takes no place among the requests of a window any more', async () => {
  const cache = new ModelCache({ load: () => new Promise(() => {}), onReplaced: () => undefined, log: () => undefined, now: () => performance.now() });
  const { engine, end } = await scripted({
    describeModel: (spec, signal) => cache.use<DescribeModelResult>(spec, () => assert.fail('it is never there'), { signal }),
    countTokens: ({ model }, signal) => cache.use<CountTokensResult>(model, () => assert.fail('it is never there'), { signal }),
    embed: async () => ({ outcome: 'ok', vectors: [[1]] }),
  });
  try {
    const ask = {
      describe: (signal: AbortSignal) => engine.inference.describeModel(signal),
      count: (signal: AbortSignal) => engine.inference.countTokens(['a'], signal),
    };
    for (const act of [ask.describe, ask.count, ask.describe]) {
      const givenUp = new AbortController();
      const waiting = Array.from({ length: 200 }, () => act(givenUp.signal));
      // Behind them, so that they have been taken up.
      assert.equal((await engine.inference.embed(['a'], forever)).outcome, 'ok');
      givenUp.abort();
      for (const outcome of await Promise.all(waiting)) assert.equal(outcome.outcome, 'cancelled');
    }
    const answer = await engine.inference.embed(['a'], forever);
    assert.equal(answer.outcome, 'ok', JSON.stringify(answer));
  } finally {
    await end();
  }
});

test('the requests of a window that dies, in prefill and in decoding, are gone with it, and the others are served', async () => {
  const engine = testEngine();
  try {
    await engine.inference.describeModel(forever);
    for (let round = 0; round < rounds; round++) {
      const { activeRequests } = await killWindow(engine.inference, engine.runtimeDirectory);
      assert.equal(activeRequests, 0);
    }
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
    assert.deepEqual(enginesOf(engine.runtimeDirectory), [pid]);
    process.kill(pid, 'SIGTERM');
    await processEnded(pid);
  } finally {
    await patient.kill();
    await engine.end();
  }
});

test("a window that restarts the engine again and again does not use up another window's restarts", async () => {
  const engine = testEngine();
  try {
    const other = engine.connect();
    await engine.inference.describeModel(forever);
    for (let restart = 0; restart < 5; restart++) {
      assert.equal((await other.describeModel(forever)).outcome, 'ok');
      const back = stateReached(other, (state) => state.state === 'ready' || state.state === 'failed', 'skipCurrent');
      assert.equal((await engine.inference.restart(forever)).outcome, 'ok');
      await back;
      assert.equal(other.state.state, 'ready');
    }
    assert.equal(await enginePid(other), await enginePid(engine.inference));
  } finally {
    await engine.end();
  }
});

test('a window that wishes other options is told which are in force, and Restart Engine gives it its own', async () => {
  const engine = testEngine();
  const notesOf = async (inference: LocalInference) => {
    const described = await inference.describeModel(forever);
    assert.equal(described.outcome, 'ok', JSON.stringify(described));
    return inference.state.state === 'ready' ? (inference.state.notes ?? []).join(' ') : JSON.stringify(inference.state);
  };
  try {
    const pid = await enginePid(engine.inference);
    const other = engine.connect(undefined, { engine: { threads: 2, gpu: 'auto', devices: [0] } });
    assert.equal(await enginePid(other), pid);
    const notes = await notesOf(other);
    assert.match(notes, /threads that another window asked for \(1\)/);
    assert.match(notes, /^The engine computes with cpu: another window chose it/);
    assert.ok(
      engine.logLines.some((line) => /threads that another window asked for \(1\)/.test(line)),
      engine.logLines.join('\n'),
    );
    assert.equal(await notesOf(engine.inference), '');
    const back = stateReached(engine.inference, (state) => state.state === 'ready', 'skipCurrent');
    assert.equal((await other.restart(forever)).outcome, 'ok');
    await back;
    assert.equal(await notesOf(other), '');
    assert.match(await notesOf(engine.inference), /threads that another window asked for \(2\)/);
    assert.equal(await enginePid(engine.inference), await enginePid(other));
  } finally {
    await engine.end();
  }
});
