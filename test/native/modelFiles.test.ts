// Model files that cannot be used: each gives a problem that names the file, the cause and the action, and the engine stays up.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { TestEngine } from './localEngine.ts';
import { starterModel, testEngine } from './localEngine.ts';
import { forever } from './prompts.ts';

const posixOnly = process.platform === 'win32' ? 'no pipes with names on Windows' : false;

let engine: TestEngine;
let folder: string;
const starter = readFileSync(starterModel);

before(() => {
  engine = testEngine();
  folder = mkdtempSync(path.join(os.tmpdir(), 'tm-models-'));
});
after(async () => {
  await engine.end();
  rmSync(folder, { recursive: true, force: true });
});

function put(name: string, bytes: Buffer): string {
  const file = path.join(folder, name);
  writeFileSync(file, bytes);
  return file;
}

async function check(file: string, cause: RegExp): Promise<void> {
  const outcome = await engine.connect(file).describeModel(forever);
  assert.equal(outcome.outcome, 'noModel', JSON.stringify(outcome));
  if (outcome.outcome !== 'noModel') return;
  assert.ok(outcome.cause.startsWith(`${file}: `), outcome.cause);
  assert.match(outcome.cause, cause);
  assert.ok(outcome.action.length > 10, outcome.action);
}

/** A header with a crafted part: magic, version, counts, then `rest`. */
function header(tensors: bigint, entries: bigint, rest: Buffer = Buffer.alloc(0)): Buffer {
  const bytes = Buffer.alloc(24);
  bytes.write('GGUF', 0, 'latin1');
  bytes.writeUInt32LE(3, 4);
  bytes.writeBigUInt64LE(tensors, 8);
  bytes.writeBigUInt64LE(entries, 16);
  return Buffer.concat([bytes, rest]);
}

function u64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}

test('a file that is not there is missing', () => check(path.join(folder, 'none.gguf'), /no such file/));
test('a folder is no model', () => {
  mkdirSync(path.join(folder, 'folder.gguf'));
  return check(path.join(folder, 'folder.gguf'), /this is not a GGUF model file: it is a folder\.$/);
});
test('a pipe that nobody writes to, a device and links to them are no models, and nobody waits for them', { skip: posixOnly }, async () => {
  const pipe = path.join(folder, 'pipe.gguf');
  execFileSync('mkfifo', [pipe]);
  const link = path.join(folder, 'link.gguf');
  symlinkSync(pipe, link);
  await check(pipe, /this is not a GGUF model file: it is a pipe\.$/);
  await check(link, /it is a pipe\.$/);
  await check('/dev/zero', /it is a device\.$/);
});
test('a checksum that is a pipe is as good as none', { skip: posixOnly }, async () => {
  const file = put('besidePipe.gguf', starter);
  execFileSync('mkfifo', [`${file}.sha256`]);
  assert.equal((await engine.connect(file).describeModel(forever)).outcome, 'ok');
});
test('an empty file is no model', () => check(put('empty.gguf', Buffer.alloc(0)), /not a GGUF/));
test('text is no model', () => check(put('text.gguf', Buffer.from('This is a long text file, not a model at all.')), /not a GGUF/));
test('an old version is named', () => check(put('old.gguf', Buffer.concat([Buffer.from('GGUF'), Buffer.from([1, 0, 0, 0]), Buffer.alloc(64)])), /version 1/));
test('a file cut in its weights is truncated, with both sizes', () =>
  check(put('cut.gguf', starter.subarray(0, 3_000_000)), /cut short: it has 3\.0 MB; its tensors need 7\.2 MB/));
test('a file cut in its header is truncated', () => check(put('cutHeader.gguf', starter.subarray(0, 2000)), /cut short/));
test('a header with endless tensors is refused', () => check(put('tensors.gguf', header(2n ** 62n, 1n)), /damaged: the number of tensors/));
test('a header with endless metadata is refused', () => check(put('entries.gguf', header(1n, 2n ** 40n)), /damaged: the number of metadata entries/));
test('a key of 2^63 bytes is refused', () => check(put('key.gguf', header(1n, 1n, u64(2n ** 63n))), /damaged: the length of a metadata key/));
test('an endless array is refused', () => {
  const key = Buffer.concat([u64(1n), Buffer.from('k')]);
  const array = Buffer.concat([Buffer.from([9, 0, 0, 0, 4, 0, 0, 0]), u64(2n ** 50n)]);
  return check(put('array.gguf', header(1n, 1n, Buffer.concat([key, array]))), /damaged: the length of an array/);
});
test('an array of arrays is refused', () => {
  const key = Buffer.concat([u64(1n), Buffer.from('k')]);
  return check(put('nested.gguf', header(1n, 1n, Buffer.concat([key, Buffer.from([9, 0, 0, 0, 9, 0, 0, 0]), u64(1n)]))), /damaged: its metadata has an array/);
});
test('a model of an unknown architecture cannot be loaded', () => {
  const renamed = Buffer.from(starter);
  const key = renamed.indexOf('general.architecture');
  const value = renamed.indexOf('llama', key);
  renamed.write('lhama', value, 'latin1');
  return check(put('unknown.gguf', renamed), /cannot be loaded/);
});
test('damaged weights are found where a checksum stands beside the file', () => {
  const damaged = Buffer.from(starter);
  damaged.fill(0x5a, 4_000_000, 4_000_400);
  const file = put('damaged.gguf', damaged);
  writeFileSync(`${file}.sha256`, `${createHash('sha256').update(starter).digest('hex')}  damaged.gguf\n`);
  return check(file, /damaged: its SHA-256 is not the one in /);
});
test('a file without permission is unreadable', { skip: process.getuid?.() === 0 ? 'root may read every file' : false }, () => {
  const file = put('locked.gguf', starter);
  chmodSync(file, 0);
  return check(file, /cannot be read/);
});

test('after all of these the engine still serves the starter model', async () => {
  const outcome = await engine.inference.describeModel(forever);
  assert.equal(outcome.outcome, 'ok', JSON.stringify(outcome));
});

test('a file that was put right is used without a restart', async () => {
  const file = put('mended.gguf', starter.subarray(0, 1000));
  const client = engine.connect(file);
  assert.equal((await client.describeModel(forever)).outcome, 'noModel');
  assert.equal(client.state.state, 'noModel');
  writeFileSync(file, starter);
  assert.equal((await client.describeModel(forever)).outcome, 'ok');
  assert.equal(client.state.state, 'ready');
});

test('more layers than the library has room for', () => {
  const bytes = Buffer.from(starter);
  const key = bytes.indexOf('llama.block_count');
  // The key is followed by its type, a u32, and the value.
  assert.equal(bytes.readUInt32LE(key + 'llama.block_count'.length), 4);
  bytes.writeUInt32LE(4000, key + 'llama.block_count'.length + 4);
  return check(put('layers.gguf', bytes), /4000 layers/);
});
test('where another file is to be chosen, the setting that named this one is said', async () => {
  const chooseAction = 'Correct the setting "tramontane.model.embeddingPath", or clear it to do without.';
  const text = put('text.gguf', Buffer.from('This is a long text file, not a model at all.'));
  const cut = put('cutAgain.gguf', starter.subarray(0, 3_000_000));
  const actionFor = async (file: string) => {
    const outcome = await engine.connect(file, { chooseAction, spec: { isForVectors: true } }).embed(['x'], forever);
    return outcome.outcome === 'noModel' ? outcome.action : JSON.stringify(outcome);
  };
  assert.equal(await actionFor(path.join(folder, 'none.gguf')), chooseAction);
  assert.equal(await actionFor(text), chooseAction);
  assert.match(await actionFor(cut), /^Download the file again/, 'a file that is cut short is the right one');
});
