// Blanks that nobody wants: at the end, a second one beside the cursor, empty lines before a body. It knows text alone.

/** @param text with `\n` as line break */
export function trimLeadingBlanks(text: string, linePrefix: string): string {
  const led = text.replace(/^(?:[ \t]*\n){2,}/, '\n');
  // `return |`: a model that begins with a blank makes two of them.
  if (/\S[ \t]$/.test(linePrefix)) return led.replace(/^[ \t]+(?=\S)/, '');
  return led;
}

/** Blanks at the end stay only where the rest of the line goes on behind them: `{⏎  x⏎|}`. */
export function trimTrailingBlanks(text: string, lineSuffix: string): string {
  const trimmed = text.trimEnd();
  const isOwnLine = /^[)\]}]/.test(lineSuffix) && /\n[ \t]*$/.test(text);
  if (isOwnLine && trimmed !== '') return trimmed + text.slice(text.lastIndexOf('\n'));
  return trimmed;
}
