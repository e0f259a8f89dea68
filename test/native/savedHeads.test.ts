// The heads of chats on disk and back, with the real engine and the real starter model.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { Outcome } from '../../server/core/outcome.ts';
import type { Generation, GenerateRequest, Inference } from '../../server/inference/inference.ts';
import { enginePid, stateReached } from '../process/faults.ts';
import { testEngine, type TestEngine } from './localEngine.ts';
import { chatRequest, forever, holeRequest, longCode } from './prompts.ts';

let stateDirectory: string;
let engines: TestEngine[] = [];
beforeEach(() => {
  stateDirectory = path.join(mkdtempSync(path.join(os.tmpdir(), 'tm-')), 'kv');
});
afterEach(async () => {
  for (const engine of engines) await engine.end();
  engines = [];
  // On a busy machine an engine may still be writing what it keeps.
  rmSync(path.dirname(stateDirectory), { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
});

function start(): TestEngine {
  const engine = testEngine({ stateDirectory });
  engines.push(engine);
  return engine;
}

function valueOf<Value>(outcome: Outcome<Value>): Value {
  assert.equal(outcome.outcome, 'ok', JSON.stringify(outcome));
  return (outcome as { value: Value }).value;
}

/** A chat that has talked about code of about 400 tokens, which differs with the seed, and asks again. */
function longChat(question: string, { seed = 1, over = {} }: { readonly seed?: number; readonly over?: Partial<GenerateRequest> } = {}): GenerateRequest {
  const messages = [
    { role: 'user' as const, content: `What is this?\n${longCode(20, seed)}` },
    { role: 'assistant' as const, content: 'A list of values.' },
    { role: 'user' as const, content: question },
  ];
  return { ...chatRequest('', { maxTokens: 16, mayPersist: true, ...over }), prompt: { kind: 'chat', messages } };
}

const run = async (inference: Inference, request: GenerateRequest): Promise<Generation> => valueOf(await inference.generate(request, { signal: forever }));

/** Saving comes after the answer: the engine is asked until it is done. */
async function filesSaved(inference: Inference, wanted: number): Promise<{ readonly files: number; readonly bytes: number }> {
  const deadline = AbortSignal.timeout(20_000);
  for (;;) {
    const { savedStates } = valueOf(await inference.engineStatus(deadline));
    if (savedStates.files >= wanted) return savedStates;
  }
}

async function kill(engine: TestEngine): Promise<void> {
  const restarted = stateReached(engine.inference, (state) => state.state === 'ready', 'skipCurrent');
  process.kill(await enginePid(engine.inference), 'SIGKILL');
  await restarted;
}

const log = (engine: TestEngine) => readFileSync(path.join(engine.runtimeDirectory, 'engine.log'), 'utf8');
const stateFiles = () => readdirSync(stateDirectory).filter((name) => name.endsWith('.kv'));
const onlyFile = () => {
  const [name, ...others] = stateFiles();
  assert.ok(name && others.length === 0, `${others.length} other files`);
  return path.join(stateDirectory, name);
};

test('after the engine was killed, a chat goes on from the head on disk and answers the same', async () => {
  const engine = start();
  const fresh = await run(engine.inference, longChat('Which of them is the last?'));
  assert.equal(fresh.usage.restoredTokens, 0);
  await filesSaved(engine.inference, 1);
  const head = Number(path.basename(onlyFile()).split('-')[1]);
  assert.ok(head >= 300, `a head of ${head} tokens`);
  await kill(engine);
  const restored = await run(engine.inference, longChat('Which of them is the last?'));
  assert.equal(restored.usage.restoredTokens, head);
  assert.equal(restored.usage.reusedTokens, head);
  assert.ok(restored.usage.evaluatedTokens < 30, `${restored.usage.evaluatedTokens} tokens were evaluated`);
  assert.equal(restored.usage.evaluatedTokens + head, fresh.usage.evaluatedTokens + fresh.usage.reusedTokens);
  assert.equal(restored.text, fresh.text);
});

test('another question with the same head, and a later turn of the same chat, go on from it too', async () => {
  const engine = start();
  await run(engine.inference, longChat('Which of them is the last?'));
  await filesSaved(engine.inference, 1);
  const head = Number(path.basename(onlyFile()).split('-')[1]);
  await kill(engine);
  const other = await run(engine.inference, longChat('7 is what?'));
  assert.equal(other.usage.restoredTokens, head);
  await kill(engine);
  const asked = longChat('Which of them is the last?');
  const messages = asked.prompt.kind === 'chat' ? asked.prompt.messages : [];
  const later = await run(engine.inference, {
    ...asked,
    prompt: { kind: 'chat', messages: [...messages, { role: 'assistant', content: 'The twelfth.' }, { role: 'user', content: 'And the first?' }] },
  });
  assert.equal(later.usage.restoredTokens, head);
});

test('a chat from disk answers the same beside another chat in memory that begins like it', async () => {
  const helpers = Array.from({ length: 10 }, (_, index) => `def helper_${index}(a, b):\n    return a + ${index}\n`).join('');
  const classes = Array.from({ length: 16 }, (_, index) => `class Stack${index}:\n    def push(self, item):\n        self.items.append(item)\n`).join('');
  const sums = Array.from({ length: 16 }, (_, index) => `const total${index} = items.reduce((sum, item) => sum + item.price * ${index}, 0);\n`).join('');
  const about = (code: string, over: Partial<GenerateRequest>): GenerateRequest => ({
    ...chatRequest('', { maxTokens: 32, ...over }),
    prompt: {
      kind: 'chat',
      messages: [
        { role: 'system', content: helpers },
        { role: 'user', content: code },
        { role: 'assistant', content: 'I see.' },
        { role: 'user', content: 'Write the next one.' },
      ],
    },
  });
  const [asked, askedBefore] = [about(classes, { mayPersist: true }), about(sums, {})];
  const engine = start();
  await run(engine.inference, asked);
  await filesSaved(engine.inference, 1);
  await kill(engine);
  const alone = await run(engine.inference, asked);
  assert.ok((alone.usage.restoredTokens ?? 0) > 400, `${alone.usage.restoredTokens} tokens were restored`);
  await kill(engine);
  const other = await run(engine.inference, askedBefore);
  assert.ok(other.usage.evaluatedTokens > 400);
  const beside = await run(engine.inference, asked);
  assert.equal(beside.usage.restoredTokens, alone.usage.restoredTokens);
  assert.equal(beside.text, alone.text);
  // The other one is as it was, too.
  assert.equal((await run(engine.inference, askedBefore)).text, other.text);
});

test('what a sequence holds after its head was saved is what it held before', async () => {
  const engine = start();
  const first = await run(engine.inference, longChat('Which of them is the last?'));
  await filesSaved(engine.inference, 1);
  const again = await run(engine.inference, longChat('Which of them is the last?'));
  assert.equal(again.usage.evaluatedTokens, 1);
  assert.equal(again.usage.restoredTokens, 0);
  assert.equal(again.text, first.text);
});

test('two chats alternate without evaluating their heads again', async () => {
  const engine = start();
  for (const seed of [1, 2]) await run(engine.inference, longChat('What is it?', { seed, over: { mayPersist: false } }));
  for (const seed of [1, 2, 1, 2]) {
    const { usage } = await run(engine.inference, longChat('And now?', { seed, over: { mayPersist: false } }));
    assert.ok(usage.evaluatedTokens < 30, `${usage.evaluatedTokens} tokens were evaluated`);
  }
});

test('without leave, and for short heads and completions, nothing appears on disk', async () => {
  const engine = start();
  await run(engine.inference, longChat('What is it?', { over: { mayPersist: false } }));
  await run(engine.inference, chatRequest('What is it?', { maxTokens: 8, mayPersist: true }));
  await run(engine.inference, holeRequest(`${longCode(12, 3)}\nconst x = `, { maxTokens: 4, mayPersist: true }));
  // A chat that may be saved comes last, so that the ones before had their turn.
  await run(engine.inference, longChat('What is it?', { seed: 4 }));
  await filesSaved(engine.inference, 1);
  assert.equal(stateFiles().length, 1);
});

test('without leave not even a directory is made', async () => {
  const engine = start();
  await run(engine.inference, longChat('What is it?', { over: { mayPersist: false } }));
  await engine.inference.engineStatus(forever);
  assert.ok(!existsSync(stateDirectory));
});

test('a growing chat is not written at every turn', async () => {
  const engine = start();
  const asked = longChat('What is it?');
  const messages = asked.prompt.kind === 'chat' ? [...asked.prompt.messages] : [];
  await run(engine.inference, asked);
  await filesSaved(engine.inference, 1);
  messages.push({ role: 'assistant', content: 'A list.' }, { role: 'user', content: 'Of what?' });
  await run(engine.inference, { ...asked, prompt: { kind: 'chat', messages } });
  await run(engine.inference, longChat('What is it?', { seed: 5 }));
  await filesSaved(engine.inference, 2);
  assert.equal(stateFiles().length, 2);
});

test('only the user can read what is on disk', { skip: process.platform === 'win32' ? 'no modes on Windows' : false }, async () => {
  const engine = start();
  await run(engine.inference, longChat('What is it?'));
  await filesSaved(engine.inference, 1);
  assert.equal(statSync(stateDirectory).mode & 0o777, 0o700);
  assert.equal(statSync(onlyFile()).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(stateDirectory), [path.basename(onlyFile())], 'no draft is left');
});

test('a damaged file is not used but removed, and the answer is the same', async () => {
  const engine = start();
  const fresh = await run(engine.inference, longChat('What is it?'));
  await filesSaved(engine.inference, 1);
  const file = onlyFile();
  const bytes = readFileSync(file);
  bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 1, bytes.length >> 1);
  writeFileSync(file, bytes);
  await kill(engine);
  const answer = await run(engine.inference, longChat('What is it?'));
  assert.equal(answer.usage.restoredTokens, 0);
  assert.equal(answer.text, fresh.text);
  assert.match(log(engine), /A saved state is not used and removed: .* is damaged or of another model/);
});

test('deleting works with an engine and without one, and says how much there was', async () => {
  const engine = start();
  await run(engine.inference, longChat('What is it?'));
  const { bytes } = await filesSaved(engine.inference, 1);
  assert.deepEqual(valueOf(await engine.inference.deleteSavedStates(forever)), { files: 1, bytes });
  assert.deepEqual(readdirSync(stateDirectory), []);
  await run(engine.inference, longChat('What is it?', { seed: 2 }));
  await filesSaved(engine.inference, 1);
  const idle = testEngine({ stateDirectory });
  engines.push(idle);
  const size = statSync(onlyFile()).size;
  writeFileSync(path.join(stateDirectory, 'notes.txt'), 'not ours');
  assert.deepEqual(valueOf(await idle.inference.deleteSavedStates(forever)), { files: 1, bytes: size });
  assert.equal(idle.inference.state.state, 'stopped', 'no engine was started for it');
  assert.deepEqual(readdirSync(stateDirectory), ['notes.txt']);
});
