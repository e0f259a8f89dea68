// LoRA adapters over the starter model: they change its answers by their scale, are part of what a model is, and bad ones are refused
// with their name while the engine lives.
import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { ModelSpec } from '../../native/protocol/messages.ts';
import type { AdapterOptions } from './adapterFiles.ts';
import { writeAdapter } from './adapterFiles.ts';
import type { TestEngine } from './localEngine.ts';
import { starterModel, testEngine } from './localEngine.ts';
import { forever, holeRequest } from './prompts.ts';

let engine: TestEngine;
let folder: string;
before(() => {
  engine = testEngine();
  folder = mkdtempSync(path.join(os.tmpdir(), 'tm-lora-'));
});
after(async () => {
  await engine.end();
  rmSync(folder, { recursive: true, force: true });
});

const adapter = (name: string, options?: AdapterOptions) => writeAdapter(path.join(folder, `${name}.gguf`), options);

async function textWith(loras: ModelSpec['loras']): Promise<string> {
  const outcome = await engine
    .connect(starterModel, loras ? { loras } : {})
    .generate(holeRequest('def add(a, b):\n    return ', { maxTokens: 24 }), { signal: forever });
  assert.equal(outcome.outcome, 'ok', JSON.stringify(outcome));
  return outcome.outcome === 'ok' ? outcome.value.text : '';
}

test('an adapter changes the answer by its scale; at 0 it changes nothing', async () => {
  const file = adapter('whole');
  const plain = await textWith(undefined);
  assert.equal(await textWith([{ path: file, scale: 0 }]), plain);
  const strong = await textWith([{ path: file, scale: 4 }]);
  assert.notEqual(strong, plain);
  assert.notEqual(await textWith([{ path: file, scale: -4 }]), strong);
  assert.equal(await textWith([{ path: file, scale: 4 }]), strong);
  assert.equal(await textWith(undefined), plain);
});

test('two adapters are laid over each other', async () => {
  const [first, second] = [adapter('first'), adapter('second', { tensor: 'blk.3.attn_output.weight' })];
  const both = await textWith([
    { path: first, scale: 3 },
    { path: second, scale: 3 },
  ]);
  assert.notEqual(both, await textWith([{ path: first, scale: 3 }]));
  assert.notEqual(both, await textWith([{ path: second, scale: 3 }]));
});

const flawed: readonly [name: string, make: (file: string) => void, cause: RegExp][] = [
  ['a file that is not there', () => undefined, /there is no such file/],
  ['text', (file) => writeFileSync(file, 'This is a long text file, not an adapter at all.'), /not a GGUF/],
  ['a whole model', (file) => copyFileSync(starterModel, file), /this is a whole model/],
  ['an adapter that is cut short', (file) => truncateSync(writeAdapter(file), 1000), /cut short/],
  ['an adapter for another architecture', (file) => void writeAdapter(file, { architecture: 'qwen2' }), /architecture qwen2; the model in use is of llama/],
  ['an adapter of another kind', (file) => void writeAdapter(file, { kind: 'ia3' }), /of the kind "ia3"/],
  ['a scaling factor that is an integer, on which the library ends the process', (file) => void writeAdapter(file, { alphaType: 'uint32' }), /scaling factor/],
  ['a scaling factor that is a text', (file) => void writeAdapter(file, { alphaType: 'string' }), /scaling factor/],
  ['weights of integers, which cannot be multiplied', (file) => void writeAdapter(file, { weightType: 26 }), /unknown form/],
  ['half of a pair', (file) => void writeAdapter(file, { halves: ['a'] }), /holds no weights/],
  ['halves that do not fit each other', (file) => void writeAdapter(file, { rankOfB: 8 }), /two halves of "blk\.2\.attn_q\.weight"/],
  ['halves of the embedding that do not fit', (file) => void writeAdapter(file, { tensor: 'token_embd.weight', shape: [8192, 256], rankOfB: 8 }), /two halves/],
  ['weights for a larger model', (file) => void writeAdapter(file, { shape: [512, 512] }), /made for another model/],
  ['weights for a tensor that is not there', (file) => void writeAdapter(file, { tensor: 'blk.90.attn_q.weight' }), /made for another model/],
];
for (const [name, make, cause] of flawed) {
  test(`refused: ${name}`, async () => {
    const file = path.join(folder, `flawed-${flawed.findIndex(([other]) => other === name)}.gguf`);
    make(file);
    const outcome = await engine
      .connect(starterModel, { loras: [{ path: file, scale: 1 }] })
      .generate(holeRequest('x = ', { maxTokens: 2 }), { signal: forever });
    assert.equal(outcome.outcome, 'noModel', JSON.stringify(outcome));
    if (outcome.outcome !== 'noModel') return;
    assert.ok(outcome.cause.startsWith(`${file}: `), outcome.cause);
    assert.match(outcome.cause, cause);
    assert.match(outcome.action, /Choose LoRA Adapter/);
  });
}

test('eighty damaged headers: each is refused or taken, and the engine lives', { timeout: 60_000 }, async () => {
  const whole = readFileSync(adapter('toDamage'));
  const headerBytes = 480;
  let taken = 0;
  for (let round = 0; round < 80; round++) {
    const bytes = Buffer.from(whole);
    bytes[(round * 7919) % headerBytes] = (round * 104_729) % 256;
    const file = path.join(folder, 'damaged.gguf');
    writeFileSync(file, bytes);
    const client = engine.connect(starterModel, { loras: [{ path: file, scale: 1 + round / 1000 }] });
    const outcome = await client.generate(holeRequest('x = ', { maxTokens: 1 }), { signal: forever });
    assert.ok(outcome.outcome === 'ok' || outcome.outcome === 'noModel', JSON.stringify(outcome));
    if (outcome.outcome === 'ok') taken++;
    await client.dispose();
  }
  assert.ok(taken < 60, `${taken} damaged adapters were taken`);
  assert.equal((await engine.inference.describeModel(forever)).outcome, 'ok');
  assert.ok(!engine.logLines.some((line) => line.includes('ended')), engine.logLines.join('\n'));
});
