// How much is asked for: the rest of the line or a whole block, and where a block ends. It knows text and indentation; it must not
// know models. Decided from the text around the cursor first, since that costs nothing.

export type Shape = 'line' | 'block';

export interface ShapeInput {
  readonly linePrefix: string;
  readonly lineSuffix: string;
  readonly multiLine: 'auto' | 'never' | 'always';
  readonly isExplicit: boolean;
}

const onlyClosers = /^[\s)\]}>"'`;:,]*$/;
const opensBlock = /(?:[{([:]|=>|\bdo|\bthen|\belse)\s*$/;

export function shapeFor(input: ShapeInput): Shape {
  if (input.multiLine === 'never') return 'line';
  if (!onlyClosers.test(input.lineSuffix)) return 'line';
  if (input.multiLine === 'always' || input.isExplicit) return 'block';
  if (input.linePrefix.trim() === '' && input.lineSuffix.trim() === '') return 'block';
  return opensBlock.test(input.linePrefix) && input.lineSuffix.trim() === '' ? 'block' : 'line';
}

export interface BlockEnd {
  readonly text: string;
  /** Nothing that comes later can change `text`: decoding may stop. */
  readonly isComplete: boolean;
}

const closer = /^\s*(?:[)\]}]+[;,)]*|end\b.*|<\/.*)\s*$/;
const mostLines = 24;
export const blockTabSize = 4;

/**
 * Cuts a block where it ends: at a line that is indented less than the cursor's line, after the closer on the cursor's own level,
 * and at a blank line followed by text on that level.
 * @param text what the model wrote so far; its first line continues the cursor's line
 */
export function endOfBlock(text: string, linePrefix: string): BlockEnd {
  const lines = text.split('\n');
  const base = indentWidth(linePrefix);
  const continuesBlankLine = linePrefix.trim() === '';
  const kept: string[] = [lines[0] ?? ''];
  for (let index = 1; index < lines.length; index++) {
    const line = lines[index] ?? '';
    const isLast = index === lines.length - 1;
    if (kept.length >= mostLines) return { text: kept.join('\n'), isComplete: true };
    if (line.trim() === '') {
      if (!isLast && kept.at(-1)?.trim() === '') return { text: kept.join('\n'), isComplete: true };
      kept.push(line);
      continue;
    }
    const indent = indentWidth(line);
    // The last line may still be growing: its indentation is known once it has text.
    if (indent < base) return { text: kept.join('\n'), isComplete: true };
    if (indent === base && !continuesBlankLine) {
      if (!closer.test(line))
        return isLast && /^\s*[)\]}]/.test(line) ? { text: [...kept, line].join('\n'), isComplete: false } : { text: kept.join('\n'), isComplete: true };
      kept.push(line);
      if (!isLast) return { text: kept.join('\n'), isComplete: true };
      continue;
    }
    if (indent === base && continuesBlankLine && kept.at(-1)?.trim() === '') return { text: kept.join('\n'), isComplete: true };
    kept.push(line);
  }
  return { text: kept.join('\n'), isComplete: false };
}

/** @returns what a later line's indentation must not fall below in a block; 0 when it may be anything */
export function blockIndent(linePrefix: string): number {
  return indentWidth(linePrefix);
}

/** Width of the indentation in columns; where a tab stands only has to be consistent, also with the engine, which ends decoding by it. */
function indentWidth(line: string): number {
  let width = 0;
  for (const character of line) {
    if (character === ' ') width++;
    else if (character === '\t') width += blockTabSize - (width % blockTabSize);
    else break;
  }
  return width;
}
