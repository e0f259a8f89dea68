// What does not prove itself or does not keep to the protocol gets nothing, and the engine goes on serving the others.
import assert from 'node:assert/strict';
import { chmodSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { FramedSocket } from '../../native/channel/framedSocket.ts';
import { maxProofFrameBytes, proveToEngine } from '../../native/channel/proof.ts';
import { buildIdOf, readOrCreateSecret, socketPathFor } from '../../native/channel/runtimeDirectory.ts';
import { engineMethods, engineProtocolVersion, maxMessageBytes } from '../../native/protocol/messages.ts';
import { engineModule, starterModel, type TestEngine, testEngine } from '../native/localEngine.ts';
import { forever, holeRequest } from '../native/prompts.ts';
import { enginePid } from './faults.ts';

let engine: TestEngine;
let pid: number;
before(async () => {
  engine = testEngine();
  pid = await enginePid(engine.inference);
});
after(() => engine.end());

async function connectSocket(runtimeDirectory = engine.runtimeDirectory): Promise<net.Socket> {
  const socket = net.connect(socketPathFor(runtimeDirectory, await buildIdOf(engineModule, engineProtocolVersion)));
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.once('connect', resolve));
  return socket;
}

/** A connection that knows the secret, and may say what it likes. */
async function connectProven(): Promise<{ readonly socket: net.Socket; readonly framed: FramedSocket; readonly received: unknown[] }> {
  const socket = await connectSocket();
  const framed = new FramedSocket(socket, maxProofFrameBytes);
  await proveToEngine(framed, await readOrCreateSecret(engine.runtimeDirectory));
  framed.allowFrames(maxMessageBytes);
  const received: unknown[] = [];
  framed.receive((payload) => received.push(payload));
  return { socket, framed, received };
}

function closed(socket: net.Socket): Promise<void> {
  return new Promise((resolve) => (socket.destroyed ? resolve() : socket.once('close', () => resolve())));
}

function lengthOf(bytes: number): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes);
  return length;
}

async function stillServes(): Promise<void> {
  const answer = await engine.inference.generate(holeRequest('def add(a, b):\n    return '), { signal: forever });
  assert.equal(answer.outcome, 'ok', JSON.stringify(answer));
  assert.equal(await enginePid(engine.inference), pid, 'it is the same engine');
}

test('a client without the secret gets a nonce and nothing else', async () => {
  const socket = await connectSocket();
  const framed = new FramedSocket(socket, maxProofFrameBytes);
  const received: unknown[] = [];
  framed.receive((payload) => received.push(payload));
  await framed.send({ nonce: 'ab'.repeat(32), proof: 'cd'.repeat(32) });
  await closed(socket);
  assert.equal(received.length, 1);
  assert.deepEqual(Object.keys(received[0] as object), ['nonce']);
  await stillServes();
});

test('a client that asks before it has proved itself is cut off', async () => {
  const socket = await connectSocket();
  const framed = new FramedSocket(socket, maxProofFrameBytes);
  framed.receive(() => undefined);
  await framed.send({ jsonrpc: '2.0', id: 1, method: engineMethods.status, params: {} });
  await closed(socket);
  await stillServes();
});

for (const [name, bytes] of [
  ['a frame of 4 GB', lengthOf(0xff_ff_ff_ff)],
  ['a frame over the limit before the proof', lengthOf(maxProofFrameBytes + 1)],
  ['a frame that is not JSON', Buffer.concat([lengthOf(3), Buffer.from('abc')])],
  ["LSP's headers", Buffer.from('Content-Length: 2\r\n\r\n{}')],
] as const) {
  test(`${name} from a stranger ends the connection`, async () => {
    const socket = await connectSocket();
    socket.resume();
    socket.write(bytes);
    await closed(socket);
    await stillServes();
  });
}

for (const [name, bytes] of [
  ['an oversized message', lengthOf(maxMessageBytes + 1)],
  ['a message that is no JSON', Buffer.concat([lengthOf(3), Buffer.from('abc')])],
  ['a message that is no JSON-RPC', Buffer.concat([lengthOf(4), Buffer.from('null')])],
] as const) {
  test(`${name} from a client ends its connection alone`, async () => {
    const { socket } = await connectProven();
    socket.write(bytes);
    await closed(socket);
    await stillServes();
  });
}

test('a method that does not exist and parameters that are not valid are answered with an error', async () => {
  const { socket, framed, received } = await connectProven();
  await framed.send({ jsonrpc: '2.0', id: 1, method: 'engine/other', params: {} });
  await framed.send({ jsonrpc: '2.0', id: 2, method: engineMethods.generate, params: { model: 'all of them' } });
  await framed.send({ jsonrpc: '2.0', id: 3, method: engineMethods.ping, params: {} });
  while (received.length < 3) await new Promise((resolve) => setImmediate(resolve));
  const answers = received as { readonly id: number; readonly error?: { readonly code: number }; readonly result?: unknown }[];
  assert.deepEqual(
    answers.map(({ id, error }) => [id, error?.code]),
    [
      [1, -32601],
      [2, -32602],
      [3, undefined],
    ],
  );
  socket.destroy();
});

test('a client that floods the engine with messages slows nobody down but itself, and what it sends does not pile up in memory', async () => {
  const { socket } = await connectProven();
  const request = (id: number) => {
    const params = { model: { path: starterModel, contextSize: 0 }, texts: ['x'.repeat(2000)] };
    const frame = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id, method: engineMethods.countTokens, params }));
    return Buffer.concat([lengthOf(frame.length), frame]);
  };
  const flood = Buffer.concat(Array.from({ length: 5000 }, (_, index) => request(index)));
  const before = await heapBytes();
  const more = () => {
    if (!socket.destroyed) socket.write(flood, more);
  };
  more();
  try {
    for (let round = 0; round < 10; round++) await stillServes();
    const grown = (await heapBytes()) - before;
    assert.ok(grown < 40e6, `the heap grew by ${(grown / 1e6).toFixed(0)} MB`);
  } finally {
    socket.destroy();
  }
  await stillServes();
});

async function heapBytes(): Promise<number> {
  const status = await engine.inference.engineStatus(forever);
  assert.equal(status.outcome, 'ok');
  return status.outcome === 'ok' ? status.value.memory.heapBytes : 0;
}

test('twenty who connect and say nothing do not keep a client out, and are cut off', async () => {
  const silent = await Promise.all(Array.from({ length: 20 }, () => connectSocket()));
  await stillServes();
  const late = engine.connect();
  assert.equal(await enginePid(late), pid);
  for (const socket of silent) socket.resume();
  await Promise.all(silent.map(closed));
});

const noModes = { skip: process.platform === 'win32' ? 'no modes on Windows' : false };

test('what listens in place of the engine and says nothing is named, with what to do', noModes, async () => {
  const squatted = testEngine();
  const squatter = net.createServer((socket) => socket.on('error', () => undefined));
  const socketPath = socketPathFor(squatted.runtimeDirectory, await buildIdOf(engineModule, engineProtocolVersion));
  await new Promise<void>((resolve) => squatter.listen(socketPath, () => resolve()));
  try {
    const outcome = await squatted.inference.generate(holeRequest('x = '), { signal: forever });
    assert.ok(outcome.outcome === 'engineUnavailable', JSON.stringify(outcome));
    assert.equal(outcome.cause, `What listens on ${socketPath} does not answer.`);
    assert.equal(outcome.action, 'End that process, then run the command "Tramontane: Restart Engine".');
    // As it says: with the program gone, Restart Engine helps.
    await new Promise((resolve) => {
      squatter.close(resolve);
    });
    const restarted = await squatted.inference.restart(forever);
    assert.equal(restarted.outcome, 'ok', JSON.stringify(restarted));
  } finally {
    squatter.close();
    await squatted.end();
  }
});

for (const [name, prepare, cause, action] of [
  ['that others can enter', (directory: string) => chmodSync(directory, 0o750), /can be entered by other users\.$/, /^Run: chmod 700 /],
  ['that is a link', (directory: string) => replaceWith(directory, () => symlinkSync(os.tmpdir(), directory)), /a link or a file stands there\.$/, /^Remove /],
  ['that is a file', (directory: string) => replaceWith(directory, () => writeFileSync(directory, '')), /a link or a file stands there\.$/, /^Remove /],
  ['with a secret that others can read', (directory: string) => writeSecret(directory, 32, 0o644), /can be read by other users\.$/, /^Delete /],
  ['with a damaged secret', (directory: string) => writeSecret(directory, 31, 0o600), /is damaged\.$/, /^Delete /],
  [
    'with a link in place of the secret',
    (directory: string) => symlinkSync('/etc/hostname', path.join(directory, 'secret')),
    /secret is a link\.$/,
    /^Delete /,
  ],
] as const) {
  test(`a runtime directory ${name} is refused with the cause and one action`, noModes, async () => {
    const refused = testEngine();
    try {
      prepare(refused.runtimeDirectory);
      const outcome = await refused.inference.describeModel(forever);
      assert.ok(outcome.outcome === 'engineUnavailable', JSON.stringify(outcome));
      assert.match(outcome.cause, cause);
      assert.match(outcome.action, action);
      assert.match(outcome.action, /Restart Engine"\.$/);
    } finally {
      await refused.end();
    }
  });
}

const isRoot = process.getuid?.() === 0;
test("another user's runtime directory is refused", {
  skip: isRoot || process.platform === 'win32' ? false : 'only root can give a directory away',
}, async () => {
  if (!isRoot) return;
  const { chownSync } = await import('node:fs');
  const refused = testEngine();
  try {
    chownSync(refused.runtimeDirectory, 65_534, 65_534);
    assert.equal(statSync(refused.runtimeDirectory).uid, 65_534);
    const outcome = await refused.inference.describeModel(forever);
    assert.ok(outcome.outcome === 'engineUnavailable', JSON.stringify(outcome));
    assert.match(outcome.cause, /belongs to another user\.$/);
    assert.match(outcome.action, /^Set TRAMONTANE_RUNTIME_DIR to a directory of your own\./);
  } finally {
    await refused.end();
  }
});

function replaceWith(directory: string, put: () => void): void {
  rmSync(directory, { recursive: true });
  put();
}

function writeSecret(directory: string, bytes: number, mode: number): void {
  const file = path.join(directory, 'secret');
  writeFileSync(file, Buffer.alloc(bytes, 7));
  chmodSync(file, mode);
}
