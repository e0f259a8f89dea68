// One line above the composer while chat cannot answer: why, and the button that helps. Hidden while all is well.
import type { ChatAction, ChatStatus, FromWebview } from '../../client/protocol/chatMessages.ts';
import { element, icon, textButton } from './element.ts';

export class StatusBanner {
  readonly element = element('div', { class: 'banner', role: 'status' });
  readonly #send: (message: FromWebview) => void;

  constructor(send: (message: FromWebview) => void) {
    this.#send = send;
    this.element.hidden = true;
  }

  show(status: ChatStatus): void {
    const content = this.#content(status);
    this.element.hidden = content.length === 0;
    this.element.classList.toggle('wrong', status.state === 'error' || status.state === 'noModel');
    this.element.replaceChildren(...content);
  }

  #content(status: ChatStatus): readonly HTMLElement[] {
    const says = (text: string): HTMLElement => element('span', { class: 'banner-text' }, text);
    const button = (text: string, action: ChatAction): HTMLElement =>
      textButton({ text, kind: 'secondary', onClick: () => this.#send({ type: 'run', action }) });
    const explanation = [status.cause, status.action].filter(Boolean).join(' ');
    switch (status.state) {
      case 'starting':
        return [icon('loading'), says('The engine is starting. A question waits for it.')];
      case 'noModel':
        return [icon('warning'), says(explanation || 'There is no usable model.'), button('Choose Model', 'chooseModel')];
      case 'error':
        return [icon('error'), says(explanation || 'The engine does not answer.'), button('Restart Engine', 'restartEngine')];
      case 'unknown':
      case 'ready':
      case 'busy':
      case 'paused':
        return [];
    }
  }
}
