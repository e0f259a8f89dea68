// The chat view's script: puts the parts together and speaks with the extension host. Every message that comes in is
// parsed with the door's schema and dropped when it does not fit. It must not know the editor, the server or the network.
import createDOMPurify from 'dompurify';
import * as v from 'valibot';
import { type ChatStatus, type FromWebview, type ToWebview, toWebviewSchema } from '../../client/protocol/chatMessages.ts';
import { Composer } from './composer.ts';
import { element } from './element.ts';
import { emptyState } from './emptyState.ts';
import { createMarkdownRenderer } from './markdown.ts';
import { StatusBanner } from './statusBanner.ts';
import { Transcript } from './transcript.ts';

interface VsCodeApi {
  readonly postMessage: (message: FromWebview) => void;
  readonly getState: () => unknown;
  readonly setState: (state: { readonly draft: string }) => void;
}
declare function acquireVsCodeApi(): VsCodeApi;

function startChat(api: VsCodeApi): void {
  const send = (message: FromWebview): void => api.postMessage(message);
  const savedState = v.safeParse(v.object({ draft: v.string() }), api.getState());
  const announcer = element('div', { class: 'visually-hidden', role: 'status', 'aria-live': 'polite' });
  const announce = (text: string): void => {
    announcer.textContent = text;
  };

  const transcript = new Transcript({ renderer: createMarkdownRenderer(createDOMPurify()), send, announce });
  const banner = new StatusBanner(send);
  const composer = new Composer({
    send,
    lastQuestion: () => transcript.lastQuestion,
    draft: savedState.success ? savedState.output.draft : '',
    saveDraft: (draft) => api.setState({ draft }),
  });
  const emptyHolder = element('div', { class: 'empty-holder' });
  document.body.replaceChildren(element('main', {}, emptyHolder, transcript.element, banner.element, composer.element, announcer));

  let status: ChatStatus = { state: 'unknown' };
  const drawFrame = (): void => {
    emptyHolder.hidden = !transcript.isEmpty;
    transcript.element.hidden = transcript.isEmpty;
    if (transcript.isEmpty) emptyHolder.replaceChildren(emptyState(status, send));
    composer.setAnswering(transcript.answering);
    banner.show(status);
  };

  const receive = (message: ToWebview): void => {
    switch (message.type) {
      case 'conversation':
        transcript.show(message.messages);
        break;
      case 'message':
        transcript.put(message.message);
        if (message.message.role === 'assistant' && message.message.state === 'streaming') announce('Answering.');
        break;
      case 'text':
        // A gap means that something was lost on the way: the whole state is asked for again.
        if (!transcript.append(message)) send({ type: 'ready' });
        return;
      case 'context':
        composer.showContext(message.attached, message.available);
        return;
      case 'status':
        status = message.status;
        composer.showStatus(status);
        break;
      case 'focus':
        composer.focus();
        return;
    }
    drawFrame();
  };

  window.addEventListener('message', (event: MessageEvent<unknown>) => {
    const parsed = v.safeParse(toWebviewSchema, event.data);
    if (parsed.success) receive(parsed.output);
  });
  window.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || !transcript.answering) return;
    event.preventDefault();
    send({ type: 'stop' });
  });
  drawFrame();
  send({ type: 'ready' });
}

startChat(acquireVsCodeApi());
