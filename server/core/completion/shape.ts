// How much is asked for (the rest of the line, the statement or the block), and where that ends in what a model writes.
// It knows text, brackets and indentation; it must not know models. Decided from the text around the cursor first, since that costs nothing.
import { indentWidth } from './indentation.ts';
import { lex } from './lexLine.ts';

/**
 * `line`: never more than the rest of the line. `statement`: on to where the brackets that it opens are closed. `block`: a body, or
 * statements up to the end of the paragraph. `next`: the statement after a finished one, on a line of its own.
 */
export type Shape = 'line' | 'statement' | 'block' | 'next';

export interface ShapeInput {
  readonly linePrefix: string;
  readonly lineSuffix: string;
  readonly languageId: string;
  readonly multiLine: 'auto' | 'never' | 'always';
  readonly isExplicit: boolean;
  /** The text before the cursor is a suggestion that was just taken. */
  readonly isAfterAccept?: boolean;
}

const onlyClosers = /^[\s)\]}>"'`;:,]*$/;
const opensBlock = /(?:[{([:]|=>|\bdo|\bthen|\belse|\bbegin)\s*$/;
/** Where blocks end with a word, their heads need no sign. */
const headsWithoutSign: Readonly<Record<string, RegExp>> = {
  ruby: /^\s*(?:def|class|module|if|unless|while|until|case|when|elsif|begin|rescue|ensure)\b(?!.*\bend$)/,
  lua: /^\s*(?:local\s+)?function\b.*\)$/,
  julia: /^\s*(?:function|if|elseif|while|for|struct|module|let|try|catch)\b(?!.*\bend$)/,
};

export function shapeFor(input: ShapeInput): Shape {
  const { linePrefix, lineSuffix, multiLine } = input;
  if (multiLine === 'never') return 'line';
  if (!onlyClosers.test(lineSuffix)) return 'line';
  if (multiLine === 'always' || input.isExplicit) return 'block';
  const isLineEnd = lineSuffix.trim() === '';
  if (isLineEnd && linePrefix.trim() === '') return 'block';
  const isHead = opensBlock.test(linePrefix) || headsWithoutSign[input.languageId]?.test(linePrefix) === true;
  if (isLineEnd && isHead && lex(linePrefix, { languageId: input.languageId }).scope === 'code') return 'block';
  if (isLineEnd && input.isAfterAccept) return 'next';
  // Prose and comments go on for ever: their line is enough.
  return isLineEnd && lex(linePrefix, { languageId: input.languageId }).scope === 'code' ? 'statement' : 'line';
}

export interface ShapeEnd {
  readonly text: string;
  /** Nothing that comes later can change `text`: decoding may stop. */
  readonly isComplete: boolean;
}

export interface ShapedSite {
  readonly linePrefix: string;
  readonly languageId: string;
}

/** Where the answer ends for this shape; `text` is a prefix of what was written. */
export function endOfShape(text: string, shape: Shape, site: ShapedSite): ShapeEnd {
  switch (shape) {
    case 'line':
      return upTo(text, text.indexOf('\n'));
    case 'statement':
      return endOfStatement(text, site);
    case 'next':
      return endOfNext(text, site);
    case 'block':
      return endOfBlock(text, site.linePrefix);
  }
}

const mostStatementLines = 16;
const continues = /(?:[,\\=+*/&|.?([]|\b(?:and|or|not|in|of|is|as)|=>)$/;

function endOfStatement(text: string, { linePrefix, languageId }: ShapedSite): ShapeEnd {
  const base = indentWidth(linePrefix);
  let lineEnd = text.indexOf('\n');
  for (let lines = 1; lineEnd >= 0; lines++) {
    const soFar = text.slice(0, lineEnd);
    if (lines >= mostStatementLines || !goesOn(soFar, linePrefix, languageId)) return { text: soFar, isComplete: true };
    const nextEnd = text.indexOf('\n', lineEnd + 1);
    const next = text.slice(lineEnd + 1, nextEnd < 0 ? undefined : nextEnd);
    // A line further out that closes nothing cannot belong to the statement.
    if (next.trim() !== '' && indentWidth(next) <= base && !/^\s*[)\]}]/.test(next) && !isHalf(next, nextEnd)) return { text: soFar, isComplete: true };
    lineEnd = nextEnd;
  }
  return { text, isComplete: false };
}

/** The last line may still be growing: its indentation is known once it has text. */
function isHalf(line: string, lineEnd: number): boolean {
  return lineEnd < 0 && line.trim() === '';
}

/** A condition or a loop whose body stands on the next line, without braces. */
export const bodilessHead = /^\s*(?:\}\s*)?(?:else\s+)?(?:if|for|while)\b.*\)$/;

/** Whether the statement is not finished at the end of this line. */
function goesOn(soFar: string, linePrefix: string, languageId: string): boolean {
  const { open } = lex(soFar, { languageId });
  const last = open.at(-1);
  const line = (linePrefix + soFar).trimEnd();
  if (last !== undefined) return true;
  // A head alone would leave a file that does not parse.
  if (languageId === 'python' ? line.endsWith(':') : bodilessHead.test(lastLineOf(line))) return true;
  return languageId !== 'markdown' && continues.test(line) && !line.endsWith('++') && !line.endsWith('--');
}

/** One blank line at most, then one statement. */
function endOfNext(text: string, site: ShapedSite): ShapeEnd {
  const lead = /^\n?[ \t]*\n?[ \t]*(?=\S)/.exec(text)?.[0];
  if (lead === undefined) return { text: '', isComplete: text.trim() !== '' || (text.match(/\n/g)?.length ?? 0) > 2 };
  if (!lead.includes('\n')) return endOfStatement(text, site);
  const indent = lead.slice(lead.lastIndexOf('\n') + 1);
  const rest = endOfStatement(text.slice(lead.length), { ...site, linePrefix: indent });
  return { text: lead + rest.text, isComplete: rest.isComplete };
}

const closer = /^\s*(?:[)\]}]+[;,)]*|end\b.*|<\/.*)\s*$/;
const mostBlockLines = 24;

/**
 * Cuts a block where it ends: at a line that is indented less than the cursor's line, after the closer on the cursor's own level,
 * and at a blank line followed by text on that level.
 * @param text what the model wrote so far; its first line continues the cursor's line
 */
export function endOfBlock(text: string, linePrefix: string): ShapeEnd {
  const lines = text.split('\n');
  const base = indentWidth(linePrefix);
  const continuesBlankLine = linePrefix.trim() === '';
  const kept: string[] = [lines[0] ?? ''];
  const done = (isComplete: boolean): ShapeEnd => ({ text: kept.join('\n'), isComplete });
  for (let index = 1; index < lines.length; index++) {
    const line = lines[index] ?? '';
    const isLast = index === lines.length - 1;
    if (kept.length >= mostBlockLines) return done(true);
    if (line.trim() === '') {
      if (!isLast && kept.at(-1)?.trim() === '') return done(true);
      kept.push(line);
      continue;
    }
    const indent = indentWidth(line);
    if (indent < base) return done(true);
    if (indent === base && !continuesBlankLine) {
      if (!closer.test(line)) {
        if (!isLast || !/^\s*[)\]}]/.test(line)) return done(true);
        kept.push(line);
        return done(false);
      }
      kept.push(line);
      if (!isLast) return done(true);
      continue;
    }
    if (indent === base && continuesBlankLine && kept.at(-1)?.trim() === '') return done(true);
    kept.push(line);
  }
  return done(false);
}

function lastLineOf(text: string): string {
  return text.slice(text.lastIndexOf('\n') + 1);
}

function upTo(text: string, end: number): ShapeEnd {
  return end < 0 ? { text, isComplete: false } : { text: text.slice(0, end), isComplete: true };
}

/** How many characters are whole lines of which at least one has text; 0 while there is none. */
export function wholeLinesLength(text: string): number {
  const lastBreak = text.lastIndexOf('\n');
  return lastBreak > 0 && text.slice(0, lastBreak).trim() !== '' ? lastBreak : 0;
}
