// What is shown leaves nothing half done: no operator at its end, no bracket, text or comment that it opens and does not close, no head without a
// body. It is cut back to where it is whole, and where it is nowhere whole, closed. It knows lines and signs; it must not know grammars.
// Somebody who takes a suggestion wants a file that still parses; on held-out packages a sixth of the answers of a small model broke one.
import { indentOf } from '../indentation.ts';
import { closerOf, lex, type Scope } from '../lexLine.ts';
import { bodilessHead } from '../shape.ts';

export interface FinishInput {
  readonly languageId: string;
  readonly linePrefix: string;
  readonly lineSuffix: string;
  /** The text after the cursor's line, without its line break. */
  readonly following: string;
  /** More of it may come: it is cut back, never closed. */
  readonly isGrowing: boolean;
  /** What the cursor stands in, by the lines above as well: a docstring or a comment of several lines. */
  readonly scope: Scope;
}

/** Where a sign at the end of a line means nothing, or a bracket closes nothing. */
const proseLanguages = new Set(['markdown', 'plaintext', 'latex', 'restructuredtext', 'git-commit', 'asciidoc', 'html', 'xml', 'yaml', 'shellscript']);

/** Signs that end in nothing only behind a blank (`a |`), and those that always do. */
const operatorAtEnd = /(?:\s[+\-*/%<&|^?:]|&&|\|\||\?\?|=>|[^=!<>]=|[=!]==?|[\p{L}\p{N}_$)\]]\.|\s(?:and|or|not|in|is|of|as|instanceof|extends|new|await))$/u;
const tripleQuote = /"""|'''/g;

/** @returns the empty text where nothing whole is left */
export function finishStatement(text: string, input: FinishInput): string {
  const { languageId, linePrefix } = input;
  if (proseLanguages.has(languageId)) return text;
  const before = lex(linePrefix, { languageId });
  // Prose, and below stands what ends it.
  const isInLines = input.scope !== 'code' && before.scope === 'code';
  if (before.scope === 'comment' || isInLines) return text;
  const isBlankBefore = linePrefix.trim() === '';
  if (isBlankBefore && /^\s*(?:\/\*|\*)/.test(text)) return finishComment(text, input);
  if (languageId === 'python' && (linePrefix + text).match(tripleQuote)) return finishDocstring(text, input);
  if (isWhole(text, input)) return text;
  const lines = text.split('\n');
  for (let count = lines.length - 1; count > 0; count--) {
    const head = lines.slice(0, count).join('\n').trimEnd();
    if (head.trim() !== '' && isWhole(head, input)) return head;
  }
  return input.isGrowing ? '' : closed(text, input);
}

function openIn(text: string, { languageId, linePrefix }: FinishInput): readonly string[] {
  const before = lex(linePrefix, { languageId }).open;
  return lex(text, { languageId, startOpen: before }).open.slice(before.length);
}

function isWhole(text: string, input: FinishInput): boolean {
  if (openIn(text, input).length > 0) return false;
  const line = lastLineOf(input.linePrefix + text);
  return withoutOperator(line, input) === line && !isHeadWithoutBody(text, input);
}

/** A head that ends in a colon, or in a condition. */
function isHeadWithoutBody(text: string, { languageId, linePrefix, lineSuffix }: FinishInput): boolean {
  if (lineSuffix.trim() !== '') return false;
  const line = lastLineOf(linePrefix + text);
  return languageId === 'python' ? line.endsWith(':') && !line.trimStart().startsWith('#') : bodilessHead.test(line);
}

function withoutOperator(text: string, { languageId, lineSuffix }: Pick<FinishInput, 'languageId' | 'lineSuffix'>): string {
  // In the middle of a line an operator may belong to what follows.
  if (!/^[\s)\]}>"'`;,]*$/.test(lineSuffix)) return text;
  let rest = text.trimEnd();
  if (rest !== text) return withoutOperator(rest, { languageId, lineSuffix });
  while (lex(lastLineOf(rest), { languageId }).scope === 'code') {
    const found = operatorAtEnd.exec(rest);
    if (!found || /(?:\+\+|--|\*\/)$/.test(rest)) break;
    const kept = /^[\p{L}\p{N}_$)\]]\.$|^[^=!<>]=$/u.test(found[0]) ? found.index + 1 : found.index;
    rest = rest.slice(0, kept).trimEnd();
  }
  return rest;
}

/** Every bracket is closed: those of the last line on it, the others on a line of their own. */
function closed(text: string, input: FinishInput): string {
  const { languageId, linePrefix } = input;
  let rest = withoutOperator(text, input).replace(/[,.]$/, '');
  // A bracket with nothing in it that the model has begun says nothing.
  rest = /[([]$/.test(rest) ? withoutOperator(rest.slice(0, -1), input) : rest;
  if ((languageId === 'python' && isHeadWithoutBody(rest, input)) || /^\s*[{([]?\s*$/.test(rest)) return '';
  const own = openIn(rest, input);
  const withBody = (text: string) => (isHeadWithoutBody(text, input) ? `${text} {\n${indentOf(linePrefix)}}` : text);
  if (own.length === 0) return withBody(rest);
  const lines = rest.split('\n');
  const last = lines.at(-1) ?? '';
  const onLast = lines.length === 1 ? own.length : Math.min(own.length, lex(last, { languageId }).open.length);
  const closers = own.toReversed().map((sign) => closerOf[sign] ?? '');
  if (last.trimEnd().endsWith('{')) return `${rest}\n${indentOf(linePrefix)}${closers.join('')}`;
  const outer = closers.slice(onLast).join('');
  return withBody(rest + closers.slice(0, onLast).join('') + (outer === '' ? '' : `\n${indentOf(linePrefix)}${outer}`));
}

function finishDocstring(text: string, { linePrefix, lineSuffix, following, isGrowing }: FinishInput): string {
  const quotes = (linePrefix + text).match(tripleQuote) ?? [];
  if (quotes.length % 2 === 0) return text;
  const quote = quotes.at(-1) ?? '"""';
  // Closed behind the cursor, or on a line of its own below, before anything else begins one.
  const next = following.split('\n').find((line) => line.includes(quote));
  if (lineSuffix.includes(quote) || next?.trim() === quote) return text;
  if (isGrowing) return '';
  return text.includes('\n') ? `${text.trimEnd()}\n${indentOf(linePrefix)}${quote}` : text.trimEnd() + quote;
}

function finishComment(text: string, { linePrefix, isGrowing }: FinishInput): string {
  const opened = text.lastIndexOf('/*');
  if (opened < 0 || text.includes('*/', opened)) return text;
  if (isGrowing) return '';
  return text.includes('\n') ? `${text.trimEnd()}\n${indentOf(linePrefix)} */` : `${text.trimEnd()} */`;
}

function lastLineOf(text: string): string {
  return text.slice(text.lastIndexOf('\n') + 1);
}
