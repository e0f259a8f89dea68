// What sequences hold after copies and files came together, on the starter model: whatever was asked for in one tick, each goes on as if it were alone.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, suite, test } from 'node:test';
import { getLlama, type Llama, type LlamaContext, type LlamaModel, type Token } from 'node-llama-cpp';
import { type Addon, addonOf } from '../../native/addon.ts';
import type { StreamHead } from '../../native/chatHeads.ts';
import { type Sequence, SequencePool } from '../../native/sequencePool.ts';
import { SequenceState } from '../../native/sequenceState.ts';
import { DraftLength } from '../../native/speculation/draftLength.ts';
import { TickCosts } from '../../native/speculation/tickCosts.ts';
import { type Stream, streamOf } from '../../native/stream.ts';
import { Turns } from '../../native/turns.ts';
import { UnsavedHeads } from '../../native/unsavedHeads.ts';
import { starterModel } from './localEngine.ts';

const contextSize = 1024;

suite('copies and files in one tick', () => {
  let folder: string;
  let llama: Llama;
  let model: LlamaModel;
  let context: LlamaContext;
  let addon: Addon;
  let pool: SequencePool;
  let state: SequenceState;
  /** Two texts that begin alike, and go on differently. */
  let classes: Uint32Array;
  let sums: Uint32Array;
  before(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'tm-'));
    llama = await getLlama({ gpu: false, build: 'never', skipDownload: true, progressLogs: false, maxThreads: 1 });
    model = await llama.loadModel({ modelPath: starterModel });
    const lines = (count: number, line: (index: number) => string) => Array.from({ length: count }, (_, index) => line(index)).join('');
    const head = lines(10, (index) => `def helper_${index}(a, b):\n    return a + ${index}\n`);
    const stack = (index: number) => `class Stack${index}:\n    def push(self, item):\n        self.items.append(item)\n`;
    const tokens = (text: string) => Uint32Array.from(model.tokenize(text, false));
    classes = tokens(`${head}${lines(12, stack)}class Stack99:\n    def push(self, item`);
    sums = tokens(
      `${head}${lines(12, (index) => `const total${index} = items.reduce((sum, item) => sum + item.price * ${index}, 0);\n`)}const total99 = items`,
    );
  });
  beforeEach(async () => {
    await context?.dispose();
    context = await model.createContext({ contextSize, sequences: 4, batchSize: 512, threads: 1 });
    addon = addonOf(model, context);
    pool = new SequencePool(4);
    state = new SequenceState(addon, pool);
  });
  after(async () => {
    await llama.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  const nothing = () => undefined;
  function streamFor(prompt: Uint32Array, head?: StreamHead): Stream {
    const request = { prompt, client: 0, priority: 'chat' as const, maxTokens: 1, sampling: { temperature: 0 }, notFirst: undefined, head };
    const signal = new AbortController().signal;
    const parts = { leave: nothing, settle: nothing, fail: nothing, draftLength: new DraftLength(new TickCosts()) };
    return streamOf({ ...request, signal, onToken: () => false }, parts);
  }

  function take(prompt: Uint32Array): Sequence {
    const sequence = pool.take('chat', prompt);
    assert.ok(sequence);
    return sequence;
  }

  /** @returns the token that comes next */
  async function decode(sequence: Sequence, tokens: Uint32Array): Promise<number> {
    const sampler = addon.makeSampler();
    sampler.applyConfig({ temperature: 0 });
    addon.context.initBatch(tokens.length);
    const [index] = addon.context.addToBatch(sequence.id, sequence.tokens.length, tokens, Uint32Array.of(tokens.length - 1));
    await addon.context.decodeBatch();
    state.noteDecoded();
    sequence.tokens.push(...tokens);
    const next = await addon.context.sampleToken(index as number, sampler);
    sampler.dispose();
    return next;
  }

  async function textAfter(sequence: Sequence, pending: Uint32Array): Promise<string> {
    const written: number[] = [];
    for (let next = await decode(sequence, pending); written.length < 24; next = await decode(sequence, Uint32Array.of(next))) written.push(next);
    return model.detokenize(written as Token[]);
  }

  /** As long as a batch may be: what is left of a prompt is read in pieces. */
  async function read(sequence: Sequence, tokens: Uint32Array): Promise<void> {
    for (let at = 0; at < tokens.length; at += 256) await decode(sequence, tokens.subarray(at, at + 256));
  }

  async function textAlone(prompt: Uint32Array): Promise<string> {
    const sequence = take(prompt);
    await read(sequence, prompt.subarray(0, -1));
    const text = await textAfter(sequence, prompt.subarray(-1));
    state.forget(sequence);
    pool.give(sequence);
    return text;
  }

  /** All but the last token of a prompt, as a file. */
  async function savedHead(prompt: Uint32Array): Promise<StreamHead> {
    const sequence = take(prompt);
    const tokens = prompt.slice(0, -1);
    const file = path.join(folder, 'state');
    await read(sequence, tokens);
    await addon.context.saveSequenceStateToFile(file, sequence.id, tokens);
    state.forget(sequence);
    pool.give(sequence);
    const restore = async ({ id }: Sequence) => [...(await addon.context.loadSequenceStateFromFile(file, id, contextSize))];
    return { tokens, savedTokens: tokens.length, restore, save: async () => 'kept' };
  }

  test('a sequence that is restored while another one waits for a copy of it', async () => {
    const expected = { classes: await textAlone(classes), sums: await textAlone(sums) };
    const head = await savedHead(classes);
    const first = take(sums);
    await read(first, sums.subarray(0, -1));
    const second = take(sums);
    const copied = streamFor(sums);
    await state.prepare(copied, second);
    assert.ok(copied.reusedTokens >= sums.length - 1, 'the state was copied');
    const restored = streamFor(classes, head);
    await state.prepare(restored, first);
    assert.equal(restored.restoredTokens, classes.length - 1);
    assert.equal(await textAfter(second, copied.pending), expected.sums);
    assert.equal(await textAfter(first, restored.pending), expected.classes);
  });

  test('a sequence that is restored after a copy into it was asked for and no decode came', async () => {
    const expected = await textAlone(classes);
    const head = await savedHead(classes);
    const first = take(sums);
    await read(first, sums.subarray(0, -1));
    const second = take(sums);
    await state.prepare(streamFor(sums), second);
    assert.equal(state.isWhole(second), false, 'nothing of it may go to disk');
    state.forget(second);
    const restored = streamFor(classes, head);
    await state.prepare(restored, second);
    assert.equal(state.isWhole(second), true);
    assert.equal(await textAfter(second, restored.pending), expected);
  });

  test('a head in a sequence whose copy is not made yet does not go to disk, and afterwards it does', async () => {
    const first = take(sums);
    await read(first, sums.subarray(0, -1));
    const second = take(sums);
    const stream = streamFor(sums);
    await state.prepare(stream, second);
    let saves = 0;
    const save = async () => {
      saves++;
      return 'kept' as const;
    };
    const unsaved = new UnsavedHeads({ state, turns: new Turns().forModel(nothing), isIdle: () => true });
    const saveNow = async () => {
      unsaved.add(second, { tokens: sums.subarray(0, 200), savedTokens: 0, restore: async () => [], save });
      await unsaved.saveOne();
      assert.ok(unsaved.isEmpty);
      return saves;
    };
    assert.equal(await saveNow(), 0);
    await decode(second, stream.pending);
    assert.equal(await saveNow(), 1);
  });

  test('a copy of a sequence that is itself a copy which is not made yet', async () => {
    const expected = await textAlone(sums);
    const [first, second] = [take(sums), take(sums)];
    await read(first, sums.subarray(0, -1));
    await state.prepare(streamFor(sums), second);
    state.forget(first);
    const stream = streamFor(sums);
    await state.prepare(stream, first);
    assert.equal(state.isWhole(second), true, 'it was made before it was copied');
    assert.ok(stream.reusedTokens >= sums.length - 1);
    assert.equal(await textAfter(first, stream.pending), expected);
    assert.equal(await textAfter(second, sums.subarray(-1)), expected);
  });

  test('a file that turns out to be of no use, where another sequence holds some of it', async () => {
    const expected = await textAlone(classes);
    const first = take(sums);
    await read(first, sums.subarray(0, -1));
    const second = take(classes);
    const restore = async ({ id }: Sequence) => {
      addon.context.disposeSequence(id);
      return [];
    };
    const stream = streamFor(classes, { tokens: classes, savedTokens: classes.length - 1, restore, save: async () => 'kept' });
    await state.prepare(stream, second);
    assert.equal(stream.restoredTokens, 0);
    assert.ok(stream.reusedTokens >= 64 && stream.reusedTokens < classes.length / 2, `${stream.reusedTokens} tokens were copied`);
    await read(second, stream.pending.subarray(0, -1));
    assert.equal(await textAfter(second, stream.pending.subarray(-1)), expected);
  });
});
