// Shows why a question has no whole answer, with the one action that helps and a way to ask again.
import type { FromWebview, Problem } from '../../client/protocol/chatMessages.ts';
import { element, icon, textButton } from './element.ts';

export interface ProblemNoticeOptions {
  readonly messageId: string;
  readonly problem: Problem;
  readonly send: (message: FromWebview) => void;
}

export function problemNotice({ messageId, problem, send }: ProblemNoticeOptions): HTMLElement {
  const askAgain: FromWebview = { type: 'retry', id: messageId, withoutContext: false };
  const buttons = [
    ...helpfulActions(problem.kind, messageId).map(({ text, message }) => textButton({ text, kind: 'primary', onClick: () => send(message) })),
    textButton({ text: 'Ask Again', kind: 'secondary', onClick: () => send(askAgain) }),
  ];
  return element(
    'div',
    { class: 'problem', role: 'group', 'aria-label': 'The question was not answered' },
    icon('error'),
    element(
      'div',
      { class: 'problem-body' },
      element('p', { class: 'problem-cause' }, problem.cause),
      element('p', { class: 'problem-action' }, problem.action),
      element('div', { class: 'problem-buttons' }, ...buttons),
    ),
  );
}

function helpfulActions(kind: Problem['kind'], messageId: string): readonly { readonly text: string; readonly message: FromWebview }[] {
  switch (kind) {
    case 'engineUnavailable':
      return [{ text: 'Restart Engine', message: { type: 'run', action: 'restartEngine' } }];
    case 'noModel':
    case 'unsupported':
      return [{ text: 'Choose Model', message: { type: 'run', action: 'chooseModel' } }];
    case 'contextOverflow':
      return [{ text: 'Remove Context', message: { type: 'retry', id: messageId, withoutContext: true } }];
    case 'unexpected':
      return [];
  }
}
