/// <reference lib="dom" />
// The little of jsdom that these tests use; its published types pull in a second copy of node's.
declare module 'jsdom' {
  export class JSDOM {
    constructor(html?: string, options?: { readonly pretendToBeVisual?: boolean; readonly runScripts?: 'dangerously'; readonly url?: string });
    readonly window: Window & typeof globalThis;
  }
}
