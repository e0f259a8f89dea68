// A document as the edit code sees it: lines without their breaks, the breaks beside them, the byte order mark set apart.
// It knows what must survive an edit untouched. It must not know where a text comes from or what a model said.
import { indexLines, lineBreak, lineText } from '../text/lineIndex.ts';

export interface DocumentLines {
  /** Without line breaks and without a byte order mark. A text that ends with a line break has no empty last line here. */
  readonly lines: readonly string[];
  /** The break behind each line; the last one is empty where the final newline is missing. */
  readonly breaks: readonly string[];
  readonly hasByteOrderMark: boolean;
  /** The break that most lines have; `\n` for a text of one line. */
  readonly dominantBreak: string;
}

/** Zero-based lines [start, end). */
export interface LineRange {
  readonly start: number;
  readonly end: number;
}

export function documentLines(text: string): DocumentLines {
  const hasByteOrderMark = text.startsWith('\ufeff');
  const index = indexLines(hasByteOrderMark ? text.slice(1) : text);
  const lines: string[] = [];
  const breaks: string[] = [];
  const counts = new Map<string, number>();
  for (let line = 0; line < index.starts.length; line++) {
    const content = lineText(index, line);
    // The line behind the final newline is no line of the file: deleting or matching it would lose that newline.
    if (line === index.starts.length - 1 && content === '') break;
    const ending = lineBreak(index, line);
    lines.push(content);
    breaks.push(ending);
    if (ending !== '') counts.set(ending, (counts.get(ending) ?? 0) + 1);
  }
  let dominantBreak = '\n';
  for (const [ending, count] of counts) if (count > (counts.get(dominantBreak) ?? 0)) dominantBreak = ending;
  return { lines, breaks, hasByteOrderMark, dominantBreak };
}
