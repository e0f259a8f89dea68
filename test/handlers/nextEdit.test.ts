// `tramontane/nextEdit` over the protocol, as any editor can use it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NextEditResult } from '../../server/protocol/nextEdit.ts';
import { scriptedInference } from '../scriptedInference.ts';
import { testServer } from './inProcessServer.ts';

const uri = 'file:///project/src/a.py';
const before = 'def f(price):\n    return price * 2\n';
const after = 'def f(cost):\n    return price * 2\n';

async function server() {
  let nowMs = 0;
  const started = await testServer({ inference: () => scriptedInference(), clock: { now: () => nowMs, wait: () => Promise.resolve() } });
  const ask = (version: number, line = 0, character = 10) =>
    started.client.sendRequest<NextEditResult>('tramontane/nextEdit', { textDocument: { uri, version }, position: { line, character } });
  return { ...started, ask, pass: (ms: number) => void (nowMs += ms) };
}

test('a client that sends whole texts is offered the next place, and nothing once it has taken it', async () => {
  const { open, change, ask, pass, end, client } = await server();
  try {
    await open(uri, before, 'python');
    assert.deepEqual(await ask(1), { outcome: 'nothing', why: 'nothingChanged' });
    await change(uri, 2, after);
    assert.deepEqual(await ask(2), { outcome: 'nothing', why: 'typing' });
    pass(1000);
    const offer = await ask(2);
    assert.ok(offer.outcome === 'ok');
    assert.deepEqual(
      { ...offer, id: '' },
      {
        outcome: 'ok',
        id: '',
        version: 2,
        range: { start: { line: 1, character: 11 }, end: { line: 1, character: 16 } },
        oldText: 'price',
        newText: 'cost',
        kind: 'rename',
        why: 'price was renamed to cost',
      },
    );
    assert.deepEqual(await ask(1), { outcome: 'nothing', why: 'otherVersion' });
    await client.sendNotification('tramontane/nextEditDismissed', { id: offer.id });
    assert.deepEqual(await ask(2), { outcome: 'nothing', why: 'turnedDown' });
    await change(uri, 3, after.replace('price', 'cost'));
    pass(6000);
    assert.deepEqual(await ask(3), { outcome: 'nothing', why: 'nothingFollows' });
  } finally {
    end();
  }
});

test('parameters that do not fit are refused, and what cannot be understood is logged', async () => {
  const { client, end, logLines, ask } = await server();
  try {
    await assert.rejects(client.sendRequest('tramontane/nextEdit', { textDocument: { uri } }), /version|position/);
    await client.sendNotification('tramontane/nextEditDismissed', { id: 5 });
    assert.deepEqual(await ask(1), { outcome: 'nothing', why: 'notOpen' });
    assert.ok(logLines.some((line) => line.includes('nextEditDismissed')));
  } finally {
    end();
  }
});

test('the setting switches it off', async () => {
  const { client, end } = await testServer({ inference: () => scriptedInference(), initializationOptions: { nextEdit: { enabled: false } } });
  try {
    const result = await client.sendRequest('tramontane/nextEdit', { textDocument: { uri, version: 1 }, position: { line: 0, character: 0 } });
    assert.deepEqual(result, { outcome: 'nothing', why: 'switchedOff' });
  } finally {
    end();
  }
});

test('where no rule knows anything, the model that answers instructions is asked, not the one that fills holes', async () => {
  const model = { sizeBytes: 5_000_000_000, hasChatTemplate: true };
  const made: ReturnType<typeof scriptedInference>[] = [];
  let nowMs = 0;
  const { open, change, client, end } = await testServer({
    inference: () => {
      const one = scriptedInference({ model, answers: ['Nothing.'] });
      made.push(one);
      return one;
    },
    initializationOptions: { model: { path: '/complete.gguf', chatPath: '/chat.gguf' } },
    trustClientOptions: true,
    clock: { now: () => nowMs, wait: () => Promise.resolve() },
  });
  try {
    await open(uri, 'a = one()\nb = two()\n', 'python');
    await change(uri, 2, 'a = one()  # the first\nb = two()\n');
    nowMs += 1000;
    await client.sendRequest('tramontane/nextEdit', { textDocument: { uri, version: 2 }, position: { line: 1, character: 0 } });
    assert.deepEqual(
      made.map(({ requests }) => requests.length),
      // Before the handshake, for completions, for chat.
      [0, 0, 1],
    );
  } finally {
    end();
  }
});
