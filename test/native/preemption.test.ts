// Who is in which batch, on the starter model with each batch written down: the traps of the library's own queue (facts/engine.md, 1 to 4 and 8) are
// not ours. Requests come and go while a batch is being evaluated, so that nothing here depends on time.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, suite, test } from 'node:test';
import { getLlama, type Llama, type LlamaContext, type LlamaModel } from 'node-llama-cpp';
import { addonOf } from '../../native/addon.ts';
import { DecodeLoop } from '../../native/decodeLoop.ts';
import type { Priority } from '../../native/protocol/messages.ts';
import type { StreamRequest, StreamResult } from '../../native/stream.ts';
import { Turns } from '../../native/turns.ts';
import { starterModel } from './localEngine.ts';
import { longCode } from './prompts.ts';
import { type Batch, type RecordedAddon, recorded, scriptedAddon } from './recordedAddon.ts';

/** More than the model was made for, so that a chat's prompt takes many batches; nobody reads what it writes. */
const contextSize = 4096;
const sequences = 4;
/** The pool gives the first two to completions. */
const isInline = ({ sequence }: Batch['parts'][number]) => sequence < 2;

suite('who is in which batch', () => {
  let llama: Llama;
  let model: LlamaModel;
  let context: LlamaContext;
  let addon: RecordedAddon;
  let loop: DecodeLoop;
  before(async () => {
    llama = await getLlama({ gpu: false, build: 'never', skipDownload: true, progressLogs: false, maxThreads: 1 });
    model = await llama.loadModel({ modelPath: starterModel });
  });
  beforeEach(async () => {
    context = await model.createContext({ contextSize, sequences, batchSize: 512, threads: 1 });
    addon = recorded(addonOf(model, context));
    loop = new DecodeLoop({ addon, sequences, batchSize: 512, decodeThreads: 1, prefillThreads: 1, turns: new Turns().forModel(() => undefined) });
  });
  afterEach(async () => {
    await loop.idle();
    await context.dispose();
  });
  after(() => llama.dispose());

  const promptOf = (tokens: number, seed: number) => {
    const all = Uint32Array.from(model.tokenize(longCode(200, seed), false));
    assert.ok(all.length >= tokens, `${all.length} tokens`);
    return all.subarray(0, tokens);
  };
  const ask = (priority: Priority, prompt: Uint32Array, over: Partial<StreamRequest> = {}): Promise<StreamResult> => {
    const { signal } = new AbortController();
    return loop.run({ prompt, client: 0, priority, maxTokens: 8, sampling: { temperature: 0 }, notFirst: undefined, signal, onToken: () => false, ...over });
  };
  const tokensOf = (batches: readonly Batch[], wanted: (part: Batch['parts'][number]) => boolean) =>
    batches.reduce((sum, { parts }) => sum + parts.filter(wanted).reduce((own, { tokens }) => own + tokens.length, 0), 0);

  /** Does something once, while a batch is evaluated that `when` tells. */
  function during(when: (batch: Batch, index: number) => boolean, act: () => void): { readonly at: () => number } {
    let at = -1;
    addon.onDecode = (batch, index) => {
      if (at >= 0 || !when(batch, index)) return;
      at = index;
      act();
    };
    return { at: () => at };
  }

  test('an inline request that comes while a long chat prompt is evaluated is in the next batch, and alone in all until it is answered', async () => {
    // It must take back what an earlier one left behind, which the library lets wait for a prompt in its queue.
    await ask('inline', promptOf(200, 1));
    let inline: Promise<StreamResult> | undefined;
    let answeredAfter = 0;
    const before = addon.batches.length;
    const arrived = during(
      (_, index) => index === before + 3,
      () => {
        inline = ask('inline', promptOf(120, 1), { maxTokens: 12 });
        void inline.then(() => (answeredAfter = addon.batches.length));
      },
    );
    const results = await Promise.all([ask('chat', promptOf(3500, 2)), ask('background', promptOf(600, 3))]);
    assert.equal((await inline)?.generatedTokens, 12);
    const meanwhile = addon.batches.slice(arrived.at() + 1, answeredAfter);
    assert.ok(meanwhile.length >= 12, `${meanwhile.length} batches`);
    for (const { parts } of meanwhile) assert.ok(parts.length === 1 && parts.every(isInline), JSON.stringify(parts.map(({ sequence }) => sequence)));
    assert.ok(tokensOf(addon.batches.slice(before, arrived.at() + 1), (part) => !isInline(part)) < 3500, 'the chat was not through');
    for (const { generatedTokens } of results) assert.equal(generatedTokens, 8, 'it goes on afterwards');
  });

  test('chats and background work that are being written wait, too', async () => {
    let inline: Promise<StreamResult> | undefined;
    let answeredAfter = 0;
    const arrived = during(
      ({ parts }, index) => index > 10 && parts.length === 2 && parts.every(({ tokens }) => tokens.length === 1),
      () => {
        inline = ask('inline', promptOf(700, 1));
        void inline.then(() => (answeredAfter = addon.batches.length));
      },
    );
    const others = await Promise.all([ask('chat', promptOf(50, 2), { maxTokens: 60 }), ask('background', promptOf(50, 3), { maxTokens: 60 })]);
    await inline;
    const meanwhile = addon.batches.slice(arrived.at() + 1, answeredAfter);
    assert.ok(meanwhile.length >= 9, `${meanwhile.length} batches`);
    for (const { parts } of meanwhile) assert.ok(parts.every(isInline));
    for (const { generatedTokens } of others) assert.equal(generatedTokens, 60);
  });

  for (const priority of ['inline', 'chat', 'background'] as const)
    test(`an abort while the prompt is evaluated leaves it out of the next batch, and what was evaluated serves the same prompt again: ${priority}`, async () => {
      const prompt = promptOf(1200, 4);
      const controller = new AbortController();
      const aborted = during(
        (_, index) => index === 1,
        () => controller.abort(),
      );
      const result = await ask(priority, prompt, { signal: controller.signal });
      assert.equal(result.ended, 'cancelled');
      await loop.idle();
      assert.equal(addon.batches.length, aborted.at() + 1, 'no further batch');
      const evaluated = tokensOf(addon.batches, () => true);
      assert.ok(evaluated > 0 && evaluated < prompt.length, `${evaluated} tokens were evaluated`);
      const again = await ask(priority, prompt);
      assert.equal(again.reusedTokens, evaluated);
      assert.equal(again.generatedTokens, 8);
    });

  test('an abort while the answer is written leaves it out of the next batch, and the prompt is not evaluated again', async () => {
    const prompt = promptOf(300, 5);
    const controller = new AbortController();
    let written = 0;
    const onToken = () => {
      written++;
      return false;
    };
    const aborted = during(
      () => written === 5,
      () => controller.abort(),
    );
    const result = await ask('chat', prompt, { signal: controller.signal, onToken, maxTokens: 500 });
    assert.equal(result.ended, 'cancelled');
    assert.ok(written <= 6, `${written} tokens`);
    await loop.idle();
    assert.equal(addon.batches.length, aborted.at() + 1);
    assert.equal((await ask('chat', prompt)).reusedTokens, prompt.length - 1);
  });

  test('an abort does not hold up the streams beside it', async () => {
    const controller = new AbortController();
    const aborted = during(
      ({ parts }) => parts.length === 2,
      () => controller.abort(),
    );
    const [gone, other] = await Promise.all([
      ask('chat', promptOf(100, 6), { signal: controller.signal, maxTokens: 400 }),
      ask('chat', promptOf(100, 7), { maxTokens: 40 }),
    ]);
    assert.equal(gone.ended, 'cancelled');
    assert.equal(other.generatedTokens, 40);
    for (const { parts } of addon.batches.slice(aborted.at() + 1)) assert.equal(parts.length, 1);
  });

  test('a sampler is told what was asked for and nothing else, so no repetition is punished', async () => {
    const sampling = { temperature: 0.7, topP: 0.9, minP: 0.05, seed: 1 };
    await ask('inline', promptOf(20, 8));
    await ask('chat', promptOf(20, 8), { sampling, notFirst: Uint32Array.of(3) });
    const forbidden = { tokenBiasKeys: Uint32Array.of(3), tokenBiasValues: Float32Array.of(Number.NEGATIVE_INFINITY) };
    assert.deepEqual(addon.samplings, [{ temperature: 0 }, { ...sampling, ...forbidden }, sampling]);
  });
});

suite('two models', () => {
  test('an inline request that comes while the other model has the turn is in the next batch, before what waits for the turn', async () => {
    const turns = new Turns();
    let finish = () => {};
    const decode = () => new Promise<void>((resolve) => (finish = resolve));
    const order: string[] = [];
    const modelOf = (name: string) => {
      const addon = recorded(scriptedAddon(decode));
      addon.onDecode = ({ parts }) => void order.push(`${name} ${parts.map((part) => (isInline(part) ? 'inline' : 'other')).join()}`);
      return new DecodeLoop({ addon, sequences, batchSize: 512, decodeThreads: 1, prefillThreads: 1, turns: turns.forModel(() => undefined) });
    };
    const [first, second] = [modelOf('first'), modelOf('second')];
    const { signal } = new AbortController();
    const request = (priority: Priority, prompt = 1): StreamRequest => ({
      ...{ prompt: new Uint32Array(prompt).fill(5), client: 0, priority, maxTokens: 1, sampling: { temperature: 0 }, notFirst: undefined, signal },
      onToken: () => false,
    });
    const nextTurn = () => new Promise((resolve) => setImmediate(resolve));
    const all = [first.run(request('chat', 3)), second.run(request('chat', 3))];
    await nextTurn();
    // The first one decodes, the second one waits for its turn with a chat.
    all.push(second.run(request('inline')));
    for (let left = true; left; ) {
      finish();
      await nextTurn();
      left = order.length < 3;
    }
    finish();
    await Promise.all(all);
    assert.deepEqual(order, ['first other', 'second inline', 'second other']);
  });
});
