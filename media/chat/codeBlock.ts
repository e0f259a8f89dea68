// Dresses the code blocks of a rendered answer: a bar with the language, Copy and Insert at Cursor.
// It knows elements only; what copying and inserting mean is the caller's.
import { confirmOnButton, element, iconButton } from './element.ts';

export interface CodeBlockActions {
  readonly copy: (code: string) => void;
  readonly insert: (code: string) => void;
}

export function dressCodeBlocks(fragment: DocumentFragment, actions: CodeBlockActions): void {
  for (const pre of fragment.querySelectorAll('pre')) {
    const code = pre.querySelector('code');
    if (!code) continue;
    const text = (): string => code.textContent ?? '';
    const language = /(?:^|\s)language-(\S+)/.exec(code.className)?.[1] ?? '';
    const copy = iconButton({
      icon: 'copy',
      label: 'Copy Code',
      onClick: (button) => {
        actions.copy(text());
        confirmOnButton(button, 'copy');
      },
    });
    const insert = iconButton({ icon: 'insert', label: 'Insert at Cursor', onClick: () => actions.insert(text()) });
    const bar = element('div', { class: 'code-bar' }, element('span', { class: 'code-language' }, language || 'code'), copy, insert);
    const block = element('div', { class: 'code', role: 'group', 'aria-label': language ? `Code, ${language}` : 'Code' }, bar);
    // A long line scrolls sideways; with a tab stop it does so by keyboard too.
    pre.tabIndex = 0;
    pre.replaceWith(block);
    block.append(pre);
  }
}
