// How lines are indented. It knows blanks and tabs; it must not know languages.

/** Columns. Where a tab stands only has to be consistent, also with the engine, which ends decoding by it. */
export const tabWidth = 4;

/** Width of the indentation in columns. */
export function indentWidth(line: string): number {
  let width = 0;
  for (const character of line) {
    if (character === ' ') width++;
    else if (character === '\t') width += tabWidth - (width % tabWidth);
    else break;
  }
  return width;
}

export function indentOf(line: string): string {
  return /^[ \t]*/.exec(line)?.[0] ?? '';
}

export interface IndentStyle {
  readonly kind: 'tabs' | 'spaces';
  /** Columns of one level; 0 when the lines do not show it. */
  readonly width: number;
}

/** @returns undefined when no line is indented */
export function indentStyleOf(lines: readonly string[]): IndentStyle | undefined {
  let tabs = 0;
  let spaces = 0;
  const steps = new Map<number, number>();
  let previous = 0;
  for (const line of lines) {
    if (line.trim() === '') continue;
    const indent = indentOf(line);
    if (indent.startsWith('\t')) tabs++;
    // One blank is the margin of a block comment.
    else if (indent.length > 1) spaces++;
    const step = indent.length - previous;
    if (step > 1) steps.set(step, (steps.get(step) ?? 0) + 1);
    previous = indent.length;
  }
  if (tabs === 0 && spaces === 0) return undefined;
  if (tabs > spaces) return { kind: 'tabs', width: tabWidth };
  const [commonest] = [...steps].sort((one, other) => other[1] - one[1] || one[0] - other[0]);
  return { kind: 'spaces', width: commonest?.[0] ?? 0 };
}
