// How a head is saved and restored, with a scripted library: what happens when it fails at each step.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { AddonContext } from '../../native/addon.ts';
import { ChatHeads } from '../../native/chatHeads.ts';
import { SavedStates } from '../../native/savedStates.ts';
import type { Sequence } from '../../native/sequencePool.ts';

const prompt = Uint32Array.from({ length: 400 }, (_, index) => (index * 31) % 5000);
const headLength = 300;

let directory: string;
let lines: string[];
beforeEach(() => {
  directory = path.join(mkdtempSync(path.join(os.tmpdir(), 'tm-')), 'kv');
  lines = [];
});
afterEach(() => rmSync(path.dirname(directory), { recursive: true, force: true }));

interface Script {
  readonly save?: (call: number) => void;
  readonly cut?: boolean;
  readonly firstPosition?: number;
}

/** A library whose states are the numbers of their tokens. */
function scriptedContext({ save, cut = true, firstPosition = 0 }: Script = {}): { readonly context: AddonContext; readonly held: number[] } {
  const held: number[] = [];
  let saves = 0;
  const used = {
    disposeSequence: () => {
      held.length = 0;
    },
    getSequenceKvCacheMinPosition: () => firstPosition,
    removeTokenCellsFromSequence: (_id: number, from: number) => {
      if (cut) held.length = from;
      return cut;
    },
    saveSequenceStateToFile: async (file: string, _id: number, tokens: Uint32Array) => {
      save?.(saves++);
      assert.equal(held.length, tokens.length, 'the library saves what it holds');
      writeFileSync(file, JSON.stringify(held));
      return JSON.stringify(held).length;
    },
    loadSequenceStateFromFile: async (file: string) => {
      const bytes = readFileSync(file, 'utf8');
      held.splice(0, held.length, ...(JSON.parse(bytes.slice(0, bytes.indexOf(']') + 1)) as number[]));
      return Uint32Array.from(held);
    },
  };
  return { context: used as unknown as AddonContext, held };
}

function headsOf(context: AddonContext): ChatHeads {
  const log = (line: string) => void lines.push(line);
  const states = new SavedStates({ directory, log, now: Date.now });
  return new ChatHeads({ context, states, model: 'ab'.repeat(32), contextSize: 1024, tokenBytes: 5000, log });
}

const sequence = (): Sequence => ({ id: 1, tokens: [...prompt], isBusy: false, usedAt: 1 });
const exclusively = (act: () => Promise<void>) => act();

async function saveWith(script: Script): Promise<{ readonly outcome: string; readonly held: readonly number[]; readonly heads: ChatHeads }> {
  const { context, held } = scriptedContext(script);
  held.push(...prompt);
  const heads = headsOf(context);
  const head = await heads.of(prompt, { headLength, heldTokens: 0 });
  assert.ok(head);
  const outcome = await head.save(sequence(), exclusively);
  await heads.idle();
  return { outcome, held, heads };
}

test('a head is saved alone, and the sequence holds what it held', async () => {
  const { outcome, held, heads } = await saveWith({});
  assert.equal(outcome, 'kept');
  assert.deepEqual(held, [...prompt]);
  assert.equal(readdirSync(directory).length, 1);
  const again = await heads.of(prompt, { headLength, heldTokens: 0 });
  assert.equal(again?.savedTokens, headLength);
  assert.deepEqual(await again?.restore(sequence()), [...prompt.subarray(0, headLength)]);
  assert.equal((await heads.of(prompt, { headLength, heldTokens: 290 }))?.savedTokens, 0, 'not for the sake of a few tokens');
  assert.equal(await heads.of(prompt, { headLength: 100, heldTokens: 0 }), undefined);
});

for (const [step, script] of Object.entries({
  'when the sequence is put aside': { save: (call: number) => fail(call, 0) },
  'when the head is written': { save: (call: number) => fail(call, 1) },
})) {
  test(`a full disk ${step} costs the state on disk and nothing else, and is said once`, async () => {
    const { outcome, held, heads } = await saveWith(script);
    assert.equal(outcome, 'kept');
    assert.deepEqual(held, [...prompt]);
    assert.deepEqual(readdirSync(directory), []);
    const head = await heads.of(prompt, { headLength, heldTokens: 0 });
    assert.equal(await head?.save(sequence(), exclusively), 'kept');
    await heads.idle();
    assert.deepEqual(readdirSync(directory), []);
    assert.equal(lines.length, 1, lines.join('\n'));
    assert.match(lines[0] ?? '', /ENOSPC/);
  });
}

function fail(call: number, at: number): void {
  if (call === at) throw new Error('ENOSPC: no space left on device, write');
}

test('a model whose state cannot be cut, or whose window has slid on, is not saved', async () => {
  for (const script of [{ cut: false }, { firstPosition: 20 }]) {
    const { outcome, held } = await saveWith(script);
    assert.equal(outcome, 'kept');
    assert.deepEqual(held, [...prompt]);
    assert.deepEqual(readdirSync(directory), []);
  }
});

test('what was said before everything was deleted is not saved afterwards', async () => {
  const { context, held } = scriptedContext();
  held.push(...prompt);
  const states = new SavedStates({ directory, log: (line) => void lines.push(line), now: Date.now });
  const heads = new ChatHeads({ context, states, model: 'ab'.repeat(32), contextSize: 1024, tokenBytes: 5000, log: (line) => void lines.push(line) });
  const head = await heads.of(prompt, { headLength, heldTokens: 0 });
  await states.deleteAll();
  await head?.save(sequence(), exclusively);
  await heads.idle();
  assert.equal((await states.size()).files, 0);
  await (await heads.of(prompt, { headLength, heldTokens: 0 }))?.save(sequence(), exclusively);
  await heads.idle();
  assert.equal((await states.size()).files, 1);
});

test('a file that holds other tokens than its name says is removed, and the sequence is empty', async () => {
  const { context, held } = scriptedContext();
  held.push(...prompt);
  const heads = headsOf(context);
  await (await heads.of(prompt, { headLength, heldTokens: 0 }))?.save(sequence(), exclusively);
  await heads.idle();
  const head = await heads.of(prompt, { headLength, heldTokens: 0 });
  const load = context.loadSequenceStateFromFile.bind(context);
  context.loadSequenceStateFromFile = async (...args) => (await load(...args)).map((token) => token + 1);
  assert.deepEqual(await head?.restore(sequence()), []);
  assert.deepEqual(held, []);
  assert.deepEqual(readdirSync(directory), []);
});
