// The conversation on the screen: what is drawn, what is announced, what a click asks of the host, and what never runs.
import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import type { AssistantMessage, ChatMessage, FromWebview } from '../../client/protocol/chatMessages.ts';
import { Composer } from '../../media/chat/composer.ts';
import { Transcript } from '../../media/chat/transcript.ts';
import { openPage } from './page.ts';

const page = openPage();
const question: ChatMessage = { role: 'user', id: 'q', text: 'Why?', attached: ['inventory.ts'] };
const answer = (part: Partial<AssistantMessage>): AssistantMessage => ({ role: 'assistant', id: 'a', text: '', state: 'done', ...part });
const nextFrame = (): Promise<void> => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve())));

let sent: FromWebview[] = [];
let said: string[] = [];
let transcript: Transcript;
let root: HTMLElement;

beforeEach(() => {
  sent = [];
  said = [];
  transcript = new Transcript({ renderer: page.renderer, send: (message) => sent.push(message), announce: (text) => said.push(text) });
  root = transcript.element;
  page.window.document.body.replaceChildren(root);
});

const button = (label: string): HTMLButtonElement => {
  const found = [...root.querySelectorAll('button')].find((one) => one.getAttribute('aria-label') === label || one.textContent === label);
  assert.ok(found, `no button ${label} in ${root.innerHTML}`);
  return found;
};

describe('a streaming answer', () => {
  test('grows by its tokens and keeps the elements of finished blocks', async () => {
    transcript.show([question, answer({ state: 'streaming' })]);
    assert.equal(transcript.append({ id: 'a', offset: 0, text: 'First.\n\n' }), true);
    await nextFrame();
    const first = root.querySelector('.block');
    assert.equal(transcript.append({ id: 'a', offset: 8, text: '```ts\nlet a' }), true);
    await nextFrame();
    assert.equal(root.querySelector('.block'), first);
    assert.equal(root.querySelector('pre code')?.textContent, 'let a');
  });

  test('reports a gap instead of showing a torn text', () => {
    transcript.show([question, answer({ state: 'streaming', text: 'abc' })]);
    assert.equal(transcript.append({ id: 'a', offset: 5, text: 'x' }), false);
    assert.equal(transcript.append({ id: 'other', offset: 0, text: 'x' }), false);
  });

  test('is silent until it is finished, and then read once with its code only named', async () => {
    transcript.show([question, answer({ state: 'streaming' })]);
    transcript.append({ id: 'a', offset: 0, text: 'Do this:' });
    await nextFrame();
    assert.deepEqual(said, []);
    assert.equal(root.querySelector('.answer')?.getAttribute('aria-live'), 'off');
    transcript.put(answer({ text: 'Do this:\n\n```ts\nsecretCode()\n```\nDone.' }));
    await nextFrame();
    assert.equal(said.length, 1);
    assert.match(said[0] ?? '', /Do this:[\s\S]*\(code block\)[\s\S]*Done\./);
    assert.doesNotMatch(said[0] ?? '', /secretCode/);
  });
});

describe('a finished answer', () => {
  test('copies and inserts exactly the code of its block', async () => {
    transcript.show([question, answer({ text: '```ts\nconst a = "<b>" && 1;\n\tb();\n```' })]);
    await nextFrame();
    button('Copy Code').click();
    button('Insert at Cursor').click();
    assert.deepEqual(sent, [
      { type: 'copy', text: 'const a = "<b>" && 1;\n\tb();' },
      { type: 'insert', text: 'const a = "<b>" && 1;\n\tb();' },
    ]);
  });

  test('shows and copies no invisible characters, and says that some were removed', async () => {
    transcript.show([question, answer({ text: '```ts\nif (a\u202e) {\u2066} // \u{e0041}x\u001b[31m\n```' })]);
    await nextFrame();
    button('Copy Code').click();
    assert.deepEqual(sent, [{ type: 'copy', text: 'if (a) {} // x[31m' }]);
    assert.match(root.textContent ?? '', /4 invisible characters removed/);
  });

  test('says what the model was shown and how much was left out', async () => {
    transcript.show([question, answer({ text: 'x', shown: ['inventory.ts, lines 1-57 of 210: what fits the model'], droppedMessages: 2 })]);
    await nextFrame();
    assert.match(root.textContent ?? '', /inventory\.ts, lines 1-57 of 210: what fits the model/);
    assert.match(root.textContent ?? '', /The 2 oldest messages were left out/);
  });

  test('opens a link only by asking the host, by pointer and by keyboard', async () => {
    transcript.show([question, answer({ text: '[x](https://example.com/)' })]);
    await nextFrame();
    const anchor = root.querySelector('a');
    anchor?.click();
    anchor?.dispatchEvent(new page.window.KeyboardEvent('keydown', { key: 'Enter', bubbles: true }));
    anchor?.dispatchEvent(new page.window.KeyboardEvent('keydown', { key: 'a', bubbles: true }));
    assert.deepEqual(sent, [
      { type: 'openLink', href: 'https://example.com/' },
      { type: 'openLink', href: 'https://example.com/' },
    ]);
  });
});

describe('a question that was not answered', () => {
  test('stays, with its cause, the action that helps and a way to ask again', async () => {
    const problem = { kind: 'contextOverflow', cause: 'It needs 9120 tokens.', action: 'Remove some context.' } as const;
    transcript.show([question, answer({ state: 'failed', problem })]);
    await nextFrame();
    assert.match(root.textContent ?? '', /Why\?[\s\S]*It needs 9120 tokens\.[\s\S]*Remove some context\./);
    button('Remove Context').click();
    button('Ask Again').click();
    assert.deepEqual(sent, [
      { type: 'retry', id: 'a', withoutContext: true },
      { type: 'retry', id: 'a', withoutContext: false },
    ]);
  });

  test('offers a restart when the engine is gone', async () => {
    transcript.show([question, answer({ state: 'failed', problem: { kind: 'engineUnavailable', cause: 'Gone.', action: 'Restart it.' } })]);
    await nextFrame();
    button('Restart Engine').click();
    assert.deepEqual(sent, [{ type: 'run', action: 'restartEngine' }]);
  });

  test('markup in a question, a label or a cause is only text', async () => {
    const markup = '<img src=x onerror="window.owned=1">';
    transcript.show([
      { role: 'user', id: 'q', text: markup, attached: [markup] },
      answer({ state: 'failed', shown: [markup], problem: { kind: 'unexpected', cause: markup, action: markup } }),
    ]);
    await nextFrame();
    assert.equal(root.querySelector('img'), null);
    assert.equal(Reflect.get(page.window, 'owned'), undefined);
  });
});

describe('the composer', () => {
  const open = (): { composer: Composer; input: HTMLTextAreaElement; press: (key: string, more?: KeyboardEventInit) => void } => {
    const composer = new Composer({ send: (message) => sent.push(message), lastQuestion: () => 'the last one', saveDraft: () => undefined, draft: '' });
    page.window.document.body.replaceChildren(composer.element);
    const input = composer.element.querySelector('textarea');
    assert.ok(input);
    const press = (key: string, more: KeyboardEventInit = {}): void =>
      void input.dispatchEvent(new page.window.KeyboardEvent('keydown', { key, bubbles: true, ...more }));
    return { composer, input, press };
  };

  test('sends with Enter, not with Shift+Enter and not while an input method composes', () => {
    const { input, press } = open();
    input.value = ' Why? ';
    press('Enter', { shiftKey: true });
    press('Enter', { isComposing: true });
    assert.deepEqual(sent, []);
    press('Enter');
    assert.deepEqual(sent, [{ type: 'ask', text: 'Why?' }]);
    assert.equal(input.value, '');
  });

  test('keeps the text when Enter is pressed during an answer', () => {
    const { composer, input, press } = open();
    composer.setAnswering(true);
    input.value = 'next question';
    press('Enter');
    assert.deepEqual(sent, []);
    assert.equal(input.value, 'next question');
  });

  test('brings back the last question with arrow up, only into an empty field', () => {
    const { input, press } = open();
    press('ArrowUp');
    assert.equal(input.value, 'the last one');
    input.value = 'mine';
    press('ArrowUp');
    assert.equal(input.value, 'mine');
  });

  test('keeps the keyboard on a chip that is removed, so that it can be added again', () => {
    const { composer } = open();
    const chip = { id: 'file', kind: 'file', label: 'inventory.ts', title: 'src/inventory.ts' } as const;
    composer.showContext([chip], []);
    const remove = composer.element.querySelector<HTMLButtonElement>('.chip button');
    assert.equal(remove?.getAttribute('aria-label'), 'Remove inventory.ts from the context');
    remove?.focus();
    remove?.click();
    composer.showContext([], [chip]);
    assert.deepEqual(sent, [{ type: 'removeContext', id: 'file' }]);
    assert.equal(page.window.document.activeElement?.getAttribute('aria-label'), 'Add inventory.ts to the context');
  });

  test('gives every control a name', () => {
    const { composer } = open();
    composer.showStatus({ state: 'ready', model: { name: 'tramontane-starter', isStarter: true } });
    for (const control of composer.element.querySelectorAll('button, textarea')) assert.ok(control.getAttribute('aria-label'), control.outerHTML);
  });
});
