// The one change of indentation that turns a model's lines into a file's lines, if there is one.
// It knows leading blanks. It must not know where the lines stand or what is done with them.

/** Gives a line its new indentation; undefined when the line cannot have it. Blank lines stay as they are. */
export type IndentationChange = (line: string) => string | undefined;

const unitWidths = [2, 4, 8, 3] as const;

/**
 * @param written the model's lines
 * @param actual as many lines of the file, equal apart from blanks at both ends
 * @returns the same change for every line: blanks put before, blanks taken away, or spaces for tabs and the other way round
 */
export function indentationChange(written: readonly string[], actual: readonly string[]): IndentationChange | undefined {
  const pairs = written.flatMap((line, index) => (line.trim() === '' ? [] : [{ from: indentOf(line), to: indentOf(actual[index] ?? '') }]));
  const [first] = pairs;
  if (first === undefined) return undefined;
  const candidates: ((indent: string) => string | undefined)[] = [];
  if (first.to.endsWith(first.from)) {
    const added = first.to.slice(0, first.to.length - first.from.length);
    candidates.push((indent) => added + indent);
  } else if (first.from.endsWith(first.to)) {
    const removed = first.from.slice(0, first.from.length - first.to.length);
    candidates.push((indent) => (indent.startsWith(removed) ? indent.slice(removed.length) : undefined));
  }
  for (const width of unitWidths)
    candidates.push(
      (indent) => tabsForSpaces(indent, width),
      (indent) => spacesForTabs(indent, width),
    );
  // A change of unit that no line shows is no evidence: it is tried only where it changes something.
  const fitting = candidates.find((change) => pairs.some(({ from, to }) => from !== to) && pairs.every(({ from, to }) => change(from) === to));
  if (fitting === undefined) return undefined;
  return (line) => {
    if (line.trim() === '') return line;
    const indent = fitting(indentOf(line));
    return indent === undefined ? undefined : indent + line.slice(indentOf(line).length);
  };
}

/** The blanks that a line begins with. */
export function indentOf(line: string): string {
  let length = 0;
  while (line[length] === ' ' || line[length] === '\t') length++;
  return line.slice(0, length);
}

/** Only for indentation of spaces alone; what is less than a unit stays spaces, as in comments whose stars are aligned. */
function tabsForSpaces(indent: string, width: number): string | undefined {
  if (indent.includes('\t')) return undefined;
  return '\t'.repeat(Math.floor(indent.length / width)) + ' '.repeat(indent.length % width);
}

/** Only for tabs that come first: behind spaces a tab's width depends on where it stands. */
function spacesForTabs(indent: string, width: number): string | undefined {
  let tabs = 0;
  while (indent[tabs] === '\t') tabs++;
  const rest = indent.slice(tabs);
  return rest.includes('\t') ? undefined : ' '.repeat(tabs * width) + rest;
}
