// The door of the chat view: what it lets through, and that nothing else gets past it.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import * as v from 'valibot';
import { chatLimits, fromWebviewSchema, toWebviewSchema } from '../../client/protocol/chatMessages.ts';

const fromWebview = (value: unknown): boolean => v.is(fromWebviewSchema, value);
const toWebview = (value: unknown): boolean => v.is(toWebviewSchema, value);

describe('the host accepts', () => {
  const good = [
    { type: 'ready' },
    { type: 'ask', text: 'Why?' },
    { type: 'retry', id: '7c9e6679-7425-40de-944b-e07fc1f90ae7', withoutContext: false },
    { type: 'openLink', href: 'https://example.com/' },
    { type: 'removeContext', id: 'pinned:0' },
    { type: 'run', action: 'chooseModel' },
  ];
  for (const message of good) test(`${message.type} as it should be`, () => assert.equal(fromWebview(message), true));
});

describe('the host refuses', () => {
  const bad: Readonly<Record<string, unknown>> = {
    'something that is no object': 'ready',
    null: null,
    'an unknown type': { type: 'eval', text: '1' },
    'a message with an extra key': { type: 'ready', command: 'x' },
    'an empty question': { type: 'ask', text: '' },
    'a question that is too long': { type: 'ask', text: 'x'.repeat(chatLimits.questionChars + 1) },
    'a text that is no string': { type: 'copy', text: { toString: 'x' } },
    'a code block that is too long': { type: 'insert', text: 'x'.repeat(chatLimits.answerChars + 1) },
    'a command id of its own choice': { type: 'run', action: 'workbench.action.terminal.new' },
    'a command link': { type: 'openLink', href: 'command:workbench.action.terminal.new' },
    'a javascript link': { type: 'openLink', href: 'javascript:alert(1)' },
    'a vscode link': { type: 'openLink', href: 'vscode://x/y' },
    'a file link': { type: 'openLink', href: 'file:///etc/passwd' },
    'a link with a web address further on': { type: 'openLink', href: 'javascript:1//https://example.com' },
    'a link that is too long': { type: 'openLink', href: `https://${'x'.repeat(chatLimits.hrefChars)}` },
    'an id with markup': { type: 'removeContext', id: '<b>' },
    'a retry without its flag': { type: 'retry', id: 'a' },
  };
  for (const [name, message] of Object.entries(bad)) test(name, () => assert.equal(fromWebview(message), false));

  test('any arbitrary value', () => {
    fc.assert(fc.property(fc.anything(), (value) => fromWebview(value) === false && toWebview(value) === false));
  });
});

describe('the webview refuses', () => {
  const answer = { role: 'assistant', id: 'a', text: '', state: 'done' };
  test('nothing of a well-formed answer', () => assert.equal(toWebview({ type: 'message', message: answer }), true));

  const bad: Readonly<Record<string, unknown>> = {
    'an answer in an unknown state': { type: 'message', message: { ...answer, state: 'busy' } },
    'an answer with a key that it does not know': { type: 'message', message: { ...answer, html: '<b>' } },
    'a message of an unknown role': { type: 'message', message: { ...answer, role: 'system' } },
    'a negative offset': { type: 'text', id: 'a', offset: -1, text: '' },
    'too many chips': {
      type: 'context',
      attached: Array.from({ length: chatLimits.chips + 1 }, (_, index) => ({ id: `${index}`, kind: 'file', label: 'x', title: 'x' })),
      available: [],
    },
    'too many messages': { type: 'conversation', messages: Array.from({ length: chatLimits.messages + 1 }, () => answer) },
  };
  for (const [name, message] of Object.entries(bad)) test(name, () => assert.equal(toWebview(message), false));
});
