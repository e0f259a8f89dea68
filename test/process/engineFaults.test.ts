// What happens when the engine process is killed, ends again and again, or is not what it claims to be.
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { chmodSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { buildIdOf, readOrCreateSecret, socketPathFor } from '../../native/channel/runtimeDirectory.ts';
import { engineProtocolVersion } from '../../native/protocol/messages.ts';
import type { InferenceState } from '../../server/inference/inference.ts';
import { engineModule, type TestEngine, testEngine } from '../native/localEngine.ts';
import { chatRequest, forever, holeRequest } from '../native/prompts.ts';
import { enginePid, killInLoading, killInPrefill, killMidToken, processEnded, stateReached } from './faults.ts';

const rounds = Number(process.env['TRAMONTANE_ROUNDS'] ?? 2);

for (const [phase, kill] of [
  ['in the middle of a token', ({ inference }: TestEngine) => killMidToken(inference)],
  ['in a prefill', ({ inference }: TestEngine) => killInPrefill(inference)],
  ['while it loads the model', ({ inference, runtimeDirectory }: TestEngine) => killInLoading(inference, runtimeDirectory)],
] as const) {
  test(`killed ${phase}, every pending request is answered and the next completion works`, async () => {
    for (let round = 0; round < rounds; round++) {
      const engine = testEngine();
      try {
        if (phase !== 'while it loads the model') await engine.inference.describeModel(forever);
        const { outcomes, elapsedMs, wasInPhase } = await kill(engine);
        assert.ok(wasInPhase);
        assert.deepEqual(
          outcomes.map((outcome) => outcome.outcome),
          outcomes.map(() => 'engineUnavailable'),
        );
        // What is promised; a lost request would hang for ever.
        assert.ok(elapsedMs < 2000, `${elapsedMs} ms`);
        const next = await engine.inference.generate(holeRequest('def add(a, b):\n    return '), { signal: forever });
        assert.equal(next.outcome, 'ok', JSON.stringify(next));
      } finally {
        await engine.end();
      }
    }
  });
}

test('an engine that ends again and again is given up after four restarts, and Restart Engine brings it back', async () => {
  const engine = testEngine();
  try {
    for (let kill = 0; kill < 5; kill++) {
      await engine.inference.describeModel(forever);
      const gone = stateReached(engine.inference, (state) => state.state === (kill < 4 ? 'ready' : 'failed'), 'skipCurrent');
      process.kill(await enginePid(engine.inference), 'SIGKILL');
      await gone;
    }
    const refused = await engine.inference.generate(holeRequest('x = '), { signal: forever });
    assert.equal(refused.outcome, 'engineUnavailable');
    assert.match(refused.outcome === 'engineUnavailable' ? refused.action : '', /Restart Engine/);
    assert.equal((await engine.inference.restart(forever)).outcome, 'ok');
    assert.equal((await engine.inference.generate(holeRequest('x = '), { signal: forever })).outcome, 'ok');
  } finally {
    await engine.end();
  }
});

test('the engine ends by itself after its last client has gone, and leaves no socket behind', async () => {
  const engine = testEngine({ engine: { keepAliveMs: 100 } });
  const pid = await enginePid(engine.inference);
  await engine.inference.dispose();
  await processEnded(pid);
  const socketPath = socketPathFor(engine.runtimeDirectory, await buildIdOf(engineModule, engineProtocolVersion));
  assert.throws(() => statSync(socketPath), /ENOENT/);
  await engine.end();
});

test('SIGTERM ends the engine cleanly, also while it decodes', async () => {
  const engine = testEngine();
  try {
    const pid = await enginePid(engine.inference);
    const pending = engine.inference.generate(chatRequest('Write a function that adds two numbers', { maxTokens: 900 }), {
      signal: forever,
      onText: () => process.kill(pid, 'SIGTERM'),
    });
    assert.equal((await pending).outcome, 'engineUnavailable');
    await processEnded(pid);
  } finally {
    await engine.end();
  }
});

test('an engine that hangs is noticed, ended and started again', { skip: process.platform === 'win32' ? 'no SIGSTOP on Windows' : false }, async () => {
  const engine = testEngine({ heartbeatMs: 300 });
  try {
    const pid = await enginePid(engine.inference);
    let stopped = false;
    const stop = () => {
      if (!stopped) process.kill(pid, 'SIGSTOP');
      stopped = true;
    };
    const pending = await engine.inference.generate(chatRequest('Write a function that adds two numbers', { maxTokens: 900 }), {
      signal: forever,
      onText: stop,
    });
    assert.equal(pending.outcome, 'engineUnavailable', JSON.stringify(pending));
    const next = await engine.inference.generate(holeRequest('def add(a, b):\n    return '), { signal: forever });
    assert.equal(next.outcome, 'ok', JSON.stringify(next));
    assert.notEqual(await enginePid(engine.inference), pid);
    assert.ok(engine.logLines.some((line) => line.includes(`process ${pid}) does not answer`)));
  } finally {
    await engine.end();
  }
});

test('two clients that start together share one engine', async () => {
  const engine = testEngine();
  try {
    const other = engine.connect();
    const pids = await Promise.all([enginePid(engine.inference), enginePid(other)]);
    assert.equal(pids[0], pids[1]);
  } finally {
    await engine.end();
  }
});

test('a socket file that a killed engine left behind is replaced', async () => {
  const engine = testEngine();
  try {
    const killed = await enginePid(engine.inference);
    const restarted = stateReached(engine.inference, (state) => state.state === 'ready', 'skipCurrent');
    process.kill(killed, 'SIGKILL');
    await restarted;
    assert.notEqual(await enginePid(engine.inference), killed);
  } finally {
    await engine.end();
  }
});

test('something that listens without the secret gets nothing and is named', async () => {
  const engine = testEngine();
  chmodSync(engine.runtimeDirectory, 0o700);
  await readOrCreateSecret(engine.runtimeDirectory);
  const received: string[] = [];
  const impostor = createServer((socket) => {
    socket.write(frame({ nonce: 'ab'.repeat(32) }));
    socket.on('data', (chunk) => {
      received.push(chunk.toString('latin1'));
      socket.write(frame({ proof: 'cd'.repeat(32) }));
    });
    socket.on('error', () => undefined);
  });
  const socketPath = socketPathFor(engine.runtimeDirectory, await buildIdOf(engineModule, engineProtocolVersion));
  await new Promise<void>((resolve) => impostor.listen(socketPath, () => resolve()));
  try {
    const outcome = await engine.inference.generate(holeRequest('secret code'), { signal: forever });
    assert.equal(outcome.outcome, 'engineUnavailable');
    assert.match(outcome.outcome === 'engineUnavailable' ? outcome.cause : '', /does not know the secret/);
    assert.ok(!received.join('').includes('secret code'));
  } finally {
    impostor.close();
    await engine.end();
  }
});

test('a runtime directory that others can enter, or that is a link, is refused', {
  skip: process.platform === 'win32' ? 'no modes on Windows' : false,
}, async () => {
  for (const prepare of [(directory: string) => chmodSync(directory, 0o755), makeLink]) {
    const engine = testEngine();
    prepare(engine.runtimeDirectory);
    const outcome = await engine.inference.describeModel(forever);
    assert.equal(outcome.outcome, 'engineUnavailable', JSON.stringify(outcome));
    assert.match(outcome.outcome === 'engineUnavailable' ? outcome.cause : '', /can be entered by other users|is not a directory/);
    await engine.end();
  }
});

test('an engine file that cannot run is a named failure', async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tm-'));
  const broken = path.join(folder, 'broken.mjs');
  writeFileSync(broken, 'throw new Error("broken on purpose");\n');
  const engine = testEngine({ engineModule: broken });
  try {
    const outcome = await engine.inference.describeModel(forever);
    assert.equal(outcome.outcome, 'engineUnavailable');
    assert.match(outcome.outcome === 'engineUnavailable' ? outcome.cause : '', /ended while starting \(code 1\); see .*engine\.log/);
    assert.equal(engine.inference.state.state, 'failed' satisfies InferenceState['state']);
  } finally {
    await engine.end();
    rmSync(folder, { recursive: true, force: true });
  }
});

test('the engine sees no variable of the environment that it does not need', { skip: process.platform === 'linux' ? false : 'reads /proc' }, async () => {
  process.env['TRAMONTANE_TEST_SECRET'] = 'do not pass on';
  const engine = testEngine();
  try {
    const { readFileSync } = await import('node:fs');
    const environment = readFileSync(`/proc/${await enginePid(engine.inference)}/environ`, 'utf8');
    assert.ok(environment.includes('PATH='));
    assert.ok(!environment.includes('do not pass on'));
  } finally {
    delete process.env['TRAMONTANE_TEST_SECRET'];
    await engine.end();
  }
});

function makeLink(directory: string): void {
  rmSync(directory, { recursive: true });
  symlinkSync(os.tmpdir(), directory);
}

function frame(payload: unknown): Buffer {
  const body = Buffer.from(JSON.stringify(payload));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
}
