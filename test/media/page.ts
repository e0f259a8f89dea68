// A page for tests of the webview's parts: jsdom in place of the browser, with the globals that the parts expect.
import createDOMPurify from 'dompurify';
import { JSDOM } from 'jsdom';
import { createMarkdownRenderer, type MarkdownRenderer } from '../../media/chat/markdown.ts';

export interface Page {
  readonly window: Window & typeof globalThis;
  readonly renderer: MarkdownRenderer;
  /** Renders Markdown into the page's body, where its scripts would run. */
  readonly show: (markdown: string) => HTMLElement;
}

export function openPage(): Page {
  const { window } = new JSDOM('<!DOCTYPE html><body></body>', { pretendToBeVisual: true, runScripts: 'dangerously', url: 'https://webview.invalid/' });
  const names = ['document', 'Element', 'KeyboardEvent', 'requestAnimationFrame'] as const;
  for (const name of names) Object.defineProperty(globalThis, name, { value: window[name], configurable: true, writable: true });
  const purifier = createDOMPurify(window);
  const renderer = createMarkdownRenderer(purifier);
  const show = (markdown: string): HTMLElement => {
    const body = window.document.body;
    body.replaceChildren(...renderer.blocks(markdown, 'finished').map((block) => block.render()));
    return body;
  };
  return { window, renderer, show };
}
