// A chat turn as the client lives it: what is sent, what is kept, and that a question survives whatever goes wrong.
import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import * as v from 'valibot';
import { ChatSession } from '../../client/chatSession.ts';
import type { Conversation } from '../../client/conversations.ts';
import { type AssistantMessage, type ToWebview, toWebviewSchema } from '../../client/protocol/chatMessages.ts';
import type { ChatParams, ChatResult } from '../../server/protocol/chat.ts';

interface Call {
  readonly params: ChatParams;
  readonly onText: (text: string) => void;
  readonly signal: AbortSignal;
  readonly answer: (result: ChatResult) => void;
  readonly fail: (error: Error) => void;
}

let calls: Call[];
let posted: ToWebview[];
let saved: Conversation[];
let answering: boolean[];
let session: ChatSession;

const uri = 'file:///w/inventory.ts';
const context = { attachments: [{ uri, focusLine: 3 }], labels: ['inventory.ts'] };
const nothing = { attachments: [], labels: [] };
const okResult = (text: string, more: Partial<Extract<ChatResult, { outcome: 'ok' }>> = {}): ChatResult => ({
  outcome: 'ok',
  text,
  finish: 'end',
  usage: { evaluatedTokens: 10, reusedTokens: 5, generatedTokens: 20 },
  timings: { queueMs: 10, prefillMs: 90, decodeMs: 500 },
  droppedMessages: 0,
  context: [],
  ...more,
});

beforeEach(() => {
  calls = [];
  posted = [];
  saved = [];
  answering = [];
  session = new ChatSession(
    { id: 'c', createdMs: 0, changedMs: 0, messages: [] },
    {
      sendChat: (params, onText, signal) => new Promise((answer, fail) => calls.push({ params, onText, signal, answer, fail })),
      save: (conversation) => saved.push(conversation),
      post: (message) => {
        v.assert(toWebviewSchema, message);
        posted.push(message);
      },
      onAnswering: (value) => answering.push(value),
      nameOf: (value) => value.slice(value.lastIndexOf('/') + 1),
      log: { error: () => undefined },
    },
  );
});

const call = (index: number): Call => {
  const found = calls[index];
  assert.ok(found, `no request ${index}`);
  return found;
};
const lastAnswer = (): AssistantMessage => {
  const last = session.messages.at(-1);
  assert.equal(last?.role, 'assistant');
  return last;
};

test('an answer streams, ends with the final text and its figures, and is saved', async () => {
  const asked = session.ask('Why?', context);
  call(0).onText('Bec');
  call(0).onText('ause');
  assert.equal(lastAnswer().text, 'Because');
  assert.deepEqual(
    posted.filter(({ type }) => type === 'text').map((message) => (message.type === 'text' ? message.offset : -1)),
    [0, 3],
  );
  call(0).answer(okResult('Because.', { context: [{ uri, startLine: 0, endLine: 57, totalLines: 210 }], droppedMessages: 2 }));
  await asked;
  assert.equal(lastAnswer().text, 'Because.');
  assert.equal(lastAnswer().state, 'done');
  assert.deepEqual(lastAnswer().shown, ['inventory.ts, lines 1-57 of 210: what fits the model']);
  assert.equal(lastAnswer().figures?.tokensPerSecond, 40);
  assert.equal(lastAnswer().figures?.firstTokenMs, 100);
  assert.deepEqual(saved.at(-1)?.messages, session.messages);
  assert.deepEqual(answering, [true, false]);
  assert.deepEqual(call(0).params, { messages: [{ role: 'user', text: 'Why?' }], attachments: [{ uri, focusLine: 3 }] });
});

describe('stop', () => {
  test('takes effect at once, cancels the request and keeps what had come', () => {
    void session.ask('Why?', nothing);
    call(0).onText('Bec');
    session.stop();
    assert.equal(call(0).signal.aborted, true);
    assert.equal(session.answering, false);
    assert.deepEqual([lastAnswer().text, lastAnswer().state], ['Bec', 'stopped']);
  });

  test('makes everything that still arrives for that answer void', async () => {
    const asked = session.ask('Why?', nothing);
    session.stop();
    call(0).onText('late');
    call(0).answer(okResult('late'));
    await asked;
    assert.deepEqual([lastAnswer().text, lastAnswer().state], ['', 'stopped']);
  });

  test('is told apart from a window that goes away', () => {
    void session.ask('Why?', nothing);
    call(0).onText('Bec');
    session.dispose();
    assert.equal(call(0).signal.aborted, true);
    assert.deepEqual([saved.at(-1)?.messages.at(-1)?.text, lastAnswer().state], ['Bec', 'interrupted']);
  });

  test('comes with New Chat, and late text does not reach the new conversation', () => {
    void session.ask('Why?', nothing);
    session.show({ id: 'd', createdMs: 0, changedMs: 0, messages: [] });
    call(0).onText('late');
    assert.deepEqual(session.messages, []);
    assert.equal(call(0).signal.aborted, true);
  });
});

describe('a question is never lost', () => {
  const failures: readonly ChatResult[] = [
    { outcome: 'engineUnavailable', cause: 'Gone.', action: 'Restart it.' },
    { outcome: 'noModel', cause: 'None.', action: 'Choose one.' },
    { outcome: 'contextOverflow', promptTokens: 9, availableTokens: 4, cause: 'Too long.', action: 'Remove some.' },
    { outcome: 'unsupported', cause: 'No template.', action: 'Choose another.' },
  ];
  for (const failure of failures) {
    test(`when the outcome is ${failure.outcome}`, async () => {
      const asked = session.ask('Why?', context);
      call(0).answer(failure);
      await asked;
      assert.equal(session.messages[0]?.text, 'Why?');
      assert.equal(lastAnswer().problem?.kind, failure.outcome);
      assert.equal(lastAnswer().state, 'failed');
    });
  }

  test('when the request itself fails, or the answer is empty', async () => {
    const asked = session.ask('Why?', context);
    call(0).fail(new Error('connection closed'));
    await asked;
    assert.match(lastAnswer().problem?.cause ?? '', /connection closed/);
    const again = session.retry(lastAnswer().id, nothing);
    call(1).answer(okResult('  '));
    await again;
    assert.equal(lastAnswer().problem?.kind, 'unexpected');
    assert.equal(session.messages.length, 2);
  });

  test('and asking again replaces the failed answer, with the context as it is now', async () => {
    const asked = session.ask('Why?', context);
    call(0).answer({ outcome: 'noModel', cause: 'None.', action: 'Choose one.' });
    await asked;
    const again = session.retry(lastAnswer().id, nothing);
    call(1).answer(okResult('Because.'));
    await again;
    assert.deepEqual(call(1).params, { messages: [{ role: 'user', text: 'Why?' }], attachments: [] });
    assert.deepEqual(
      session.messages.map(({ text }) => text),
      ['Why?', 'Because.'],
    );
    assert.deepEqual(session.messages[0]?.role === 'user' && session.messages[0].attached, []);
  });
});

test('the model is told answered questions and the last one, always taking turns', async () => {
  const first = session.ask('one', nothing);
  call(0).answer(okResult('1'));
  await first;
  const second = session.ask('two', nothing);
  call(1).answer({ outcome: 'noModel', cause: 'x', action: 'y' });
  await second;
  void session.ask('three', nothing);
  assert.deepEqual(call(2).params.messages, [
    { role: 'user', text: 'one' },
    { role: 'assistant', text: '1' },
    { role: 'user', text: 'three' },
  ]);
});

test('an answer without end is cut at the limit and its request cancelled', () => {
  void session.ask('Why?', nothing);
  for (let index = 0; index < 5; index += 1) call(0).onText('x'.repeat(100_000));
  assert.equal(lastAnswer().text.length, 400_000);
  assert.equal(lastAnswer().state, 'length');
  assert.equal(call(0).signal.aborted, true);
});

test('context that could not be sent is said', async () => {
  const asked = session.ask('Why?', context);
  call(0).answer(okResult('Because.', { context: [] }));
  await asked;
  assert.match(lastAnswer().shown?.[0] ?? '', /No context was sent/);
});
