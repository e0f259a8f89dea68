// Vectors of texts from the real engine and the starter model, which was not made for them: their form, and that they keep nobody waiting.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { getLlama } from 'node-llama-cpp';
import { memoryOfEmbedding } from '../../native/addon.ts';
import { Embedder } from '../../native/embedder.ts';
import { embeddingNeed } from '../../native/modelEstimates.ts';
import { Vocabulary } from '../../native/promptTokens.ts';
import { RenderProcess } from '../../native/renderProcess.ts';
import { Turns } from '../../native/turns.ts';
import { writeEmbeddingModel } from './embeddingModel.ts';
import type { TestEngine } from './localEngine.ts';
import { starterModel, testEngine } from './localEngine.ts';
import { chatRequest, forever, holeRequest, longCode } from './prompts.ts';

let engine: TestEngine;
before(() => {
  engine = testEngine();
});
after(() => engine.end());

async function embed(texts: readonly string[]): Promise<readonly (readonly number[])[]> {
  const outcome = await engine.inference.embed(texts, forever);
  assert.equal(outcome.outcome, 'ok', JSON.stringify(outcome).slice(0, 300));
  return outcome.outcome === 'ok' ? outcome.value : [];
}

const product = (a: readonly number[] = [], b: readonly number[] = []) => a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);

test('a vector of unit length for each text, in order, the same for the same text', async () => {
  const texts = ['def add(a, b):\n    return a + b', 'class Stack {}', 'x', longCode(10, 1)];
  const vectors = await embed(texts);
  assert.equal(vectors.length, texts.length);
  for (const vector of vectors) {
    assert.equal(vector.length, 256);
    assert.ok(Math.abs(product(vector, vector) - 1) < 1e-5);
  }
  assert.deepEqual(await embed(texts.toReversed()), vectors.toReversed());
  for (const [index, vector] of vectors.entries()) {
    for (const other of vectors.slice(index + 1)) assert.ok(product(vector, other) < 0.9999, 'different texts have different vectors');
  }
});

test('a text is cut to its first 512 tokens', async () => {
  const long = longCode(60, 2);
  const [whole, longer, shorter] = await embed([long, `${long}\nmore of it`, long.slice(0, 200)]);
  assert.deepEqual(whole, longer);
  assert.notDeepEqual(whole, shorter);
  assert.deepEqual((await embed(['x'.repeat(1_000_000)])).length, 1);
});

test('more texts than one message may hold', async () => {
  const vectors = await embed(Array.from({ length: 300 }, (_, index) => `value${index}`));
  assert.equal(vectors.length, 300);
  assert.deepEqual(vectors[299], (await embed(['value299']))[0]);
});

test('text that spells special tokens stays text', async () => {
  const [spelled, empty] = await embed(['<|endoftext|>', ' ']);
  assert.notDeepEqual(spelled, empty);
});

test('an empty text is named', async () => {
  const outcome = await engine.inference.embed(['x', ''], forever);
  assert.equal(outcome.outcome, 'unsupported');
  assert.match(outcome.outcome === 'unsupported' ? outcome.cause : '', /Text 2 is empty/);
});

test('vectors leave the answers of the model as they are, also at the same time', async () => {
  const request = chatRequest('Write a function that adds two numbers', { maxTokens: 60 });
  const alone = await engine.inference.generate(request, { signal: forever });
  const [together] = await Promise.all([engine.inference.generate(request, { signal: forever }), embed([longCode(20, 3), longCode(20, 4)])]);
  assert.equal(together.outcome === 'ok' && together.value.text, alone.outcome === 'ok' && alone.value.text);
});

const background = Array.from({ length: 64 }, (_, index) => longCode(2, index + 10));

test('a completion is answered before sixty-four texts are', async () => {
  const order: string[] = [];
  const embedding = embed(background).then(() => order.push('vectors'));
  await engine.inference.generate(holeRequest('def sub(a, b):\n    return ', { maxTokens: 8 }), { signal: forever });
  order.push('completion');
  await embedding;
  assert.deepEqual(order, ['completion', 'vectors']);
});

test('a request that is given up while it waits or runs frees the engine', async () => {
  const running = new AbortController();
  const first = engine.inference.embed(background, running.signal);
  const waiting = new AbortController();
  const chat = engine.inference.generate(chatRequest('Write a function that adds two numbers', { maxTokens: 100 }), {
    signal: forever,
    onText: () => {
      running.abort();
      waiting.abort();
    },
  });
  const second = engine.inference.embed(background, waiting.signal);
  assert.equal((await first).outcome, 'cancelled');
  assert.equal((await second).outcome, 'cancelled');
  assert.equal((await chat).outcome, 'ok');
  const deadline = AbortSignal.timeout(10_000);
  for (;;) {
    const status = await engine.inference.engineStatus(deadline);
    assert.equal(status.outcome, 'ok');
    if (status.outcome === 'ok' && status.value.activeRequests === 0) break;
  }
  assert.equal((await embed(['x'])).length, 1);
});

test('the memory for vectors is planned, counted, and refused where there is none', async () => {
  const fresh = testEngine();
  try {
    const contextBytes = async () => {
      const status = await fresh.inference.engineStatus(forever);
      assert.equal(status.outcome, 'ok');
      return status.outcome === 'ok' ? status.value.memory.contextBytes : 0;
    };
    assert.equal((await fresh.inference.describeModel(forever)).outcome, 'ok');
    const before = await contextBytes();
    assert.equal((await fresh.inference.embed(['x'], forever)).outcome, 'ok');
    assert.ok((await contextBytes()) > before + 1024 * 1024, 'the context for vectors counts as memory of the engine');
  } finally {
    await fresh.end();
  }
  const llama = await getLlama({ gpu: false, build: 'never', skipDownload: true, progressLogs: false, maxThreads: 1 });
  const model = await llama.loadModel({ modelPath: starterModel });
  try {
    const need = await embeddingNeed(model, 512);
    const context = await model.createEmbeddingContext({ contextSize: 512, batchSize: 512 });
    const { ram, vram } = memoryOfEmbedding(context);
    await context.dispose();
    assert.ok(need.ramBytes + need.vramBytes >= (ram + vram) * 0.8, `${need.ramBytes} bytes were expected, ${ram} are taken`);
    const asked: number[] = [];
    const render = new RenderProcess();
    const embedder = new Embedder({
      model,
      path: starterModel,
      vocabulary: new Vocabulary(model, render),
      threads: 1,
      turns: new Turns().forModel(() => () => {}),
      hasRoom: ({ ramBytes }) => Promise.resolve(asked.push(ramBytes) > 1),
    });
    const refused = await embedder.embed(['x'], forever);
    assert.ok(refused.outcome === 'modelProblem', JSON.stringify(refused));
    assert.match(refused.problem.cause, /vectors need \d+ MiB more/);
    assert.equal((await embedder.embed(['x'], forever)).outcome, 'ok', 'memory may be free again at the next request');
    assert.deepEqual(asked, [need.ramBytes, need.ramBytes]);
    await embedder.dispose();
    render.dispose();
  } finally {
    await model.dispose();
    await llama.dispose();
  }
});

test('a text that waits for its turn lets a completion go first that comes meanwhile', async () => {
  const llama = await getLlama({ gpu: false, build: 'never', skipDownload: true, progressLogs: false, maxThreads: 1 });
  const model = await llama.loadModel({ modelPath: starterModel });
  const render = new RenderProcess();
  const turns = new Turns().forModel(() => undefined);
  const options = { model, path: starterModel, vocabulary: new Vocabulary(model, render), threads: 1, turns, hasRoom: async () => true };
  const embedder = new Embedder(options);
  try {
    await embedder.embed(['x'], forever);
    const order: string[] = [];
    let endTick = () => {};
    const otherTick = turns.exclusive.run(() => new Promise<void>((resolve) => (endTick = resolve)));
    const vectors = embedder.embed(['y'], forever).then(() => order.push('vector'));
    const given = new AbortController();
    const givenUp = embedder.embed(['z'], given.signal);
    await new Promise((resolve) => setImmediate(resolve));
    const leave = turns.enter('inline');
    const completion = turns.exclusive.run(async () => void order.push('completion'));
    given.abort();
    endTick();
    await Promise.all([otherTick, completion]);
    assert.deepEqual(await givenUp, { outcome: 'cancelled' });
    leave();
    await vectors;
    assert.deepEqual(order, ['completion', 'vector']);
  } finally {
    await embedder.dispose();
    render.dispose();
    await model.dispose();
    await llama.dispose();
  }
});

test('a model that was made for vectors gives them, and cannot chat', async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tm-embed-'));
  try {
    const client = engine.connect(writeEmbeddingModel(path.join(folder, 'bert.gguf')));
    const texts = ['def add(a, b)', 'class stack', 'def add(a, b)', 'a '.repeat(500)];
    const outcome = await client.embed(texts, forever);
    assert.equal(outcome.outcome, 'ok', JSON.stringify(outcome).slice(0, 300));
    const vectors = outcome.outcome === 'ok' ? outcome.value : [];
    assert.deepEqual(
      vectors.map((vector) => vector.length),
      [32, 32, 32, 32],
    );
    for (const vector of vectors) assert.ok(Math.abs(product(vector, vector) - 1) < 1e-5);
    assert.deepEqual(vectors[0], vectors[2]);
    assert.ok(product(vectors[0], vectors[1]) < 0.9999);
    const generated = await client.generate(chatRequest('Hello', { maxTokens: 4 }), { signal: forever });
    assert.equal(generated.outcome, 'unsupported', JSON.stringify(generated));
    // Text from such a model is rubbish; it must not end the engine.
    await client.generate({ ...chatRequest('', { maxTokens: 4 }), prompt: { kind: 'parts', parts: [{ kind: 'text', text: 'def add' }] } }, { signal: forever });
    assert.equal((await embed(['x'])).length, 1);
    assert.ok(!engine.logLines.some((line) => line.includes('ended')), engine.logLines.join('\n'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
