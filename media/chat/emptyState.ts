// What an empty conversation says: what this view is for, which model answers, and how to get a better one.
import type { ChatStatus, FromWebview } from '../../client/protocol/chatMessages.ts';
import { element, textButton } from './element.ts';

export function emptyState(status: ChatStatus, send: (message: FromWebview) => void): HTMLElement {
  const view = element(
    'section',
    { class: 'empty', 'aria-label': 'About this chat' },
    element('span', { class: 'codicon codicon-comment-discussion empty-icon', 'aria-hidden': 'true' }),
    element('h2', {}, 'Ask about your code'),
    element('p', {}, 'Your own model answers; no cloud service is asked.'),
    element('p', {}, 'The chips below say what goes along with your question.'),
  );
  const choose = (kind: 'primary' | 'secondary'): HTMLElement =>
    textButton({ text: 'Choose Model', kind, onClick: () => send({ type: 'run', action: 'chooseModel' }) });
  if (!status.model) return view;
  view.append(element('p', { class: 'empty-model' }, 'Model: ', element('strong', {}, status.model.name)));
  if (status.model.isStarter) {
    view.append(element('p', { class: 'empty-starter' }, 'Starter model: small and often wrong. Choose a real model.'), choose('primary'));
  }
  return view;
}
