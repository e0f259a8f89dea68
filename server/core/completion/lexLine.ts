// What a stretch of code opens and closes: brackets, strings, comments. A lexer for no language in particular, good enough for one line
// or one suggestion; it must not be asked about whole files.

export type Scope = 'code' | 'string' | 'comment';

export interface Lexed {
  /** Openers that are not closed, outermost first: brackets, and quotes for a string that is still open. */
  readonly open: readonly string[];
  /** Closers that nothing opened, with their offsets. */
  readonly surplus: readonly Closed[];
  /** Closers, and closing quotes, of something that was open; `depth` is how much is still open behind them. */
  readonly closed: readonly (Closed & { readonly depth: number })[];
  readonly scope: Scope;
}

interface Closed {
  readonly sign: string;
  readonly at: number;
}

const openerOf: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' };
export const closerOf: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}', '"': '"', "'": "'", '`': '`' };

const hashLanguages = new Set([
  'python',
  'ruby',
  'shellscript',
  'perl',
  'yaml',
  'toml',
  'r',
  'makefile',
  'dockerfile',
  'elixir',
  'coffeescript',
  'julia',
  'nix',
  'powershell',
]);
const dashLanguages = new Set(['lua', 'sql', 'haskell', 'ada', 'elm', 'vhdl']);
/** Prose: an apostrophe is no quote, and nothing is a comment. */
const proseLanguages = new Set(['markdown', 'plaintext', 'latex', 'restructuredtext', 'git-commit', 'asciidoc', 'html', 'xml']);
/** Where a single quote is more often something else: a lifetime, a prime, a quoted symbol. */
const looseApostrophe = new Set(['rust', 'haskell', 'ocaml', 'fsharp', 'lisp', 'clojure', 'scheme', 'racket', 'vb', 'sml', 'elm']);

export interface LexOptions {
  readonly languageId: string;
  /** What is open where the stretch begins: its result is then that of both together. */
  readonly startOpen?: readonly string[];
  readonly startScope?: Scope;
}

export function lex(text: string, { languageId, startOpen = [], startScope = 'code' }: LexOptions): Lexed {
  const open = [...startOpen];
  const surplus: Closed[] = [];
  const closed: (Closed & { depth: number })[] = [];
  const close = (sign: string, at: number) => {
    open.pop();
    closed.push({ sign, at, depth: open.length });
  };
  const isProse = proseLanguages.has(languageId);
  let inComment = startScope === 'comment';
  for (let at = 0; at < text.length; at++) {
    const sign = text.charAt(at);
    const top = open.at(-1);
    const quote = top === '"' || top === "'" || top === '`' ? top : undefined;
    if (sign === '\n') {
      inComment = false;
      // A string of one line ends with it: what looked like its beginning was an apostrophe.
      if (quote && quote !== '`') open.pop();
      continue;
    }
    if (inComment) continue;
    if (quote) {
      if (sign === '\\') at++;
      else if (sign === quote) close(sign, at);
      else if (quote === '`' && sign === '$' && text[at + 1] === '{') {
        open.push('{');
        at++;
      }
      continue;
    }
    if (!isProse && beginsComment(text, at, languageId)) {
      inComment = true;
      continue;
    }
    if (sign === '"' || sign === '`' || (sign === "'" && isQuote(text, at, languageId, isProse))) {
      if (!isProse) open.push(sign);
    } else if (sign === '(' || sign === '[' || sign === '{') open.push(sign);
    else if (sign in openerOf) {
      if (top === openerOf[sign]) close(sign, at);
      else surplus.push({ sign, at });
    }
  }
  const last = open.at(-1);
  return { open, surplus, closed, scope: inComment ? 'comment' : last === '"' || last === "'" || last === '`' ? 'string' : 'code' };
}

function isQuote(text: string, at: number, languageId: string, isProse: boolean): boolean {
  if (isProse || looseApostrophe.has(languageId)) return false;
  // `don't`: a letter on both sides is no quote (prefixes of strings such as b'...' have one letter before a word's end).
  return !(/[\p{L}\p{N}]{2}$/u.test(text.slice(Math.max(0, at - 2), at)) && /^[\p{L}]/u.test(text.slice(at + 1, at + 2)));
}

function beginsComment(text: string, at: number, languageId: string): boolean {
  const sign = text[at];
  if (hashLanguages.has(languageId)) return sign === '#' && (at === 0 || /\s/.test(text[at - 1] ?? ''));
  if (dashLanguages.has(languageId)) return sign === '-' && text[at + 1] === '-';
  return sign === '/' && text[at + 1] === '/' && text[at - 1] !== ':';
}

/** What the cursor stands in, judged by its line, and for block comments and docstrings by the lines above. */
export function scopeAt(site: { readonly linePrefix: string; readonly before: string; readonly isFromStart: boolean }, languageId: string): Scope {
  const line = lex(site.linePrefix, { languageId });
  if (line.scope !== 'code') return line.scope;
  const above = site.before;
  if (languageId === 'python') return tripleQuoteIsOpen(site) ? 'string' : 'code';
  if (!hashLanguages.has(languageId) && !proseLanguages.has(languageId)) {
    const begun = above.lastIndexOf('/*');
    if (begun >= 0 && above.indexOf('*/', begun + 2) < 0 && lex(above.slice(above.lastIndexOf('\n', begun) + 1, begun), { languageId }).scope === 'code')
      return 'comment';
  }
  return 'code';
}

/** Of a window that does not reach the file's beginning nothing is known: then it counts as code. */
function tripleQuoteIsOpen({ before, isFromStart }: { readonly before: string; readonly isFromStart: boolean }): boolean {
  if (!isFromStart) return false;
  const found = before.match(/"""|'''/g);
  return found !== null && found.length % 2 === 1;
}
