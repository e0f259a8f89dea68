// Makes a suggestion's indentation that of the file: tabs where the file has tabs, blanks where it has blanks. It knows text alone.
import { indentOf, indentStyleOf, indentWidth } from '../indentation.ts';

/**
 * @param text with `\n` as line break; its first line continues `linePrefix`
 * @param near lines around the cursor
 */
export function fitIndentation(text: string, linePrefix: string, near: readonly string[]): string {
  const lines = text.split('\n');
  if (lines.length === 1 && linePrefix.trim() !== '') return text;
  const style = indentStyleOf(near);
  if (!style) return text;
  const continuesBlankLine = linePrefix.trim() === '';
  const later = lines.slice(1);
  const own = indentStyleOf(continuesBlankLine ? lines : [linePrefix, ...later]);
  if (!own || own.kind === style.kind) return text;
  const convert = (line: string) => {
    const indent = indentOf(line);
    if (indent === '' || line.trim() === '') return line;
    const rest = line.slice(indent.length);
    if (style.kind === 'spaces') return indent.replaceAll('\t', ' '.repeat(style.width || 4)) + rest;
    // A margin of one blank, as block comments have it, is no level.
    const levels = Math.floor(indentWidth(indent) / (own.width || 4));
    return '\t'.repeat(levels) + ' '.repeat(indentWidth(indent) - levels * (own.width || 4)) + rest;
  };
  // With something before the cursor, the first line's blanks are none of its indentation.
  return (continuesBlankLine && linePrefix === '' ? lines.map(convert) : [lines[0] ?? '', ...later.map(convert)]).join('\n');
}
