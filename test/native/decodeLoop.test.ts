// The decode loop itself, on the starter model: what a caller cannot see through the engine.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { getLlama, type Llama, type LlamaContext, type LlamaModel } from 'node-llama-cpp';
import { addonOf } from '../../native/addon.ts';
import { DecodeLoop } from '../../native/decodeLoop.ts';
import type { StreamRequest } from '../../native/stream.ts';
import { Turns } from '../../native/turns.ts';
import { starterModel } from './localEngine.ts';

suite('the decode loop', () => {
  let llama: Llama;
  let model: LlamaModel;
  let context: LlamaContext;
  let loop: DecodeLoop;
  before(async () => {
    llama = await getLlama({ gpu: false, build: 'never', skipDownload: true, progressLogs: false, maxThreads: 1 });
    model = await llama.loadModel({ modelPath: starterModel });
    context = await model.createContext({ contextSize: 256, sequences: 2, batchSize: 64, threads: 1 });
    // A context has one loop for as long as it lives: what its sequences hold is known there alone.
    loop = new DecodeLoop({ addon: addonOf(model, context), sequences: 2, batchSize: 64, decodeThreads: 1, prefillThreads: 1, turns: new Turns() });
  });
  after(async () => {
    await loop.idle();
    await context.dispose();
    await model.dispose();
    await llama.dispose();
  });
  const request = (signal: AbortSignal): StreamRequest => ({
    prompt: Uint32Array.from(model.tokenize('def add(a, b):', false)),
    client: 0,
    priority: 'chat',
    maxTokens: 2,
    sampling: { temperature: 0 },
    notFirst: undefined,
    signal,
    onToken: () => false,
  });

  test('goes on, however soon after the end of the last request the next one comes', async () => {
    const { signal } = new AbortController();
    for (let turns = 0; turns < 24; turns++) {
      await loop.run(request(signal));
      // The loop ends in the turns behind this one: a request that comes in one of them must not be forgotten.
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      assert.equal((await loop.run(request(signal))).generatedTokens, 2);
    }
  });

  test('goes on after a request that was given up before it came', async () => {
    assert.equal((await loop.run(request(AbortSignal.abort()))).ended, 'cancelled');
    assert.equal((await loop.run(request(new AbortController().signal))).ended, 'length');
  });
});
