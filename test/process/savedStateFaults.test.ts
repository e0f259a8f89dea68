// What happens to saved state when the disk is full, the engine is killed while it saves, or two engines share a directory.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, watch } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { Outcome } from '../../server/core/outcome.ts';
import type { Generation, GenerateRequest, Inference } from '../../server/inference/inference.ts';
import { starterModel, testEngine, type TestEngine } from '../native/localEngine.ts';
import { chatRequest, forever, longCode } from '../native/prompts.ts';
import { enginePid, stateReached } from './faults.ts';

const rounds = Number(process.env['TRAMONTANE_ROUNDS'] ?? 3);

let folder: string;
let stateDirectory: string;
let engines: TestEngine[] = [];
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'tm-'));
  stateDirectory = path.join(folder, 'kv');
});
afterEach(async () => {
  for (const engine of engines) await engine.end();
  engines = [];
  rmSync(folder, { recursive: true, force: true });
});

function start(directory = stateDirectory): TestEngine {
  const engine = testEngine({ stateDirectory: directory });
  engines.push(engine);
  return engine;
}

function valueOf<Value>(outcome: Outcome<Value>): Value {
  assert.equal(outcome.outcome, 'ok', JSON.stringify(outcome));
  return (outcome as { value: Value }).value;
}

function longChat(seed: number): GenerateRequest {
  const messages = [
    { role: 'user' as const, content: `What is this?\n${longCode(20, seed)}` },
    { role: 'assistant' as const, content: 'A list of values.' },
    { role: 'user' as const, content: 'Which of them is the last?' },
  ];
  return { ...chatRequest('', { maxTokens: 12, mayPersist: true }), prompt: { kind: 'chat', messages } };
}

const run = async (inference: Inference, request: GenerateRequest): Promise<Generation> => valueOf(await inference.generate(request, { signal: forever }));
const log = (engine: TestEngine) => readFileSync(path.join(engine.runtimeDirectory, 'engine.log'), 'utf8');

async function logged(engine: TestEngine, pattern: RegExp): Promise<void> {
  const deadline = AbortSignal.timeout(20_000);
  while (!pattern.test(log(engine))) valueOf(await engine.inference.engineStatus(deadline));
}

async function filesSaved(inference: Inference, wanted: number): Promise<void> {
  const deadline = AbortSignal.timeout(20_000);
  while (valueOf(await inference.engineStatus(deadline)).savedStates.files < wanted);
}

const mayMount = process.platform === 'linux' && process.getuid?.() === 0;

test('on a full disk a chat is answered as ever, and the log says once that nothing is saved', {
  skip: mayMount ? false : 'only root mounts a small disk',
}, async (t) => {
  mkdirSync(stateDirectory, { mode: 0o700 });
  try {
    execFileSync('/bin/mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=0700', 'tmpfs', stateDirectory]);
  } catch {
    // Root of a container that may mount nothing.
    t.skip('nothing may be mounted here; test/native/chatHeads.test.ts has a scripted disk');
    return;
  }
  try {
    const engine = start();
    const answers = [];
    for (const seed of [1, 2, 1, 2]) answers.push(await run(engine.inference, longChat(seed)));
    await logged(engine, /cannot be saved/);
    assert.equal(answers[2]?.text, answers[0]?.text);
    assert.equal(answers[3]?.text, answers[1]?.text);
    assert.deepEqual(
      answers.slice(2).map((answer) => answer.usage.evaluatedTokens),
      [1, 1],
      'what a sequence holds was not lost',
    );
    assert.equal(log(engine).split('cannot be saved').length, 2, log(engine));
    assert.deepEqual(readdirSync(stateDirectory), []);
  } finally {
    execFileSync('/bin/umount', ['--lazy', stateDirectory]);
  }
});

test('an engine that is killed while it saves leaves nothing that is used', async () => {
  const engine = start();
  const fresh = await run(engine.inference, { ...longChat(1), mayPersist: false });
  mkdirSync(stateDirectory, { mode: 0o700 });
  let killed = 0;
  for (let round = 0; round < rounds; round++) {
    const pid = await enginePid(engine.inference);
    const restarted = stateReached(engine.inference, (state) => state.state === 'ready', 'skipCurrent');
    // The first draft is there: the engine is in the middle of saving, or has just done it.
    const watcher = watch(stateDirectory, (_event, name) => {
      if (!name?.startsWith('saving-') || killed > round) return;
      killed++;
      process.kill(pid, 'SIGKILL');
    });
    const answer = await engine.inference.generate(longChat(1), { signal: forever });
    // Only a head that is on disk already is not saved again.
    if (answer.outcome === 'ok' && (answer.value.usage.restoredTokens ?? 0) > 0) {
      watcher.close();
      break;
    }
    await restarted;
    watcher.close();
  }
  assert.ok(killed > 0);
  const after = await run(engine.inference, longChat(1));
  assert.equal(after.text, fresh.text);
  await filesSaved(engine.inference, 1);
  const mine = await enginePid(engine.inference);
  const left = readdirSync(stateDirectory).filter((name) => name.startsWith('saving-') && !name.startsWith(`saving-${mine}-`));
  assert.deepEqual(left, []);
});

test('two engines that save the same heads in one directory at once do each other no harm', async () => {
  const [one, two] = [start(), start()];
  const seeds = [1, 2, 3];
  const answers = await Promise.all(
    [one, two].map(async (engine) => {
      const texts: string[] = [];
      for (const seed of seeds) texts.push((await run(engine.inference, longChat(seed))).text);
      return texts;
    }),
  );
  assert.deepEqual(answers[0], answers[1]);
  await filesSaved(one.inference, 3);
  const third = start();
  for (const [index, seed] of seeds.entries()) {
    const answer = await run(third.inference, longChat(seed));
    assert.ok((answer.usage.restoredTokens ?? 0) > 300);
    assert.equal(answer.text, answers[0]?.[index]);
  }
  for (const engine of [one, two, third]) assert.doesNotMatch(log(engine), /saved state|cannot be saved/i);
});

test("another model's state is not used, nor removed", async () => {
  const engine = start();
  await run(engine.inference, longChat(1));
  await filesSaved(engine.inference, 1);
  const other = path.join(folder, 'other.gguf');
  copyFileSync(starterModel, other);
  const client = engine.connect(other);
  assert.equal((await run(client, longChat(1))).usage.restoredTokens, 0);
  await filesSaved(client, 2);
});
