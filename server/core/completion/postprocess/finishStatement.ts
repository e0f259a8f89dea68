// What is shown leaves nothing half done: no operator at its end, no bracket, text or comment that it opens and does not close, no head without a
// body. It is cut back to where it is whole, and where it is nowhere whole, closed. It knows lines and signs; it must not know grammars.
// Somebody who takes a suggestion wants a file that still parses; on held-out packages a sixth of the answers of a small model broke one.
import { indentOf } from '../indentation.ts';
import { isInLongText, lex, type Lexed } from '../lexLine.ts';
import { bodilessHead } from '../shape.ts';
import type { Opened } from '../walk.ts';

export interface FinishInput {
  readonly languageId: string;
  readonly linePrefix: string;
  readonly lineSuffix: string;
  /** The text after the cursor's line, without its line break. */
  readonly following: string;
  /** More of it may come: it is cut back, never closed. */
  readonly isGrowing: boolean;
  /** The text or comment of an earlier line in which the cursor's line begins. */
  readonly openAbove: readonly Opened[];
}

/** Where a sign at the end of a line means nothing, or a bracket closes nothing. */
const proseLanguages = new Set(
  (
    'markdown plaintext latex tex bibtex restructuredtext git-commit git-rebase asciidoc org typst html xml xsl handlebars jinja jinja-html twig django-html ' +
    'yaml dockercompose shellscript fish makefile dockerfile just properties ini dotenv ignore gitignore dockerignore editorconfig diff log csv tsv'
  ).split(' '),
);
/** Where a body begins with a colon; and where it ends with a word, or with its indentation. */
const colonLanguages = new Set('python starlark bazel gdscript cython sage snakemake mojo meson nim'.split(' '));
const languagesWithoutBraces = new Set(
  (
    'ruby crystal lua julia elixir erlang vb vba vbscript fortran fortran-modern FortranFreeForm matlab octave ada vhdl verilog systemverilog pascal ' +
    'objectpascal haskell purescript agda idris lean lean4 ocaml sml fsharp elm coffeescript sql plsql pgsql mysql coq cmake vim viml vimscript bat ' +
    'lisp commonlisp scheme racket clojure elisp emacs-lisp prolog abap'
  ).split(' '),
);

/** Signs that end in nothing only behind a blank (`a |`), and those that always do. */
const operatorAtEnd = /(?:\s[+\-*/%<&|^?:]|&&|\|\||\?\?|=>|[^=!<>]=|[=!]==?|[\p{L}\p{N}_$)\]]\.|\s(?:and|or|not|in|is|of|as|instanceof|extends|new|await))$/u;

/** @returns the empty text where nothing whole is left */
export function finishStatement(text: string, input: FinishInput): string {
  if (proseLanguages.has(input.languageId)) return text;
  // Prose, of a comment or of a text over several lines: below stands what ends it.
  const before = lex(input.linePrefix, { languageId: input.languageId, startOpen: input.openAbove });
  if (before.scope === 'comment' || isInLongText(before)) return text;
  if (isWhole(text, input) || isClosedBehind(text, input)) return text;
  const lines = text.split('\n');
  for (let count = lines.length - 1; count > 0; count--) {
    const head = lines.slice(0, count).join('\n').trimEnd();
    if (head.trim() !== '' && isWhole(head, input)) return head;
  }
  return input.isGrowing ? '' : closed(text, input);
}

function lexed(text: string, { languageId, linePrefix, openAbove }: FinishInput): Lexed {
  return lex(text, { languageId, before: linePrefix, startOpen: openAbove });
}

function isWhole(text: string, input: FinishInput): boolean {
  return lexed(text, input).own.length === 0 && withoutOperator(text, input).trimEnd() === text.trimEnd() && !isHeadWithoutBody(text, input);
}

/** A text or comment over several lines that stands open is closed behind the cursor, or on a line of its own below, before another one begins. */
function isClosedBehind(text: string, input: FinishInput): boolean {
  const last = lexed(text, input).own.at(-1);
  if (!last?.literal?.spansLines) return false;
  const next = input.following.split('\n').find((line) => line.includes(last.closer));
  return input.lineSuffix.includes(last.closer) || next?.trim() === last.closer.trim();
}

/** A head that ends in a colon, or in a condition. */
function isHeadWithoutBody(text: string, input: FinishInput): boolean {
  const { languageId, linePrefix, lineSuffix } = input;
  if (lineSuffix.trim() !== '' || languagesWithoutBraces.has(languageId) || lexed(text, input).scope !== 'code') return false;
  const line = lastLineOf(linePrefix + text);
  return colonLanguages.has(languageId) ? line.endsWith(':') : bodilessHead.test(line) && endsWithCondition(line, languageId);
}

/** `if (a) b()` has its body; `if (a) && f(b)` and `if f(a)` are the beginning of one in languages that need no brackets there. */
function endsWithCondition(line: string, languageId: string): boolean {
  const opening = /^\s*(?:\}\s*)?(?:else\s+)?(?:if|for|while)\b(?:\s+(?:constexpr|await|let|var)\b)?\s*/.exec(line)?.[0] ?? '';
  // Nothing stands behind the loop that ends so.
  if (/^\s*\}\s*while/.test(opening)) return false;
  const rest = line.slice(opening.length);
  // `if err := f()` has its condition still to come.
  if (!rest.startsWith('(')) return !/^(?!let\b|var\b|case\b)[\w\s,.]*:?=(?!=)/.test(rest) || /;|\brange\b/.test(rest);
  const end = lex(rest, { languageId }).closed.find(({ depth }) => depth === 0)?.at;
  return end !== undefined && /^\s*(?:$|[&|=<>!+\-*/%.?])/.test(rest.slice(end + 1));
}

function withoutOperator(text: string, input: FinishInput): string {
  const { linePrefix, lineSuffix } = input;
  // In the middle of a line an operator may belong to what follows.
  if (!/^[\s)\]}>"'`;,]*$/.test(lineSuffix)) return text;
  let rest = text.trimEnd();
  while (rest !== '') {
    const { scope, isAtomEnd } = lexed(rest, input);
    const line = lastLineOf(linePrefix + rest);
    const found = operatorAtEnd.exec(line);
    if (scope !== 'code' || isAtomEnd || !found || /(?:\+\+|--|\*\/)$/.test(line)) break;
    const kept = /^[\p{L}\p{N}_$)\]]\.$|^[^=!<>]=$/u.test(found[0]) ? found.index + 1 : found.index;
    rest = rest.slice(0, Math.max(0, rest.length - (line.length - kept))).trimEnd();
  }
  return rest;
}

/** Every bracket is closed: those of the last line on it, the others on a line of their own. */
function closed(text: string, input: FinishInput): string {
  const { linePrefix } = input;
  const rest = withoutLooseEnd(text, input);
  if (colonLanguages.has(input.languageId) && isHeadWithoutBody(rest, input)) return '';
  if (/^\s*[{([]?\s*$/.test(rest)) return '';
  const { own, scope } = lexed(rest, input);
  const last = own.at(-1);
  if (!last) return isHeadWithoutBody(rest, input) ? `${rest} {\n${indentOf(linePrefix)}}` : rest;
  // Behind the end of a statement only a body is closed: what else seems open is of a form that is not known here.
  // Half the head of a loop is nothing whole.
  if (scope === 'code' && last.sign !== '{' && rest.endsWith(';')) return /\bfor\s*\([^)]*$/.test(lastLineOf(linePrefix + rest)) ? '' : rest;
  if (last.literal?.spansLines) return closed(withLiteralClosed(rest, last, input), input);
  if (rest.endsWith('{')) return `${rest}\n${indentOf(linePrefix)}${closersOf(own)}`;
  const lastLine = rest.lastIndexOf('\n') + 1;
  const outer = closersOf(own.filter(({ at }) => at < lastLine));
  const whole = rest + closersOf(own.filter(({ at }) => at >= lastLine)) + (outer === '' ? '' : `\n${indentOf(linePrefix)}${outer}`);
  return isHeadWithoutBody(whole, input) ? closed(whole, input) : whole;
}

/** Without a comma or a dot at the end, and without a bracket in which nothing stands. */
function withoutLooseEnd(text: string, input: FinishInput): string {
  let rest = withoutOperator(text, input);
  const { scope, isAtomEnd } = lexed(rest, input);
  if (scope !== 'code' || isAtomEnd) return rest;
  rest = rest.replace(/[,.]$/, '');
  return /[([]$/.test(rest) ? withoutOperator(rest.slice(0, -1), input) : rest;
}

function withLiteralClosed(text: string, { at, closer, literal }: Opened, { linePrefix }: FinishInput): string {
  const isComment = literal?.scope === 'comment';
  if (!text.includes('\n', at)) return `${text.trimEnd()}${isComment ? ' ' : ''}${closer.trim()}`;
  // The margin of a comment's lines is one blank.
  return `${text.trimEnd()}\n${indentOf(linePrefix)}${isComment && closer === '*/' ? ' ' : ''}${closer.trim()}`;
}

function closersOf(own: readonly Opened[]): string {
  return own
    .toReversed()
    .map(({ closer }) => closer)
    .join('');
}

function lastLineOf(text: string): string {
  return text.slice(text.lastIndexOf('\n') + 1);
}
