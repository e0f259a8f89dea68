// The watch over an engine that is waited for: a hung one is noticed, and a healthy one is not taken for it when it is this process that hangs.
import assert from 'node:assert/strict';
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { Heartbeat } from '../../server/inference/heartbeat.ts';
import { testEngine } from '../native/localEngine.ts';
import { chatRequest } from '../native/prompts.ts';
import { enginePid } from './faults.ts';
import { Window } from './windows.ts';

const unanswered = () => new Promise<never>(() => {});

/** Beats until the engine counts as hung, or until `until` resolves. */
async function beat(
  ping: (count: number) => Promise<unknown>,
  { timeoutMs = 20, now = () => performance.now(), until = unanswered() }: { timeoutMs?: number; now?: () => number; until?: Promise<unknown> } = {},
): Promise<{ readonly pings: number; readonly isHung: boolean }> {
  let pings = 0;
  let isHung = false;
  await new Promise<void>((resolve) => {
    const onHung = () => {
      isHung = true;
      resolve();
    };
    const heartbeat = new Heartbeat({ intervalMs: timeoutMs, timeoutMs, ping: () => ping(++pings), onHung, now });
    const end = heartbeat.begin();
    void until.then(() => {
      end();
      resolve();
    });
  });
  return { pings, isHung };
}

test('an engine that leaves two pings in a row unanswered hangs', async () => {
  assert.deepEqual(await beat(unanswered, { now: () => 0 }), { pings: 2, isHung: true });
});

test('an answer that comes late is a sign of life, whichever ping it is for', async () => {
  let answerFirst = () => {};
  const first = new Promise<void>((resolve) => {
    answerFirst = resolve;
  });
  let rounds = 0;
  let enough = () => {};
  const until = new Promise<void>((resolve) => {
    enough = resolve;
  });
  const { isHung } = await beat(
    (count) => {
      // The first one is answered when the second one has been sent, which is never answered.
      if (count === 1) return first;
      answerFirst();
      if (++rounds === 3) enough();
      return count % 2 === 0 ? unanswered() : Promise.resolve();
    },
    { until },
  );
  assert.equal(isHung, false);
});

test('a wait in which this process stood still counts for nothing', async () => {
  let clockMs = 0;
  const outcome = await beat(
    (count) => {
      // As if the machine had slept for a minute, each time but for the last two.
      setTimeout(() => {
        clockMs += count <= 3 ? 60_000 : 20;
      }, 1);
      return unanswered();
    },
    { now: () => clockMs },
  );
  assert.deepEqual(outcome, { pings: 5, isHung: true });
});

test('an engine that answers at once is not taken for hung when this process is blocked for longer than a ping may take', async () => {
  const echo = new Worker(
    `const { parentPort } = require('node:worker_threads');
     const server = require('node:net').createServer((socket) => socket.on('error', () => {}).on('data', (data) => socket.write(data)));
     server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));`,
    { eval: true },
  );
  try {
    const port = await new Promise<number>((resolve) => echo.once('message', resolve));
    const socket = net.connect(port, '127.0.0.1').on('error', () => undefined);
    await new Promise((resolve) => socket.once('connect', resolve));
    let enough = () => {};
    const until = new Promise<void>((resolve) => {
      enough = resolve;
    });
    const { isHung } = await beat(
      (count) => {
        if (count === 4) enough();
        const answered = new Promise((resolve) => socket.once('data', resolve));
        socket.write('ping');
        setImmediate(() => block(120));
        return answered;
      },
      { timeoutMs: 60, until },
    );
    socket.destroy();
    assert.equal(isHung, false);
  } finally {
    await echo.terminate();
  }
});

function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

test('a window that was stopped while it waited for a sign of life goes on with its answer, and the engine is the same', {
  skip: process.platform === 'win32' ? 'no SIGSTOP on Windows' : false,
}, async () => {
  const heartbeatMs = 1000;
  const engine = testEngine();
  const window = new Window(engine.runtimeDirectory, { heartbeatMs });
  try {
    const pid = await enginePid(engine.inference);
    assert.equal((await window.describe()).outcome, 'ok');
    const { firstText, outcome } = window.generate(chatRequest('Write a function that adds two numbers', { maxTokens: 900 }));
    await firstText;
    // With the engine stopped for a while, a ping is surely under way when the window is stopped.
    process.kill(pid, 'SIGSTOP');
    await delay(1.5 * heartbeatMs);
    window.signal('SIGSTOP');
    process.kill(pid, 'SIGCONT');
    await delay(3 * heartbeatMs);
    window.signal('SIGCONT');
    const answer = await outcome;
    assert.equal(answer.outcome, 'ok', JSON.stringify(answer));
    assert.equal(await enginePid(engine.inference), pid);
  } finally {
    await window.kill();
    await engine.end();
  }
});
