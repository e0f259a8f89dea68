// The conversation on the screen. Tokens are gathered and drawn once a frame, only the answer that grows is drawn again,
// and the view follows the text only while its end is in sight. It must not know VS Code or where messages come from.
import type { AssistantMessage, ChatMessage, FromWebview, UserMessage } from '../../client/protocol/chatMessages.ts';
import { AnswerView } from './answer.ts';
import { element, icon, iconButton } from './element.ts';
import { linkTarget, type MarkdownRenderer } from './markdown.ts';

export interface TranscriptOptions {
  readonly renderer: MarkdownRenderer;
  readonly send: (message: FromWebview) => void;
  /** Says something to a screen reader. */
  readonly announce: (text: string) => void;
}

/** Distance from the end, in CSS pixels, within which the view counts as being there. */
const endTolerancePx = 32;

export class Transcript {
  readonly element: HTMLElement;
  readonly #options: TranscriptOptions;
  readonly #scroller = element('div', {
    class: 'transcript',
    role: 'log',
    'aria-live': 'polite',
    'aria-relevant': 'additions',
    'aria-label': 'Conversation',
    tabindex: '0',
  });
  readonly #toEnd: HTMLButtonElement;
  readonly #views = new Map<string, AnswerView | HTMLElement>();
  readonly #changed = new Set<AnswerView>();
  #messages: readonly ChatMessage[] = [];
  #frame: number | undefined;
  #following = true;

  constructor(options: TranscriptOptions) {
    this.#options = options;
    this.#toEnd = iconButton({ icon: 'arrow-down', label: 'Scroll to the End', onClick: () => this.scrollToEnd() });
    this.#toEnd.classList.add('to-end');
    this.#toEnd.hidden = true;
    this.element = element('div', { class: 'transcript-frame' }, this.#scroller, this.#toEnd);
    this.#scroller.addEventListener('scroll', () => this.#noteScroll());
    for (const type of ['click', 'auxclick', 'keydown'] as const) this.#scroller.addEventListener(type, (event) => this.#followLink(event));
  }

  get lastQuestion(): string | undefined {
    return this.#messages.findLast((message) => message.role === 'user')?.text;
  }

  get answering(): boolean {
    const last = this.#messages.at(-1);
    return last?.role === 'assistant' && last.state === 'streaming';
  }

  get isEmpty(): boolean {
    return this.#messages.length === 0;
  }

  show(messages: readonly ChatMessage[]): void {
    this.#views.clear();
    this.#changed.clear();
    this.#scroller.replaceChildren();
    this.#messages = [];
    for (const message of messages) this.put(message);
    this.scrollToEnd();
  }

  /** Replaces the message with this id, or appends it. */
  put(message: ChatMessage): void {
    const known = this.#messages.find((other) => other.id === message.id);
    this.#messages = known ? this.#messages.map((other) => (other === known ? message : other)) : [...this.#messages, message];
    const view = this.#views.get(message.id);
    if (message.role === 'user') {
      if (view) return;
      this.#add(message.id, questionElement(message));
      // Whoever asks wants to see the answer, wherever they had scrolled to.
      this.#following = true;
      return;
    }
    if (view instanceof AnswerView) {
      const wasStreaming = view.message.state === 'streaming';
      view.update(message);
      this.#drawSoon(view);
      if (wasStreaming && message.state !== 'streaming') this.#options.announce(spoken(message));
      return;
    }
    const added = new AnswerView(message, this.#options);
    this.#add(message.id, added);
    this.#drawSoon(added);
  }

  /** False when text before it is missing, or when the message is unknown. */
  append(part: { readonly id: string; readonly offset: number; readonly text: string }): boolean {
    const view = this.#views.get(part.id);
    if (!(view instanceof AnswerView) || view.message.text.length !== part.offset) return false;
    view.append(part.text);
    this.#messages = this.#messages.map((message) => (message.id === part.id ? view.message : message));
    this.#drawSoon(view);
    return true;
  }

  scrollToEnd(): void {
    this.#following = true;
    this.#drawSoon();
  }

  #add(id: string, view: AnswerView | HTMLElement): void {
    this.#views.set(id, view);
    this.#scroller.append(view instanceof AnswerView ? view.element : view);
  }

  #drawSoon(view?: AnswerView): void {
    if (view) this.#changed.add(view);
    if (this.#frame !== undefined) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = undefined;
      const views = [...this.#changed];
      this.#changed.clear();
      for (const changed of views) changed.draw();
      if (this.#following) this.#scroller.scrollTop = this.#scroller.scrollHeight;
      this.#noteScroll();
    });
  }

  #noteScroll(): void {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    this.#following = scrollHeight - scrollTop - clientHeight <= endTolerancePx;
    this.#toEnd.hidden = this.#following;
  }

  #followLink(event: Event): void {
    if (event instanceof KeyboardEvent && event.key !== 'Enter') return;
    const anchor = event.target instanceof Element ? event.target.closest('a') : null;
    if (!anchor) return;
    event.preventDefault();
    const href = linkTarget(anchor);
    if (href !== undefined) this.#options.send({ type: 'openLink', href });
  }
}

function questionElement(message: UserMessage): HTMLElement {
  const article = element('article', { class: 'message question', 'aria-label': 'Your question' }, element('div', { class: 'question-text' }, message.text));
  if (message.attached.length > 0) {
    const list = element('ul', { class: 'attached', 'aria-label': 'Attached context' });
    for (const label of message.attached) list.append(element('li', {}, icon('file'), label));
    article.append(list);
  }
  return article;
}

/** What a screen reader hears of a finished answer: the prose, with code blocks only named. */
function spoken(message: AssistantMessage): string {
  if (message.problem) return `Not answered. ${message.problem.cause} ${message.problem.action}`;
  const prose = message.text.replace(/^[ \t]*(`{3,}|~{3,})[^\n]*\n[\s\S]*?(?:^[ \t]*\1[^\n]*$|$(?![\s\S]))/gm, ' (code block) ');
  const start = message.state === 'stopped' ? 'Answer stopped.' : 'Answer:';
  return `${start} ${prose.trim()}`;
}
