// Where a question is written: the context chips, the text, and the one button that sends or stops.
// It must not know the conversation: what the last question was and whether an answer is being written is told to it.
import { type Chip, type ChatStatus, chatLimits, type FromWebview } from '../../client/protocol/chatMessages.ts';
import { element, icon, iconButton } from './element.ts';

export interface ComposerOptions {
  readonly send: (message: FromWebview) => void;
  readonly lastQuestion: () => string | undefined;
  readonly saveDraft: (draft: string) => void;
  readonly draft: string;
}

export class Composer {
  readonly element: HTMLElement;
  readonly #options: ComposerOptions;
  readonly #chips = element('ul', { class: 'chips', 'aria-label': 'Context that goes along with the question' });
  readonly #input = element('textarea', {
    rows: '1',
    placeholder: 'Ask about your code',
    'aria-label': 'Question',
    'aria-describedby': 'composer-hint',
    maxlength: String(chatLimits.questionChars),
    spellcheck: 'false',
  });
  readonly #model = element('button', { type: 'button', class: 'model' });
  readonly #submit: HTMLButtonElement;
  #answering = false;

  constructor(options: ComposerOptions) {
    this.#options = options;
    this.#submit = iconButton({ icon: 'send', label: 'Send (Enter)', onClick: () => (this.#answering ? this.#stop() : this.#ask()) });
    this.#submit.classList.add('submit');
    this.#model.addEventListener('click', () => options.send({ type: 'run', action: 'chooseModel' }));
    this.#input.value = options.draft;
    this.#input.addEventListener('keydown', (event) => this.#onKey(event));
    this.#input.addEventListener('input', () => this.#noteText());
    const hint = element(
      'span',
      { id: 'composer-hint', class: 'visually-hidden' },
      'Enter sends, Shift and Enter makes a new line, arrow up brings back the last question, Escape stops an answer.',
    );
    this.element = element(
      'div',
      { class: 'composer', role: 'group', 'aria-label': 'Ask' },
      this.#chips,
      this.#input,
      element('div', { class: 'composer-bar' }, this.#model, this.#submit),
      hint,
    );
    this.#noteText();
    this.showStatus({ state: 'unknown' });
  }

  focus(): void {
    this.#input.focus();
  }

  setAnswering(answering: boolean): void {
    this.#answering = answering;
    const label = answering ? 'Stop (Escape)' : 'Send (Enter)';
    this.#submit.replaceChildren(icon(answering ? 'stop-circle' : 'send'));
    this.#submit.title = label;
    this.#submit.setAttribute('aria-label', label);
    this.#noteText();
  }

  showStatus(status: ChatStatus): void {
    this.#model.hidden = status.model === undefined;
    if (!status.model) return;
    const { name, isStarter } = status.model;
    const label = isStarter ? `Model: ${name}. Starter model: small and often wrong. Choose Model…` : `Model: ${name}. Choose Model…`;
    this.#model.title = label;
    this.#model.setAttribute('aria-label', label);
    this.#model.replaceChildren(
      element('span', { class: 'model-name' }, name),
      ...(isStarter ? [element('span', { class: 'model-note' }, 'starter')] : []),
      icon('chevron-down'),
    );
  }

  showContext(attached: readonly Chip[], available: readonly Chip[]): void {
    const focused = this.#chips.contains(document.activeElement) ? document.activeElement?.getAttribute('data-chip') : undefined;
    this.#chips.replaceChildren(...attached.map((chip) => this.#attachedChip(chip)), ...available.map((chip) => this.#availableChip(chip)));
    this.#chips.hidden = attached.length + available.length === 0;
    if (focused === undefined || focused === null) return;
    // The pressed button is gone: the keyboard stays on the same chip, whose button now does the opposite.
    const successor = [...this.#chips.querySelectorAll('button')].find((button) => button.dataset['chip'] === focused);
    (successor ?? this.#input).focus();
  }

  #attachedChip(chip: Chip): HTMLElement {
    const remove = iconButton({
      icon: 'close',
      label: `Remove ${chip.label} from the context`,
      onClick: () => this.#options.send({ type: 'removeContext', id: chip.id }),
    });
    remove.dataset['chip'] = chip.id;
    return element(
      'li',
      { class: 'chip', title: chip.title },
      icon(chip.kind === 'file' ? 'file' : 'list-selection'),
      element('span', { class: 'chip-label' }, chip.label),
      remove,
    );
  }

  #availableChip(chip: Chip): HTMLElement {
    const add = element(
      'button',
      { type: 'button', class: 'chip-add', title: `Add to the context: ${chip.title}`, 'aria-label': `Add ${chip.label} to the context` },
      icon('add'),
      element('span', { class: 'chip-label' }, chip.label),
    );
    add.dataset['chip'] = chip.id;
    add.addEventListener('click', () => this.#options.send({ type: 'addContext', id: chip.id }));
    return element('li', { class: 'chip available' }, add);
  }

  #onKey(event: KeyboardEvent): void {
    // Enter that ends a composition (Japanese, Chinese, ...) belongs to the input method.
    if (event.isComposing) return;
    if (event.key === 'Enter' && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      if (!this.#answering) this.#ask();
    } else if (event.key === 'ArrowUp' && this.#input.value === '') {
      const last = this.#options.lastQuestion();
      if (last === undefined) return;
      event.preventDefault();
      this.#input.value = last;
      this.#input.setSelectionRange(last.length, last.length);
      this.#noteText();
    }
  }

  #ask(): void {
    const text = this.#input.value.trim();
    if (text === '') return;
    this.#options.send({ type: 'ask', text });
    this.#input.value = '';
    this.#noteText();
    this.#input.focus();
  }

  #stop(): void {
    this.#options.send({ type: 'stop' });
    this.#input.focus();
  }

  #noteText(): void {
    this.#options.saveDraft(this.#input.value);
    this.#submit.disabled = !this.#answering && this.#input.value.trim() === '';
  }
}
