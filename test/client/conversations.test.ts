// Conversations on disk: private, bounded, atomic, and never the cause of a crash.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, mock, test } from 'node:test';
import { type Conversation, Conversations, type ConversationsOptions } from '../../client/conversations.ts';
import type { ChatMessage } from '../../client/protocol/chatMessages.ts';

let folder: string;
let warnings: string[];
let nowMs: number;

beforeEach(() => {
  folder = path.join(mkdtempSync(path.join(tmpdir(), 'tramontane-conversations-')), 'chat');
  warnings = [];
  nowMs = 1_000;
});
afterEach(() => rmSync(path.dirname(folder), { recursive: true, force: true }));

const open = (more: Partial<ConversationsOptions> = {}): Conversations =>
  new Conversations({ folder: path.dirname(folder), log: { warn: (message) => warnings.push(message) }, nowMs: () => (nowMs += 1), ...more });
const file = (): string => path.join(folder, 'conversations.json');
const turn = (question: string, answer: string, state: 'done' | 'streaming' = 'done'): ChatMessage[] => [
  { role: 'user', id: 'q', text: question, attached: ['a.ts'] },
  { role: 'assistant', id: 'a', text: answer, state },
];
const saveNew = (store: Conversations, question: string, answer = 'yes'): Conversation => {
  const conversation = { ...store.create(), messages: turn(question, answer) };
  store.save(conversation, 'now');
  return conversation;
};

describe('a window reload', () => {
  test('brings the conversation back as it was', () => {
    const saved = saveNew(open(), 'Why?');
    const again = open().open();
    assert.equal(again.id, saved.id);
    assert.deepEqual(again.messages, saved.messages);
  });

  test('in the middle of an answer keeps what had come, marked as interrupted', () => {
    const store = open();
    store.save({ ...store.create(), messages: turn('Why?', 'Because', 'streaming') }, 'soon');
    store.dispose();
    assert.deepEqual(open().open().messages[1], { role: 'assistant', id: 'a', text: 'Because', state: 'interrupted' });
  });

  test('after New Chat shows an empty chat, with the earlier one in the list', () => {
    const store = open();
    const saved = saveNew(store, 'Why?');
    store.save(store.create(), 'now');
    const again = open();
    assert.deepEqual(again.open().messages, []);
    assert.deepEqual(
      again.list().map(({ id }) => id),
      [saved.id],
    );
  });
});

test('saves that come close together are written once, after the delay', (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const store = open({ saveDelayMs: 1000 });
  const conversation = store.create();
  store.save({ ...conversation, messages: turn('Why?', 'B', 'streaming') }, 'soon');
  store.save({ ...conversation, messages: turn('Why?', 'Be', 'streaming') }, 'soon');
  context.mock.timers.tick(999);
  assert.equal(existsSync(file()), false);
  context.mock.timers.tick(1);
  assert.match(readFileSync(file(), 'utf8'), /"Be"/);
});

test('only the user can read what is kept', { skip: process.platform === 'win32' && 'Windows has no such modes' }, () => {
  // A folder that someone else made too open is closed as well.
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  saveNew(open(), 'secret');
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  assert.equal(statSync(file()).mode & 0o777, 0o600);
});

describe('bounds', () => {
  test('the oldest conversations leave when there are too many', () => {
    const store = open({ maxConversations: 3 });
    for (const name of ['one', 'two', 'three', 'four', 'five']) saveNew(store, name);
    const questions = open()
      .list()
      .map(({ messages }) => messages[0]?.text);
    assert.deepEqual(questions, ['five', 'four', 'three']);
  });

  test('the oldest conversations leave when they take too much room', () => {
    const store = open({ maxBytes: 5_000 });
    for (const name of ['one', 'two', 'three']) saveNew(store, name, 'é'.repeat(1_000));
    assert.deepEqual(
      open()
        .list()
        .map(({ messages }) => messages[0]?.text),
      ['three', 'two'],
    );
    assert.ok(statSync(file()).size <= 5_200);
  });

  test('one conversation that is too large loses its oldest messages and keeps its newest', () => {
    const store = open({ maxBytes: 5_000 });
    const messages = Array.from({ length: 10 }, (_, index) => turn(`question ${index}`, 'x'.repeat(1_000))).flat();
    store.save({ ...store.create(), messages }, 'now');
    const kept = open().open().messages;
    assert.ok(kept.length > 0 && kept.length < 20);
    assert.deepEqual(kept.at(-2), messages.at(-2));
  });
});

describe('a file that cannot be understood', () => {
  const damaged = {
    'torn JSON': '{"version":1,"conv',
    'another shape': '{"version":1,"openId":null,"conversations":[{"id":7}]}',
    'a wrong root': '[]',
    nothing: '',
  };
  for (const [name, text] of Object.entries(damaged)) {
    test(`is set aside and the chat starts empty: ${name}`, () => {
      mkdirSync(folder, { recursive: true });
      writeFileSync(file(), text);
      const store = open();
      assert.deepEqual(store.open().messages, []);
      assert.equal(readFileSync(`${file()}.damaged`, 'utf8'), text);
      assert.equal(warnings.length, 1);
      saveNew(store, 'works again');
      assert.equal(open().list().length, 1);
    });
  }

  test('stays untouched when a newer version wrote it', () => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file(), '{"version":2,"new":true}');
    saveNew(open(), 'Why?');
    assert.equal(readFileSync(file(), 'utf8'), '{"version":2,"new":true}');
  });
});

test('a folder that cannot be written costs the history, not the chat', () => {
  writeFileSync(folder, 'a file stands where the folder should be');
  const store = open();
  const conversation = saveNew(store, 'Why?');
  assert.match(warnings[0] ?? '', /Could not save/);
  assert.equal(store.open().id, conversation.id);
});

test('a second window that shares the folder loses nothing and takes nothing away', () => {
  const one = open();
  const other = open();
  const first = saveNew(one, 'from one');
  const second = saveNew(other, 'from the other');
  const third = saveNew(one, 'from one again');
  assert.deepEqual(
    new Set(
      open()
        .list()
        .map(({ id }) => id),
    ),
    new Set([first.id, second.id, third.id]),
  );
});

describe('deleting all', () => {
  test('leaves nothing on disk, not even what was set aside or left by a crash', () => {
    const store = open();
    saveNew(store, 'secret');
    writeFileSync(`${file()}.damaged`, 'secret');
    writeFileSync(`${file()}.999.tmp`, 'secret');
    store.deleteAll();
    assert.deepEqual(readdirSync(folder), []);
    assert.deepEqual(store.list(), []);
  });

  test('cancels a save that was about to come', () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const store = open();
      store.save({ ...store.create(), messages: turn('secret', 'x', 'streaming') }, 'soon');
      store.deleteAll();
      mock.timers.tick(60_000);
      store.dispose();
      assert.equal(existsSync(file()), false);
    } finally {
      mock.timers.reset();
    }
  });

  test('is not undone by another window', () => {
    const one = open();
    saveNew(one, 'secret');
    const other = open();
    one.deleteAll();
    saveNew(other, 'new');
    assert.deepEqual(
      open()
        .list()
        .map(({ messages }) => messages[0]?.text),
      ['new'],
    );
  });
});
