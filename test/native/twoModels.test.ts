// Models beside each other in one engine: who waits for whom, who makes room, and what cannot be loaded at all.
import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { ensureModel, model100M } from '../bench/models/makeModel.ts';
import type { TestEngine } from './localEngine.ts';
import { starterModel, testEngine } from './localEngine.ts';
import { forever, holeRequest } from './prompts.ts';
import { writeSparseModel } from './sparseModel.ts';

let engine: TestEngine;
let folder: string;
before(() => {
  engine = testEngine();
  folder = mkdtempSync(path.join(os.tmpdir(), 'tm-two-'));
});
after(async () => {
  await engine.end();
  rmSync(folder, { recursive: true, force: true });
});

async function modelsInMemory(): Promise<readonly string[]> {
  const status = await engine.inference.engineStatus(forever);
  assert.equal(status.outcome, 'ok', JSON.stringify(status));
  return status.outcome === 'ok' ? status.value.models.map((model) => path.basename(model.path)) : [];
}

test('while a large model is being loaded, the one in memory answers', async () => {
  const large = await ensureModel(model100M);
  assert.equal((await engine.inference.describeModel(forever)).outcome, 'ok');
  const loaded = new AbortController();
  const loading = engine
    .connect(large)
    .describeModel(forever)
    .finally(() => loaded.abort());
  let answers = 0;
  while (!loaded.signal.aborted) {
    const outcome = await engine.inference.generate(holeRequest(`x${answers} = `, { maxTokens: 1 }), { signal: forever });
    assert.equal(outcome.outcome, 'ok', JSON.stringify(outcome));
    // Read again: the answer may have come after the load.
    if (!loaded.signal.aborted) answers++;
    // The status does not wait for the load either.
    if (answers === 1) assert.deepEqual(await modelsInMemory(), [path.basename(starterModel)]);
  }
  assert.equal((await loading).outcome, 'ok');
  assert.ok(answers >= 3, `${answers} answers came while the other model was being loaded`);
  assert.equal((await modelsInMemory()).length, 2);
});

test('of three models the one not used for longest leaves', async () => {
  const names = ['a.gguf', 'b.gguf', 'c.gguf'];
  for (const name of names) copyFileSync(starterModel, path.join(folder, name));
  const [a, b, c] = names.map((name) => engine.connect(path.join(folder, name)));
  const ask = async (client = a) => assert.equal((await client?.generate(holeRequest('x = ', { maxTokens: 1 }), { signal: forever }))?.outcome, 'ok');
  await ask(a);
  await ask(b);
  await ask(a);
  await ask(c);
  assert.deepEqual([...(await modelsInMemory())].sort(), ['a.gguf', 'c.gguf']);
});

test('a model that no memory can hold is refused with figures, and the engine serves on', async () => {
  const file = path.join(folder, 'huge.gguf');
  await writeSparseModel(file, 500);
  const before = await modelsInMemory();
  assert.ok(before.length > 0);
  const outcome = await engine.connect(file).describeModel(forever);
  assert.equal(outcome.outcome, 'noModel', JSON.stringify(outcome));
  if (outcome.outcome !== 'noModel') return;
  assert.match(outcome.cause, /: there is not enough memory for this model: even with the smallest context it needs \d+\.\d MB, and \d+\.\d MB are free\.$/);
  assert.equal(outcome.action, 'Close other programs or choose a smaller model.');
  assert.deepEqual(await modelsInMemory(), before, 'nothing had to leave for it');
  assert.equal((await engine.inference.generate(holeRequest('x = ', { maxTokens: 1 }), { signal: forever })).outcome, 'ok');
});

test('a model for vectors comes beside two that write, makes none of them leave, and leaves first', async () => {
  const own = testEngine();
  const inMemory = async () => {
    const status = await own.inference.engineStatus(forever);
    return status.outcome === 'ok' ? status.value.models.map((model) => path.basename(model.path)).sort() : [];
  };
  try {
    const names = ['write1.gguf', 'write2.gguf', 'write3.gguf', 'vectors1.gguf', 'vectors2.gguf'];
    for (const name of names) copyFileSync(starterModel, path.join(folder, name));
    const client = (name: string) => own.connect(path.join(folder, name), name.startsWith('vectors') ? { spec: { isForVectors: true, contextSize: 256 } } : {});
    const [write1, write2, write3, vectors1, vectors2] = names.map(client);
    const describe = async (one = write1) => assert.equal((await one?.describeModel(forever))?.outcome, 'ok');
    const embed = async (one = vectors1) => assert.equal((await one?.embed(['def add(a, b):'], forever))?.outcome, 'ok');
    await describe(write1);
    await describe(write2);
    await embed(vectors1);
    assert.deepEqual(await inMemory(), ['vectors1.gguf', 'write1.gguf', 'write2.gguf']);
    await embed(vectors2);
    assert.deepEqual(await inMemory(), ['vectors2.gguf', 'write1.gguf', 'write2.gguf'], 'there is one for vectors');
    await describe(write3);
    assert.deepEqual(await inMemory(), ['vectors2.gguf', 'write2.gguf', 'write3.gguf'], 'and a third one that writes takes the place of one that does');
  } finally {
    await own.end();
  }
});
