// The store of states on disk without an engine: what it finds, what it refuses, what it bounds, and what a full or foreign directory does to it.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { deleteStateFiles, draftFileName, stateDirectoryFor } from '../../native/channel/stateDirectory.ts';
import { type SavedStatesOptions, SavedStates } from '../../native/savedStates.ts';

const model = createHash('sha256').update('a model').digest('hex');
const posixOnly = { skip: process.platform === 'win32' ? 'no modes on Windows' : false };

let folder: string;
let directory: string;
let lines: string[];
let now: number;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'tm-'));
  directory = path.join(folder, 'cache', 'kv');
  lines = [];
  now = Date.now();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function storeIn(where: string, over: Partial<SavedStatesOptions> = {}): SavedStates {
  return new SavedStates({ directory: where, log: (line) => lines.push(line), now: () => now, ...over });
}

const tokensTo = (count: number, seed = 1) => Uint32Array.from({ length: count }, (_, index) => (index * 7919 + seed) % 8192);

/** Saves what stands in for a state. */
async function save(
  store: SavedStates,
  tokens: Uint32Array,
  { ofModel = model, bytes = 1000 }: { readonly ofModel?: string; readonly bytes?: number } = {},
): Promise<void> {
  const draft = await store.begin();
  if (!draft) return;
  writeFileSync(draft.path, randomBytes(bytes));
  await store.keep(draft, { model: ofModel, tokens, writtenBytes: bytes });
  await store.discard(draft);
}

const names = () => readdirSync(directory).toSorted();
const onlyFile = () => {
  assert.equal(names().length, 1, names().join(', '));
  return path.join(directory, names()[0] ?? '');
};

test('the longest state of the first tokens is found, and none of other tokens or of another model', async () => {
  const store = storeIn(directory);
  await save(store, tokensTo(200));
  await save(store, tokensTo(300));
  await save(store, tokensTo(400, 2));
  await save(store, tokensTo(350), { ofModel: createHash('sha256').update('another').digest('hex') });
  assert.equal((await store.find(model, tokensTo(1000), 0))?.tokens, 300);
  assert.equal((await store.find(model, tokensTo(299), 0))?.tokens, 200);
  assert.equal(await store.find(model, tokensTo(199), 0), undefined);
  assert.equal(await store.find(model, tokensTo(1000), 300), undefined, 'no more than what is held already');
  assert.equal(await store.longest(model, tokensTo(500, 2)), 400);
  assert.deepEqual(lines, []);
});

test('a state that is damaged anywhere is removed and not used', async () => {
  for (let round = 0; round < 40; round++) {
    const store = storeIn(directory);
    await save(store, tokensTo(200));
    const file = onlyFile();
    const bytes = readFileSync(file);
    const at = round < 4 ? bytes.length - 1 - round * 16 : Math.floor(Math.random() * bytes.length);
    bytes.writeUInt8(bytes.readUInt8(at) ^ (1 + Math.floor(Math.random() * 255)), at);
    writeFileSync(file, bytes);
    assert.equal(await store.find(model, tokensTo(1000), 0), undefined, `byte ${at}`);
    assert.deepEqual(names(), []);
    assert.match(lines.at(-1) ?? '', /not used and removed/);
  }
});

test('what is cut short, empty, random, renamed, a directory or a link is removed and not used', posixOnly, async () => {
  const outside = path.join(folder, 'outside');
  const faults: Readonly<Record<string, (file: string) => void>> = {
    cutShort: (file) => writeFileSync(file, readFileSync(file).subarray(0, 700)),
    'only a seal': (file) => writeFileSync(file, readFileSync(file).subarray(-50)),
    empty: (file) => writeFileSync(file, ''),
    random: (file) => writeFileSync(file, randomBytes(5000)),
    longer: (file) => writeFileSync(file, Buffer.concat([readFileSync(file), randomBytes(1)])),
    'readable by others': (file) => chmodSync(file, 0o644),
    directory: (file) => {
      rmSync(file);
      mkdirSync(file);
      writeFileSync(path.join(file, 'inside'), 'x');
    },
    link: (file) => {
      renameSync(file, outside);
      symlinkSync(outside, file);
    },
    'link to nothing': (file) => {
      rmSync(file);
      symlinkSync(path.join(folder, 'nowhere'), file);
    },
  };
  for (const [name, put] of Object.entries(faults)) {
    const store = storeIn(directory);
    await save(store, tokensTo(200));
    put(onlyFile());
    assert.equal(await store.find(model, tokensTo(1000), 0), undefined, name);
    assert.deepEqual(names(), [], name);
  }
  assert.ok(existsSync(outside), 'what a link points to is not touched');
});

test('a whole state under the name of another is not used', async () => {
  const store = storeIn(directory);
  await save(store, tokensTo(200, 2));
  const bytes = readFileSync(onlyFile());
  rmSync(onlyFile());
  await save(store, tokensTo(200));
  writeFileSync(onlyFile(), bytes);
  assert.equal(await store.find(model, tokensTo(1000), 0), undefined);
});

test('the files that were not used for longest go when there are too many, or too many bytes', async () => {
  for (const limits of [
    { files: 3, totalBytes: 1e9, fileBytes: 1e9 },
    { files: 99, totalBytes: 3600, fileBytes: 1e9 },
  ]) {
    const store = storeIn(directory, { limits });
    for (const seed of [1, 2, 3]) {
      await save(store, tokensTo(200, seed));
      for (const name of names()) {
        const file = path.join(directory, name);
        utimesSync(file, new Date(now - 60_000 * (4 - seed)), new Date(now - 60_000 * (4 - seed)));
      }
    }
    // All three have the third's date now; the first is used.
    now += 1000;
    assert.ok(await store.find(model, tokensTo(201, 1), 0));
    await save(store, tokensTo(200, 4));
    assert.equal(names().length, 3);
    assert.ok(await store.find(model, tokensTo(201, 1), 0), 'the one that was used stays');
    assert.ok(await store.find(model, tokensTo(201, 4), 0), 'so does the new one');
    await deleteStateFiles(directory);
  }
});

test('a state that is too large is not kept', async () => {
  const store = storeIn(directory, { limits: { files: 64, totalBytes: 1e9, fileBytes: 999 } });
  await save(store, tokensTo(200));
  assert.deepEqual(names(), []);
});

test('a file that the library could not write whole is not kept; saving rests, says so once, and goes on later', async () => {
  const store = storeIn(directory);
  const draft = await store.begin();
  assert.ok(draft);
  writeFileSync(draft.path, randomBytes(500));
  await store.keep(draft, { model, tokens: tokensTo(200), writtenBytes: 1000 });
  await store.discard(draft);
  store.fail(new Error('ENOSPC: no space left on device, write'));
  assert.deepEqual(names(), []);
  assert.equal(lines.length, 1, lines.join('\n'));
  assert.match(lines[0] ?? '', /cannot be saved \(500 of 1000 bytes could be written\)/);
  assert.equal(await store.begin(), undefined);
  now += 11 * 60_000;
  await save(store, tokensTo(200));
  assert.equal(names().length, 1);
});

test('a directory that is a link, somebody could enter, or cannot be made is neither read nor written, and that is said once', posixOnly, async () => {
  const good = path.join(folder, 'good');
  await save(storeIn(good), tokensTo(200));
  const link = path.join(folder, 'link');
  symlinkSync(good, link);
  const open = path.join(folder, 'open');
  mkdirSync(open, { mode: 0o700 });
  for (const name of readdirSync(good)) writeFileSync(path.join(open, name), readFileSync(path.join(good, name)), { mode: 0o600 });
  chmodSync(open, 0o755);
  const file = path.join(folder, 'file');
  writeFileSync(file, '');
  for (const where of [link, open, path.join(file, 'below')]) {
    lines = [];
    const store = storeIn(where);
    assert.equal(await store.find(model, tokensTo(1000), 0), undefined, where);
    assert.deepEqual(await store.size(), { files: 0, bytes: 0 });
    await save(store, tokensTo(300));
    await save(store, tokensTo(400));
    assert.equal(lines.length, 1, lines.join('\n'));
  }
  assert.equal(readdirSync(good).length, 1);
  assert.equal(readdirSync(open).length, 1);
});

test('what a killed engine left half written is swept away, and what another one writes is not', async () => {
  await save(storeIn(directory), tokensTo(200));
  // The process ids of systems in use are smaller.
  const left = path.join(directory, draftFileName().replace(String(process.pid), '999999999'));
  const underWay = path.join(directory, draftFileName());
  writeFileSync(left, readFileSync(onlyFile()));
  writeFileSync(underWay, 'half');
  const store = storeIn(directory);
  assert.ok(await store.find(model, tokensTo(1000), 0));
  assert.ok(!existsSync(left));
  assert.ok(existsSync(underWay));
  assert.deepEqual((await store.size()).files, 1);
});

test('a state that was begun before everything was deleted does not appear afterwards', async () => {
  const store = storeIn(directory);
  const draft = await store.begin();
  assert.ok(draft);
  const other = await store.begin();
  assert.ok(other);
  writeFileSync(other.path, randomBytes(1000));
  assert.equal((await store.deleteAll()).files, 2);
  writeFileSync(draft.path, randomBytes(1000), { mode: 0o600 });
  await store.keep(draft, { model, tokens: tokensTo(200), writtenBytes: 1000 });
  await store.discard(draft);
  assert.deepEqual(names(), []);
});

test('two engines at once use one directory: each finds what the other saved', async () => {
  const [one, two] = [storeIn(directory), storeIn(directory)];
  await Promise.all([1, 2, 3, 4, 5, 6].flatMap((seed) => [save(one, tokensTo(200, seed)), save(two, tokensTo(200, seed))]));
  assert.equal(names().length, 6);
  for (const seed of [1, 2, 3, 4, 5, 6]) {
    assert.ok(await one.find(model, tokensTo(300, seed), 0));
    assert.ok(await two.find(model, tokensTo(300, seed), 0));
  }
  assert.deepEqual(lines, []);
});

test('the directory is in the cache of the user, and elsewhere only if the environment says so', () => {
  assert.equal(stateDirectoryFor({ TRAMONTANE_STATE_DIR: '/elsewhere' }), path.resolve('/elsewhere'));
  if (process.platform !== 'linux') return;
  assert.equal(stateDirectoryFor({ XDG_CACHE_HOME: '/caches' }), '/caches/tramontane/kv');
  assert.equal(stateDirectoryFor({ XDG_CACHE_HOME: 'relative' }), path.join(os.homedir(), '.cache/tramontane/kv'));
});
