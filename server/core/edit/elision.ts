// Recognises lines by which a model says "and so on" instead of writing code down: applied, they would delete what they stand for.
// It knows how such lines look. It must not know what is done about them.

/** The first line of `written` that stands for lines left out and that the file does not hold itself; undefined when there is none. */
export function findElision(written: readonly string[], isInFile: (line: string) => boolean, path: string): string | undefined {
  return written.find((line) => isElision(line.trim(), path) && !isInFile(line));
}

function isElision(line: string, path: string): boolean {
  // A real line of code is longer, or has no dots at either end; looking at short lines only also bounds the work.
  if (line.length > 120) return false;
  if (line === '...' || line === '…') return !ellipsisIsCode.test(path);
  const comment = commentOf(line);
  if (comment === undefined) return false;
  const words = comment.replace(/^(?:\.{3,}|…)|(?:\.{3,}|…)$/g, '').trim();
  if (words === comment) return false;
  return words === '' || restWords.test(words);
}

/** In these files three dots alone on a line are code or text. */
const ellipsisIsCode = /\.(?:pyi?|ya?ml|md|mdx|txt|rst|adoc|tex)$/i;

const restWords = /\b(?:existing|rest|remaining|unchanged|remains|same|omitted|previous|other|others|more|code|methods|functions|imports|above|below)\b/i;

const openers = ['{/*', '<!--', '/**', '/*', '//', '#', '--', ';;', ';', '%'] as const;
const closers = ['*/}', '*/', '-->'] as const;

/** What a line that is nothing but a comment says; undefined for other lines. */
function commentOf(line: string): string | undefined {
  const opener = openers.find((sign) => line.startsWith(sign));
  if (opener === undefined) return undefined;
  const closer = closers.find((sign) => line.endsWith(sign));
  const inner = line.slice(opener.length, closer === undefined ? undefined : Math.max(opener.length, line.length - closer.length));
  return inner.trim();
}
