// An engine that lives and answers nobody: whoever needs it ends it, once it is certain what it is, and starts another one.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type EngineRecord, readEngineRecord, recordPathFor, writeEngineRecord } from '../../native/channel/engineRecord.ts';
import { isAlive } from '../../native/channel/evaluating.ts';
import { buildIdOf, socketPathFor } from '../../native/channel/runtimeDirectory.ts';
import { engineProtocolVersion } from '../../native/protocol/messages.ts';
import { endHungEngine } from '../../server/inference/hungEngine.ts';
import { engineModule, testEngine } from '../native/localEngine.ts';
import { forever, holeRequest } from '../native/prompts.ts';
import { enginePid, processEnded, startEngineProcess } from './faults.ts';

const stoppingEngine = fileURLToPath(new URL('./stoppingEngine.ts', import.meta.url));
const onlyWithProc = { skip: process.platform === 'linux' ? false : 'only Linux says for sure which process is an engine' };

/** A process that was stopped dies at the signal, but not in the same moment. */
async function stillRuns(pid: number): Promise<boolean> {
  await new Promise((resolve) => setTimeout(resolve, 200));
  return isAlive(pid);
}

suite('an engine that hangs', onlyWithProc, () => {
  const stopped: number[] = [];
  const stop = (pid: number) => {
    stopped.push(pid);
    process.kill(pid, 'SIGSTOP');
  };
  // Where a test fails nobody else ends them.
  afterEach(() => {
    for (const pid of stopped.splice(0)) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  });

  test('is ended by a window that opens, which gets its answers, and so do the windows that were there', async () => {
    const engine = testEngine();
    try {
      const pid = await enginePid(engine.inference);
      assert.equal((await engine.inference.describeModel(forever)).outcome, 'ok');
      stop(pid);
      const opened = engine.connect();
      const answer = await opened.generate(holeRequest('def add(a, b):\n    return '), { signal: forever });
      assert.equal(answer.outcome, 'ok', JSON.stringify(answer));
      await processEnded(pid);
      assert.notEqual(await enginePid(opened), pid);
      assert.equal((await engine.inference.generate(holeRequest('x = '), { signal: forever })).outcome, 'ok');
      assert.equal(await enginePid(engine.inference), await enginePid(opened));
      assert.ok(
        engine.logLines.some((line) => line.includes(`process ${pid}) does not answer a new window`)),
        engine.logLines.join('\n'),
      );
    } finally {
      await engine.end();
    }
  });

  test('is ended by Restart Engine though nobody waits for an answer', async () => {
    const engine = testEngine();
    try {
      const pid = await enginePid(engine.inference);
      stop(pid);
      const restarted = await engine.inference.restart(forever);
      assert.equal(restarted.outcome, 'ok', JSON.stringify(restarted));
      await processEnded(pid);
    } finally {
      await engine.end();
    }
  });

  test('after it has let a window in is ended all the same, and the window gets its answers', async () => {
    const engine = testEngine({ engineModule: stoppingEngine, heartbeatMs: 500 });
    writeFileSync(path.join(engine.runtimeDirectory, 'stops'), '1');
    try {
      const answer = await engine.inference.generate(holeRequest('x = '), { signal: forever });
      assert.equal(answer.outcome, 'ok', JSON.stringify(answer));
      for (const pid of stoppedIn(engine.runtimeDirectory)) await processEnded(pid);
    } finally {
      stopped.push(...stoppedIn(engine.runtimeDirectory));
      await engine.end();
    }
  });

  test('again and again is given up, none of them is left, and Restart Engine brings it back', async () => {
    const engine = testEngine({ engineModule: stoppingEngine, heartbeatMs: 500 });
    const file = path.join(engine.runtimeDirectory, 'stops');
    writeFileSync(file, '99');
    try {
      const outcome = await engine.inference.generate(holeRequest('x = '), { signal: forever });
      assert.ok(outcome.outcome === 'engineUnavailable', JSON.stringify(outcome));
      assert.equal(outcome.cause, 'The engine ended each time this window connected to it.');
      assert.equal(outcome.action, 'Run the command "Tramontane: Restart Engine".');
      assert.equal(engine.inference.state.state, 'failed');
      assert.ok(stoppedIn(engine.runtimeDirectory).length > 1);
      for (const pid of stoppedIn(engine.runtimeDirectory)) await processEnded(pid);
      writeFileSync(file, '0');
      assert.equal((await engine.inference.restart(forever)).outcome, 'ok');
    } finally {
      stopped.push(...stoppedIn(engine.runtimeDirectory));
      await engine.end();
    }
  });

  test('and cannot be told for sure to be one is left alone and named, and when it has been ended Restart Engine helps', async () => {
    const engine = testEngine();
    const build = await buildIdOf(engineModule, engineProtocolVersion);
    const { child, announced, ended } = startEngineProcess(engine.runtimeDirectory, build);
    try {
      assert.equal(await announced, 'ready');
      const pid = child.pid ?? 0;
      // As it is where the system does not tell when a process was started.
      writeFileSync(recordPathFor(engine.runtimeDirectory, build), JSON.stringify({ pid }));
      stop(pid);
      const outcome = await engine.inference.describeModel(forever);
      assert.ok(outcome.outcome === 'engineUnavailable', JSON.stringify(outcome));
      assert.equal(outcome.cause, `The engine (process ${pid}) does not answer.`);
      assert.equal(outcome.action, `End process ${pid}, then run the command "Tramontane: Restart Engine".`);
      assert.ok(await stillRuns(pid));
      process.kill(pid, 'SIGKILL');
      await ended;
      assert.equal((await engine.inference.restart(forever)).outcome, 'ok');
    } finally {
      child.kill('SIGKILL');
      await engine.end();
    }
  });
});

test('only a process that is surely an engine of this directory and build is ended, and only when it may be', onlyWithProc, async () => {
  const engine = testEngine();
  const build = 'named';
  const directory = engine.runtimeDirectory;
  const { child, announced, ended } = startEngineProcess(directory, build);
  // What may have got the number of an engine that is gone.
  const stranger = spawn(process.execPath, ['--eval', 'setInterval(() => {}, 1000)', '--', '--runtime', directory, '--build', 'another'], { stdio: 'ignore' });
  try {
    assert.equal(await announced, 'ready');
    const pid = child.pid ?? 0;
    const record = await readEngineRecord(recordPathFor(directory, build));
    assert.equal(record?.pid, pid);
    process.kill(pid, 'SIGSTOP');
    let isAsked = false;
    const asked = () => (isAsked = true);
    const end = (named: EngineRecord, mayEnd: () => boolean, as = build) =>
      endHungEngine({ socketPath: socketPathFor(directory, build), record: named, directory, build: as, limitMs: 5000, mayEnd });
    assert.equal(await end({ pid, startedAt: '0 1' }, asked), 'gone', 'another process had this number');
    assert.equal(await end({ pid }, asked), 'unknown');
    assert.equal(await end(record, asked, 'another'), 'gone', 'an engine of another build');
    assert.equal(await end({ pid: stranger.pid ?? 0, startedAt: startOf(stranger.pid ?? 0) }, asked), 'gone', 'no engine at all');
    assert.equal(isAsked, false);
    assert.equal(await end(record, () => false), 'kept');
    assert.ok(await stillRuns(pid));
    assert.ok(isAlive(stranger.pid ?? 0));
    assert.equal(await end(record, () => true), 'ended');
    assert.deepEqual(await ended, { code: null, signal: 'SIGKILL' });
    assert.equal(await end(record, asked), 'gone');
  } finally {
    child.kill('SIGKILL');
    stranger.kill('SIGKILL');
    await engine.end();
  }
});

test('a record is whole or not there, and one that is damaged names nobody', async () => {
  const engine = testEngine();
  const file = recordPathFor(engine.runtimeDirectory, 'b');
  try {
    assert.equal(await readEngineRecord(file), undefined);
    await writeEngineRecord(file);
    assert.equal((await readEngineRecord(file))?.pid, process.pid);
    for (const damaged of ['', '{', '{"pid":-1}', '{"pid":0}', '{"pid":"1"}', JSON.stringify({ pid: 1, startedAt: 'x'.repeat(2000) })]) {
      writeFileSync(file, damaged);
      assert.equal(await readEngineRecord(file), undefined, damaged);
    }
  } finally {
    await engine.end();
  }
});

function stoppedIn(runtimeDirectory: string): readonly number[] {
  return readFileSync(path.join(runtimeDirectory, 'stopped'), 'utf8').trim().split('\n').map(Number);
}

/** As the engine writes it down of itself. */
function startOf(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`;
}
