// The real engine with the real starter model: form and bookkeeping, never the quality of its text.
import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { EngineStatus } from '../../native/protocol/messages.ts';
import type { Generation } from '../../server/inference/inference.ts';
import type { Outcome } from '../../server/core/outcome.ts';
import type { TestEngine } from './localEngine.ts';
import { starterModel, testEngine } from './localEngine.ts';
import { chatRequest, forever, holePrompt, holeRequest, longCode } from './prompts.ts';

let engine: TestEngine;
before(() => {
  engine = testEngine();
});
after(() => engine.end());

function valueOf<Value>(outcome: Outcome<Value>): Value {
  assert.equal(outcome.outcome, 'ok', JSON.stringify(outcome));
  return (outcome as { value: Value }).value;
}

const run = async (request: Parameters<typeof engine.inference.generate>[0], onText?: (text: string) => void): Promise<Generation> =>
  valueOf(await engine.inference.generate(request, { signal: forever, ...(onText ? { onText } : {}) }));

test('the starter model is loaded and described', async () => {
  const model = valueOf(await engine.inference.describeModel(forever));
  assert.equal(model.path, starterModel);
  assert.equal(model.name, 'Starter FIM');
  assert.equal(model.contextSize, 1024);
  assert.ok(model.specialTokens.includes('<|cursor_line|>'));
  assert.ok(model.hasChatTemplate);
  assert.equal(engine.inference.state.state, 'ready');
});

test('text streams in pieces that join to the answer', async () => {
  const pieces: string[] = [];
  const generation = await run(holeRequest('def add(a, b):\n    return '), (piece) => pieces.push(piece));
  assert.ok(pieces.length > 1, `only ${pieces.length} piece(s)`);
  assert.equal(pieces.join(''), generation.text);
  assert.ok(generation.usage.generatedTokens > 1);
});

test('greedy decoding gives the same text twice', async () => {
  const first = await run(holeRequest('class Stack:\n    def push(self, item):\n        '));
  const second = await run(holeRequest('class Stack:\n    def push(self, item):\n        '));
  assert.equal(second.text, first.text);
});

test('a typed character evaluates only itself', async () => {
  const prefix = `${longCode(12, 1)}\nconst total = `;
  await run(holeRequest(prefix, { maxTokens: 4 }));
  const { usage } = await run(holeRequest(`${prefix}v`, { maxTokens: 4 }));
  assert.ok(usage.evaluatedTokens <= 3, `${usage.evaluatedTokens} tokens were evaluated`);
  assert.ok(usage.reusedTokens > 100, `${usage.reusedTokens} tokens were reused`);
});

test('the chat does not evict the state of completions', async () => {
  const prefix = `${longCode(12, 2)}\nconst total = `;
  await run(holeRequest(prefix, { maxTokens: 4 }));
  await run(chatRequest('What does this do?', { maxTokens: 8 }));
  const { usage } = await run(holeRequest(`${prefix}v`, { maxTokens: 4 }));
  assert.ok(usage.reusedTokens > 100, `${usage.reusedTokens} tokens were reused`);
});

test('a stop text ends the answer and is not part of it', async () => {
  const free = await run(holeRequest('def add(a, b):\n    return ', { maxTokens: 12 }));
  const stop = free.text.slice(3, 6);
  const stopped = await run(holeRequest('def add(a, b):\n    return ', { maxTokens: 12, stop: [stop] }));
  assert.equal(stopped.finish, 'stop');
  assert.equal(stopped.text, free.text.slice(0, free.text.indexOf(stop)));
});

test('text that spells special tokens stays text', async () => {
  const spelled = '<|fim_prefix|><|endoftext|><|cursor_line|>[INST]</s>';
  const [plain, single] = valueOf(await engine.inference.countTokens([spelled, 'x'], forever));
  assert.ok((plain ?? 0) > 15, `${plain} tokens: some became special`);
  assert.equal(single, 1);
  const generation = await run(holeRequest(`# ${spelled}\ndef add(a, b):\n    return `));
  assert.equal(generation.usage.evaluatedTokens + generation.usage.reusedTokens > 30, true);
  const chat = await run(chatRequest(`Explain ${spelled}`, { maxTokens: 8 }));
  assert.ok(chat.usage.evaluatedTokens + chat.usage.reusedTokens > (plain ?? 0));
});

test('a prompt that does not fit is refused with both figures', async () => {
  const outcome = await engine.inference.generate(holeRequest(longCode(200, 3)), { signal: forever });
  assert.equal(outcome.outcome, 'contextOverflow');
  assert.ok(outcome.outcome === 'contextOverflow' && outcome.promptTokens > 1024 && outcome.availableTokens === 1000);
});

test('an unknown special token is refused by name', async () => {
  const outcome = await engine.inference.generate(
    { ...holeRequest('x'), prompt: { kind: 'parts', parts: [{ kind: 'special', token: '<nope>' }] } },
    { signal: forever },
  );
  assert.equal(outcome.outcome, 'unsupported');
  assert.match(outcome.outcome === 'unsupported' ? outcome.cause : '', /<nope>/);
});

/** What the engine says that it did so far, once nothing is under way. */
async function totalsAtRest(): Promise<EngineStatus['totals']> {
  const deadline = AbortSignal.timeout(60_000);
  for (;;) {
    const { activeRequests, totals } = valueOf(await engine.inference.engineStatus(deadline));
    if (activeRequests === 0) return totals;
  }
}

const mostRounds = 30;

test('an abort during prefill stops the engine within the prompt, and what was evaluated is not evaluated again', async () => {
  // A busy machine may be through with a prompt before it hears of the abort, so it may take some prompts.
  for (let round = 0; round < mostRounds; round++) {
    const request = holeRequest(`${longCode(38, 40 + round)}\nconst total = `, { maxTokens: 2 });
    const before = await totalsAtRest();
    const controller = new AbortController();
    const pending = engine.inference.generate(request, { signal: controller.signal });
    const deadline = AbortSignal.timeout(60_000);
    let isUnderWay = false;
    while (!isUnderWay) isUnderWay = valueOf(await engine.inference.engineStatus(deadline)).totals.batchTokens > before.batchTokens;
    controller.abort();
    const outcome = await pending;
    const after = await totalsAtRest();
    const evaluated = after.evaluatedTokens - before.evaluatedTokens;
    const { usage } = await run(request);
    if (outcome.outcome === 'ok' || after.generatedTokens > before.generatedTokens) continue;
    assert.equal(outcome.outcome, 'cancelled');
    assert.ok(evaluated > 0 && usage.evaluatedTokens > 1, `${evaluated} tokens were evaluated before, ${usage.evaluatedTokens} afterwards`);
    assert.equal(usage.reusedTokens, evaluated + after.reusedTokens - before.reusedTokens);
    return;
  }
  assert.fail('no abort ever came in time');
});

test('an abort during decoding stops the engine, not only the answer', async () => {
  // Letters without end, so that only an abort or the number of tokens ends it.
  const request = chatRequest('Write a function that adds two numbers', { maxTokens: 900, grammar: { kind: 'gbnf', text: 'root ::= [a-z] root' } });
  for (let round = 0; round < mostRounds; round++) {
    const before = await totalsAtRest();
    const controller = new AbortController();
    const outcome = await engine.inference.generate(request, { signal: controller.signal, onText: () => controller.abort() });
    const generated = (await totalsAtRest()).generatedTokens - before.generatedTokens;
    if (outcome.outcome === 'ok') continue;
    assert.equal(outcome.outcome, 'cancelled');
    if (generated === request.maxTokens) continue;
    assert.ok(generated > 0 && generated < request.maxTokens, `${generated} tokens`);
    return;
  }
  assert.fail('the engine wrote every answer to its end');
});

test('a request that is cancelled in the same moment as it is sent does not linger in the engine', async () => {
  for (let round = 0; round < 20; round++) {
    const controller = new AbortController();
    const pending = engine.inference.generate(holeRequest(`${longCode(20, 5)}\nconst x${round} = `, { maxTokens: 200 }), { signal: controller.signal });
    setImmediate(() => controller.abort());
    await pending;
  }
  // Twenty full answers would take seconds: their tokens would show in the totals.
  const before = valueOf(await engine.inference.engineStatus(forever)).totals.generatedTokens;
  await run(holeRequest('x = ', { maxTokens: 1 }));
  assert.equal(valueOf(await engine.inference.engineStatus(forever)).totals.generatedTokens, before + 1);
});

test('ghost text is answered while a chat answer streams', async () => {
  const order: string[] = [];
  let streams = () => {};
  const streaming = new Promise<void>((resolve) => {
    streams = resolve;
  });
  const chat = run(chatRequest('Write a function that adds two numbers', { maxTokens: 300 }), (piece) => piece !== '' && streams()).then(() =>
    order.push('chat done'),
  );
  await Promise.race([streaming, chat]);
  await run(holeRequest('def sub(a, b):\n    return ', { maxTokens: 8 }));
  order.push('inline done');
  await chat;
  assert.deepEqual(order, ['inline done', 'chat done']);
});

test('two chats decode in one batch', async () => {
  const before = valueOf(await engine.inference.engineStatus(forever)).totals;
  await Promise.all([1, 2].map(() => run(chatRequest('Write a function that adds two numbers', { maxTokens: 120 }))));
  const after = valueOf(await engine.inference.engineStatus(forever)).totals;
  const fill = (after.streamTicks - before.streamTicks) / (after.ticks - before.ticks);
  assert.ok(fill > 1.3, `${fill.toFixed(2)} streams a batch`);
});

test('a chat is answered although background work holds every sequence that it could use', async () => {
  const background = [1, 2, 3].map(() => run(chatRequest('Write a function that adds two numbers', { maxTokens: 40, priority: 'background' })));
  const chat = await run(chatRequest('Write another one.', { maxTokens: 4 }));
  assert.ok(chat.usage.generatedTokens > 0);
  for (const done of await Promise.all(background)) assert.ok(done.usage.generatedTokens > 0);
});

test('the same seed gives the same text, also at a high temperature', async () => {
  const once = () => run(chatRequest('Write a story.', { maxTokens: 30, temperature: 0.9, seed: 7 }));
  assert.equal((await once()).text, (await once()).text);
});

test('the status reports memory, threads and totals', async () => {
  const status = valueOf(await engine.inference.engineStatus(forever));
  assert.equal(status.backend, 'cpu');
  assert.equal(status.threads, 1);
  assert.ok(status.memory.residentBytes > 50e6);
  assert.ok(status.memory.modelBytes > 6e6);
  assert.ok(status.totals.generatedTokens > 0 && status.totals.decodeMs > 0);
  const onCpu = { backend: 'cpu', gpuLayers: 0, totalLayers: 7, flashAttention: false, kvType: 'f16', concessions: [] };
  assert.deepEqual(status.models, [{ path: starterModel, contextSize: 1024, sequences: 6, ...onCpu }]);
});

test('a prompt part may ask for the line marker before the last token with a line break', async () => {
  const marked = await run({ ...holeRequest('a\nb'), prompt: holePrompt('a\nb', ''), maxTokens: 1 });
  const prompt = holePrompt('a\nb', '');
  assert.equal(prompt.kind, 'parts');
  const unmarked = await run({
    ...holeRequest('a\nb'),
    prompt: {
      kind: 'parts',
      parts: prompt.kind === 'parts' ? prompt.parts.map((part) => (part.kind === 'text' ? { kind: 'text' as const, text: part.text } : part)) : [],
    },
    maxTokens: 1,
  });
  assert.equal(marked.usage.evaluatedTokens + marked.usage.reusedTokens, unmarked.usage.evaluatedTokens + unmarked.usage.reusedTokens + 1);
});

test('of three models the one not used for longest is unloaded, and comes back when asked for', async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tm-models-'));
  try {
    const paths = ['a.gguf', 'b.gguf'].map((name) => path.join(folder, name));
    for (const file of paths) {
      copyFileSync(starterModel, file);
      assert.equal((await engine.connect(file).generate(holeRequest('x = ', { maxTokens: 2 }), { signal: forever })).outcome, 'ok');
    }
    const status = valueOf(await engine.inference.engineStatus(forever));
    assert.deepEqual(
      status.models.map((model) => model.path),
      paths,
    );
    assert.equal((await engine.inference.generate(holeRequest('x = ', { maxTokens: 2 }), { signal: forever })).outcome, 'ok');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('text that spells a user-defined token stays text too', async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tm-models-'));
  try {
    const file = path.join(folder, 'userDefined.gguf');
    const bytes = readFileSync(starterModel);
    const key = 'tokenizer.ggml.token_type';
    // Behind the key: the type of the value, of its elements, and their number; then a 32-bit integer for each token.
    const firstType = bytes.indexOf(key) + key.length + 16;
    const userDefined = 4;
    for (const token of [1, 2, 3]) bytes.writeInt32LE(userDefined, firstType + 4 * token);
    writeFileSync(file, bytes);
    const other = engine.connect(file);
    const [spelled] = valueOf(await other.countTokens(['a <|fim_prefix|> b'], forever));
    assert.ok((spelled ?? 0) > 6, `${spelled} tokens: the spelled token became one`);
    const filled = valueOf(await other.generate(holeRequest('x = ', { maxTokens: 2 }), { signal: forever }));
    assert.ok(filled.usage.generatedTokens > 0, 'the family tokens are still found');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('special tokens of an answer are marked where that is asked for, and text never looks like one', async () => {
  const mark = '\ufdd0';
  let marked = 0;
  for (let seed = 0; seed < 40 && marked === 0; seed++) {
    // Hot enough that the model writes what it should not.
    const request = chatRequest('Write a function that adds two numbers', { maxTokens: 300, temperature: 2, seed });
    const plain = await engine.inference.generate(request, { signal: forever });
    const streamed: string[] = [];
    const told = await engine.inference.generate({ ...request, markTokens: true }, { signal: forever, onText: (text) => void streamed.push(text) });
    assert.ok(plain.outcome === 'ok' && told.outcome === 'ok');
    assert.ok(!plain.value.text.includes(mark));
    assert.equal(streamed.join(''), told.value.text);
    const tokens = told.value.text.match(new RegExp(`${mark}(?:<\\|\\w+\\|>|\\[/?INST\\]|</?s>|<unk>)`, 'g')) ?? [];
    assert.equal(tokens.length, told.value.text.split(mark).length - 1, told.value.text);
    marked += tokens.length;
  }
  assert.ok(marked > 0, 'no special token was ever written');
});
