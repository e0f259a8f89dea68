// One answer on the screen: its rendered text, what the model was shown, what went wrong, and its buttons.
// It renders again only the blocks that changed. It must not know the other messages or when to draw.
import type { AssistantMessage, Figures, FromWebview } from '../../client/protocol/chatMessages.ts';
import { type CodeBlockActions, dressCodeBlocks } from './codeBlock.ts';
import { confirmOnButton, element, icon, iconButton } from './element.ts';
import { removeInvisible } from './invisible.ts';
import type { MarkdownRenderer } from './markdown.ts';
import { problemNotice } from './problemNotice.ts';

export interface AnswerOptions {
  readonly send: (message: FromWebview) => void;
  readonly renderer: MarkdownRenderer;
}

export class AnswerView {
  readonly element: HTMLElement;
  readonly #options: AnswerOptions;
  readonly #codeActions: CodeBlockActions;
  readonly #body = element('div', { class: 'answer-body' });
  readonly #foot = element('div', { class: 'answer-foot' });
  #message: AssistantMessage;
  #drawn: { readonly key: string; readonly element: HTMLElement }[] = [];

  constructor(message: AssistantMessage, options: AnswerOptions) {
    this.#message = message;
    this.#options = options;
    this.#codeActions = {
      copy: (text) => options.send({ type: 'copy', text }),
      insert: (text) => options.send({ type: 'insert', text }),
    };
    this.element = element('article', { class: 'message answer', 'aria-label': 'Answer' }, this.#body, this.#foot);
  }

  get message(): AssistantMessage {
    return this.#message;
  }

  update(message: AssistantMessage): void {
    this.#message = message;
  }

  append(text: string): void {
    this.#message = { ...this.#message, text: this.#message.text + text };
  }

  draw(): void {
    const streaming = this.#message.state === 'streaming';
    // A growing answer is announced once, when it is finished (transcript.ts): not token by token.
    this.element.setAttribute('aria-busy', String(streaming));
    if (streaming) this.element.setAttribute('aria-live', 'off');
    else this.element.removeAttribute('aria-live');
    this.element.classList.toggle('streaming', streaming);
    const { text, removed } = removeInvisible(this.#message.text);
    this.#drawBlocks(text, streaming ? 'growing' : 'finished');
    if (streaming) this.#foot.replaceChildren(...(text.trim() === '' ? [waiting()] : []));
    else this.#drawFoot(text, removed);
  }

  #drawBlocks(text: string, phase: 'growing' | 'finished'): void {
    const blocks = this.#options.renderer.blocks(text, phase);
    let same = 0;
    while (same < blocks.length && blocks[same]?.key === this.#drawn[same]?.key) same += 1;
    for (const old of this.#drawn.splice(same)) old.element.remove();
    for (const block of blocks.slice(same)) {
      const fragment = block.render();
      dressCodeBlocks(fragment, this.#codeActions);
      const holder = element('div', { class: 'block' }, fragment);
      this.#body.append(holder);
      this.#drawn.push({ key: block.key, element: holder });
    }
  }

  #drawFoot(text: string, removed: number): void {
    const message = this.#message;
    const parts: HTMLElement[] = [];
    const note = stateNotes[message.state];
    if (note) parts.push(noteLine('info', note));
    if (message.problem) parts.push(problemNotice({ messageId: message.id, problem: message.problem, send: this.#options.send }));
    for (const line of message.shown ?? []) parts.push(noteLine('file', line, 'Shown to the model with the question'));
    if (message.droppedMessages) {
      const dropped = message.droppedMessages;
      parts.push(
        noteLine('warning', `${dropped === 1 ? 'The oldest message was' : `The ${dropped} oldest messages were`} left out: they do not fit the model.`),
      );
    }
    if (removed > 0) parts.push(noteLine('warning', `${removed} invisible character${removed === 1 ? '' : 's'} removed.`));
    parts.push(this.#actionRow(text));
    this.#foot.replaceChildren(...parts);
  }

  #actionRow(text: string): HTMLElement {
    const row = element('div', { class: 'answer-actions' });
    const { send } = this.#options;
    if (text !== '') {
      row.append(
        iconButton({
          icon: 'copy',
          label: 'Copy Answer',
          onClick: (button) => {
            send({ type: 'copy', text });
            confirmOnButton(button, 'copy');
          },
        }),
      );
    }
    if (!this.#message.problem) {
      const retry = iconButton({ icon: 'refresh', label: 'Ask Again', onClick: () => send({ type: 'retry', id: this.#message.id, withoutContext: false }) });
      retry.classList.add('retry');
      row.append(retry);
    }
    if (this.#message.figures) row.append(figuresText(this.#message.figures));
    return row;
  }
}

const stateNotes: Readonly<Partial<Record<AssistantMessage['state'], string>>> = {
  stopped: 'Stopped.',
  length: 'The answer reached its length limit.',
  loop: 'The model began to repeat itself and was stopped.',
  interrupted: 'Interrupted when the window was closed or reloaded.',
};

function noteLine(iconName: string, text: string, title = ''): HTMLElement {
  return element('div', { class: 'note', ...(title === '' ? {} : { title }) }, icon(iconName), element('span', {}, text));
}

function waiting(): HTMLElement {
  return element('div', { class: 'note waiting' }, icon('loading'), element('span', {}, 'Reading the context…'));
}

function figuresText(figures: Figures): HTMLElement {
  const first = figures.firstTokenMs < 1000 ? `${Math.round(figures.firstTokenMs)} ms` : `${(figures.firstTokenMs / 1000).toFixed(1)} s`;
  const speed = figures.tokensPerSecond === null ? '' : `${figures.tokensPerSecond.toFixed(figures.tokensPerSecond < 10 ? 1 : 0)} tokens/s`;
  const details = [
    `First token after ${first}.`,
    `${figures.generatedTokens} tokens written${speed ? ` at ${speed}` : ''}.`,
    `${figures.evaluatedTokens} tokens read, ${figures.reusedTokens} taken from the cache.`,
  ].join('\n');
  return element('span', { class: 'figures', title: details }, [speed, first].filter(Boolean).join(' · '));
}
