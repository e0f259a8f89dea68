// What the status item is told, over a real connection with a scripted engine.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Status } from '../../server/protocol/status.ts';
import { comesTrue } from '../patience.ts';
import { scriptedInference } from '../scriptedInference.ts';
import { testServer } from './inProcessServer.ts';

test('what was given up reaches the status, also while suggestions are paused, and leaves with its reason', async () => {
  const inference = scriptedInference();
  const server = await testServer({ inference: () => inference });
  try {
    const { state } = inference;
    assert.equal(state.state, 'ready');
    if (state.state !== 'ready') return;
    const status = (paused: boolean) => server.client.sendRequest('tramontane/setPaused', { paused });
    const note = 'Context reduced from 16,384 to 8,192 tokens to fit into memory.';
    const told = async (paused: boolean) => {
      const { state: name, notes } = (await status(paused)) as { state: string; notes?: readonly string[] };
      return [name, notes];
    };
    assert.deepEqual(await told(false), ['ready', undefined]);
    inference.setState({ ...state, notes: [note] });
    assert.deepEqual(await told(false), ['ready', [note]]);
    assert.deepEqual(await told(true), ['paused', [note]]);
    assert.deepEqual(server.statuses.at(-1)?.notes, [note]);
    inference.setState(state);
    assert.deepEqual(await told(false), ['ready', undefined]);
  } finally {
    server.end();
  }
});

test('a pause is told in every state of the engine, so that it can be ended in each', async () => {
  const inference = scriptedInference();
  const server = await testServer({ inference: () => inference });
  try {
    const { state } = inference;
    const setPaused = (paused: boolean) => server.client.sendRequest<Status>('tramontane/setPaused', { paused });
    for (const [now, whilePaused, otherwise] of [
      [{ state: 'starting' }, 'paused', 'starting'],
      [{ state: 'noModel', cause: 'None.', action: 'Choose one.' }, 'noModel', 'noModel'],
      [{ state: 'failed', cause: 'Gone.', action: 'Restart.' }, 'error', 'error'],
      [state, 'paused', 'ready'],
    ] as const) {
      inference.setState(now);
      const paused = await setPaused(true);
      assert.deepEqual([paused.state, paused.isPaused], [whilePaused, true]);
      const going = await setPaused(false);
      assert.deepEqual([going.state, going.isPaused], [otherwise, undefined]);
    }
  } finally {
    server.end();
  }
});

test('while a suggestion is put off for a noticeable time the status says that it waits, and not that it works', async () => {
  const waits = new Set<() => void>();
  const clock = { now: () => 0, wait: (ms: number) => (ms === 1500 ? new Promise<void>((resolve) => waits.add(resolve)) : Promise.resolve()) };
  const inference = scriptedInference({ model: { specialTokens: ['[SUFFIX]', '[PREFIX]'] }, answers: ({ isAhead }) => (isAhead ? '' : 'run(1);') });
  const server = await testServer({ inference: () => inference, clock });
  const file = 'file:///project/src/a.ts';
  try {
    // Turned down by a key, again and again, each at a place of its own.
    let version = 1;
    await server.open(file, '\n');
    for (let place = 0; place < 20 && waits.size === 0; place++) {
      await server.change(file, ++version, `const ${'abcdefghijklmnopqrst'.charAt(place)}${place} = \n`);
      const asked = server.inline(file, 0, `const a${place} = `.length, 2);
      const first = await Promise.race([asked, comesTrue(() => waits.size > 0).then(() => null)]);
      if (waits.size > 0) break;
      await server.client.sendRequest('workspace/executeCommand', { command: 'tramontane.completionRejected', arguments: first?.[0]?.command.arguments });
    }
    assert.equal(waits.size, 1);
    await comesTrue(() => server.statuses.at(-1)?.quiet === 'waiting', { seen: () => server.statuses.at(-1) });
    assert.equal(server.statuses.at(-1)?.state, 'ready');
    // A pause in between does not hide it.
    await server.client.sendRequest('tramontane/setPaused', { paused: true });
    const { quiet } = await server.client.sendRequest<Status>('tramontane/setPaused', { paused: false });
    assert.equal(quiet, 'waiting');
    for (const goOn of waits) goOn();
    await comesTrue(() => server.statuses.at(-1)?.quiet === undefined, { seen: () => server.statuses.at(-1) });
  } finally {
    server.end();
  }
});

test('what was given up for a chat model of its own is told, with its name', async () => {
  const made: ReturnType<typeof scriptedInference>[] = [];
  const concessions = ['The context has 4,096 instead of 16,384 tokens.'];
  const server = await testServer({
    inference: () => {
      const one = scriptedInference({ model: made.length < 2 ? {} : { name: 'Talker', concessions }, answers: ['Hello.'] });
      made.push(one);
      return one;
    },
    initializationOptions: { model: { path: '/complete.gguf', chatPath: '/chat.gguf' } },
    trustClientOptions: true,
  });
  try {
    assert.equal(server.statuses.at(-1)?.notes, undefined);
    await server.client.sendRequest('tramontane/chat', { messages: [{ role: 'user', text: 'Hi' }], attachments: [] });
    const { notes } = await server.client.sendRequest<Status>('tramontane/setPaused', { paused: false });
    assert.deepEqual(notes, [`Talker (chat): ${concessions[0]}`]);
  } finally {
    server.end();
  }
});

test('a chat model that cannot chat is corrected where it is named', async () => {
  for (const [chatPath, action] of [
    ['', /Choose Model/],
    ['/chat.gguf', /tramontane\.model\.chatPath/],
  ] as const) {
    const server = await testServer({
      inference: () => scriptedInference({ model: { hasChatTemplate: false } }),
      initializationOptions: { model: { chatPath } },
      trustClientOptions: true,
    });
    try {
      const answer = await server.client.sendRequest<{ action: string }>('tramontane/chat', { messages: [{ role: 'user', text: 'Hi' }], attachments: [] });
      assert.match(answer.action, action);
    } finally {
      server.end();
    }
  }
});
