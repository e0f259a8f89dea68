// A newer build beside an older one: the older engine gives its memory back, and whoever still uses it is told why.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { engineModule, type TestEngine, testEngine } from '../native/localEngine.ts';
import { chatRequest, forever, holeRequest } from '../native/prompts.ts';
import { enginePid, processEnded, startEngineProcess } from './faults.ts';

let folder: string;
let older: string;
let newer: string;
before(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'tm-builds-'));
  older = writeBuild('older', 1_000_000);
  newer = writeBuild('newer', 2_000_000);
});
after(() => rmSync(folder, { recursive: true, force: true }));

/** The same engine with another hash, written at another time: what a build is known by. */
function writeBuild(name: string, writtenAtSeconds: number): string {
  const file = path.join(folder, `${name}.ts`);
  writeFileSync(file, `// ${name}\nimport ${JSON.stringify(pathToFileURL(engineModule).href)};\n`);
  utimesSync(file, writtenAtSeconds, writtenAtSeconds);
  return file;
}

const both = (): { readonly olderEngine: TestEngine; readonly connect: (module: string) => TestEngine['inference'] } => {
  const olderEngine = testEngine({ engineModule: older, engine: { keepAliveMs: 60_000 } });
  return { olderEngine, connect: (module) => olderEngine.connect(undefined, { module }) };
};

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function end(engine: TestEngine, ...pids: readonly number[]): Promise<void> {
  await engine.end();
  // 0 would be this process with its whole group.
  for (const pid of pids.filter((one) => one > 0 && isAlive(one))) {
    process.kill(pid, 'SIGTERM');
    await processEnded(pid);
  }
}

test('an idle older engine ends when a newer build starts its own, and its window says to reload', async () => {
  const { olderEngine, connect } = both();
  const oldPid = await enginePid(olderEngine.inference);
  let newPid = 0;
  try {
    assert.equal((await olderEngine.inference.describeModel(forever)).outcome, 'ok');
    const newerWindow = connect(newer);
    assert.equal((await newerWindow.generate(holeRequest('x = '), { signal: forever })).outcome, 'ok');
    newPid = await enginePid(newerWindow);
    assert.notEqual(newPid, oldPid);
    await processEnded(oldPid);
    const asked = await olderEngine.inference.generate(holeRequest('x = '), { signal: forever });
    assert.deepEqual(asked, {
      outcome: 'engineUnavailable',
      cause: 'A newer version of Tramontane runs in another window.',
      action: 'Reload this window.',
    });
    assert.equal(olderEngine.inference.state.state, 'failed');
    assert.ok(isAlive(newPid), 'nobody has driven out the newer one');
  } finally {
    await end(olderEngine, oldPid, newPid);
  }
});

test('what an older engine has under way is finished, and nothing new is begun', async () => {
  const { olderEngine, connect } = both();
  const oldPid = await enginePid(olderEngine.inference);
  let newPid = 0;
  try {
    let started = () => {};
    const hasText = new Promise<void>((resolve) => {
      started = resolve;
    });
    const underWay = olderEngine.inference.generate(chatRequest('Write a function that adds two numbers', { maxTokens: 400 }), {
      signal: forever,
      onText: started,
    });
    await hasText;
    const told = new Promise<void>((resolve) => {
      olderEngine.inference.onState((state) => state.state === 'failed' && resolve());
    });
    const newerWindow = connect(newer);
    const opened = newerWindow.describeModel(forever);
    await told;
    const refused = await olderEngine.inference.generate(holeRequest('x = '), { signal: forever });
    assert.equal(refused.outcome, 'engineUnavailable');
    const finished = await underWay;
    assert.ok(finished.outcome === 'ok', JSON.stringify(finished));
    assert.equal(finished.value.usage.generatedTokens, 400);
    assert.equal((await opened).outcome, 'ok');
    newPid = await enginePid(newerWindow);
    await processEnded(oldPid);
  } finally {
    await end(olderEngine, oldPid, newPid);
  }
});

test('an older build that starts beside a newer engine leaves it alone, and Restart Engine brings an older one back', async () => {
  const { olderEngine, connect } = both();
  const newerWindow = connect(newer);
  const newPid = await enginePid(newerWindow);
  let oldPid = 0;
  try {
    oldPid = await enginePid(olderEngine.inference);
    assert.notEqual(oldPid, newPid);
    assert.equal((await newerWindow.generate(holeRequest('x = '), { signal: forever })).outcome, 'ok');
    assert.equal(await enginePid(newerWindow), newPid);
    // A second window of the newer build finds its engine running and asks nothing of the older one.
    assert.equal(await enginePid(connect(newer)), newPid);
    assert.ok(isAlive(oldPid));
    // The newer engine is started anew: the older one gives way once more.
    assert.equal((await newerWindow.restart(forever)).outcome, 'ok');
    await processEnded(oldPid);
    assert.equal((await olderEngine.inference.restart(forever)).outcome, 'ok');
    const broughtBack = await enginePid(olderEngine.inference);
    assert.notEqual(broughtBack, oldPid);
    assert.equal((await newerWindow.generate(holeRequest('x = '), { signal: forever })).outcome, 'ok');
    oldPid = broughtBack;
  } finally {
    const status = await newerWindow.engineStatus(forever);
    await end(olderEngine, oldPid, newPid, status.outcome === 'ok' ? status.value.pid : 0);
  }
});

for (const [name, module, prepare] of [
  ['hangs', engineModule, (pid: number) => process.kill(pid, 'SIGSTOP')],
  ['hangs as soon as it has let the newer one in', fileURLToPath(new URL('./stoppingEngine.ts', import.meta.url)), () => undefined],
] as const) {
  test(`an older engine that ${name} does not keep a newer build waiting, and is left as it is`, {
    skip: process.platform === 'win32' ? 'no SIGSTOP on Windows' : false,
  }, async () => {
    const engine = testEngine({ engineModule: newer });
    writeFileSync(path.join(engine.runtimeDirectory, 'stops'), '1');
    const { child, announced } = startEngineProcess(engine.runtimeDirectory, 'older', module);
    try {
      assert.equal(await announced, 'ready');
      prepare(child.pid ?? 0);
      const answer = await engine.inference.generate(holeRequest('x = '), { signal: forever });
      assert.equal(answer.outcome, 'ok', JSON.stringify(answer));
      assert.ok(isAlive(child.pid ?? 0));
      assert.ok(
        engine.logLines.some((line) => /was not asked to give its memory back: it does not answer/.test(line)),
        engine.logLines.join('\n'),
      );
    } finally {
      child.kill('SIGKILL');
      await engine.end();
    }
  });
}
