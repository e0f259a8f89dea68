// Turns what a model wrote into a harmless piece of document. Everything in an answer is treated as hostile.
// Three fences stand in a row: markdown-it without HTML and images, DOMPurify with explicit lists of tags, attributes and
// schemes (the defaults of both pass `command:` links and remote images), and links that carry no address the browser or
// VS Code could follow on its own. It must not know messages, VS Code or the conversation.
import type { DOMPurify } from 'dompurify';
import MarkdownIt from 'markdown-it';
import { fenceEditBlocks } from './editBlocks.ts';
import { escapeHtml, highlightCode, languageName } from './highlight.ts';

/** A top-level block of an answer; equal keys render equally, so that only changed blocks are rendered again. */
export interface Block {
  readonly key: string;
  readonly render: () => DocumentFragment;
}

export interface MarkdownRenderer {
  /** Splits an answer into its blocks. A `growing` answer is cut before markers whose meaning the next token decides. */
  readonly blocks: (source: string, phase: 'growing' | 'finished') => readonly Block[];
}

const allowedTags = [
  'p',
  'br',
  'hr',
  'em',
  'strong',
  's',
  'code',
  'pre',
  'span',
  'a',
  'ul',
  'ol',
  'li',
  'blockquote',
  'h1',
  'h2',
  'h3',
  'h4',
  'h5',
  'h6',
  'table',
  'thead',
  'tbody',
  'tr',
  'th',
  'td',
];
const allowedAttributes = ['class', 'href', 'start'];
const allowedClass = /^(?:hljs-[\w-]+|language-[\w+#.-]+|align-(?:left|center|right)|(?:function|class|inherited|constant|escaped|invoke|dispatch|subst)_+)$/;
const allowedScheme = /^https?:\/\//i;

/** Beyond this an answer is shown as plain text: nobody reads it, and parsing it each frame would freeze the view. */
const longestMarkdownChars = 200_000;

type Parser = InstanceType<typeof MarkdownIt>;
type Tokens = ReturnType<Parser['parse']>;

/** `purifier` must be this renderer's own: it gets a hook. */
export function createMarkdownRenderer(purifier: DOMPurify): MarkdownRenderer {
  const parser = createParser();
  keepOnlyKnownClasses(purifier);

  const toFragment = (html: string): DocumentFragment => {
    const fragment = purifier.sanitize(html, {
      ALLOWED_TAGS: allowedTags,
      ALLOWED_ATTR: allowedAttributes,
      ALLOWED_URI_REGEXP: allowedScheme,
      ALLOW_DATA_ATTR: false,
      ALLOW_ARIA_ATTR: false,
      ALLOW_UNKNOWN_PROTOCOLS: false,
      RETURN_DOM_FRAGMENT: true,
    });
    disarmLinks(fragment);
    return fragment;
  };

  const blocks: MarkdownRenderer['blocks'] = (source, phase) => {
    if (source.length > longestMarkdownChars) return [{ key: source, render: () => toFragment(`<pre><code>${escapeHtml(source)}</code></pre>`) }];
    const text = fenceEditBlocks(phase === 'growing' ? withoutUndecidedEnd(source) : source);
    const environment: NonNullable<Parameters<Parser['parse']>[1]> = {};
    const tokens = parser.parse(text, environment);
    const lines = text.split('\n');
    // A link reference defined later changes earlier blocks, so the references are part of every key.
    const references = JSON.stringify(environment.references ?? {});
    return topLevelGroups(tokens).map(([from, to]) => {
      const group = tokens.slice(from, to);
      const map = group[0]?.map;
      const own = map ? lines.slice(map[0], map[1]).join('\n') : String(from);
      return { key: `${group[0]?.type}\n${references}\n${own}`, render: () => toFragment(parser.renderer.render(group, parser.options, environment)) };
    });
  };
  return { blocks };
}

/** Where a link leads, for a click handler; undefined when the element is no link of an answer. */
export function linkTarget(element: Element): string | undefined {
  return linkTargets.get(element);
}

const linkTargets = new WeakMap<Element, string>();

/**
 * VS Code's webview opens every anchor that has an `href` by itself, without asking. So the address moves out of the
 * document: the anchor keeps its look, its role and a title with the whole address.
 */
function disarmLinks(fragment: DocumentFragment): void {
  for (const anchor of fragment.querySelectorAll('a')) {
    const href = anchor.getAttribute('href');
    anchor.removeAttribute('href');
    if (href === null || !allowedScheme.test(href)) continue;
    linkTargets.set(anchor, href);
    anchor.setAttribute('role', 'link');
    anchor.setAttribute('tabindex', '0');
    anchor.setAttribute('title', href);
  }
}

function createParser(): Parser {
  const parser = new MarkdownIt('default', { html: false, linkify: true, typographer: false, breaks: false, maxNesting: 24 });
  // Images would be fetched: an injected prompt could send text out in an address. Underlined headings flicker while a list streams in.
  parser.disable(['image', 'lheading']);
  // Without this `main.rs` and `setup.py` become links: both are top-level domains.
  parser.linkify.set({ fuzzyLink: false, fuzzyEmail: false, fuzzyIP: false });
  parser.validateLink = (url) => allowedScheme.test(url);
  parser.renderer.rules.fence = (tokens, index) => codeBlockHtml(tokens[index]?.content ?? '', tokens[index]?.info ?? '');
  parser.renderer.rules.code_block = (tokens, index) => codeBlockHtml(tokens[index]?.content ?? '', '');
  for (const rule of ['th_open', 'td_open'] as const) {
    parser.renderer.rules[rule] = (tokens, index) => {
      // The style attribute that says the alignment is not allowed through; a class is.
      const alignment = /text-align:(left|center|right)/.exec(String(tokens[index]?.attrGet('style') ?? ''))?.[1];
      return `<${rule.slice(0, 2)}${alignment ? ` class="align-${alignment}"` : ''}>`;
    };
  }
  return parser;
}

function codeBlockHtml(code: string, info: string): string {
  const name = languageName(info);
  return `<pre><code${name === '' ? '' : ` class="language-${escapeHtml(name)}"`}>${highlightCode(code.replace(/\n$/, ''), info)}</code></pre>`;
}

function keepOnlyKnownClasses(purifier: DOMPurify): void {
  purifier.addHook('uponSanitizeAttribute', (_element, attribute) => {
    if (attribute.attrName !== 'class') return;
    attribute.attrValue = attribute.attrValue
      .split(/\s+/)
      .filter((name) => allowedClass.test(name))
      .join(' ');
    if (attribute.attrValue === '') attribute.keepAttr = false;
  });
}

/** Ranges [from, to) of tokens, one for each top-level block. */
function topLevelGroups(tokens: Tokens): readonly (readonly [number, number])[] {
  const groups: [number, number][] = [];
  let depth = 0;
  let from = 0;
  tokens.forEach((token, index) => {
    if (depth === 0) from = index;
    depth += token.nesting;
    if (depth === 0) groups.push([from, index + 1]);
  });
  return groups;
}

/** A last line of one or two backticks is half a fence, and lone list or heading markers are half a block: both would flash. */
function withoutUndecidedEnd(source: string): string {
  return source.replace(/(^|\n)[ \t]*(?:`{1,2}|~{1,2}|[-*+]|\d{1,3}[.)]?|#{1,6}|\|)[ \t]*$/, '$1');
}
