// Code fences of markdown, as models put them around files, blocks and parts of blocks.
// It knows what opens and closes a fence. It must not know what stands between.

export interface Fence {
  readonly mark: '`' | '~';
  readonly length: number;
  /** What follows the marks: a language, sometimes a path. */
  readonly info: string;
}

/** What a line opens or closes; undefined for a line that is no fence. */
export function fenceOf(line: string): Fence | undefined {
  const text = line.trim();
  const mark = text[0];
  if (mark !== '`' && mark !== '~') return undefined;
  let length = 0;
  while (text[length] === mark) length++;
  if (length < 3) return undefined;
  const info = text.slice(length).trim();
  // A backtick in the info string makes it inline code (CommonMark 4.5).
  return mark === '`' && info.includes('`') ? undefined : { mark, length, info };
}

export function isFence(line: string): boolean {
  return fenceOf(line) !== undefined;
}

/** Whether a line closes the fence: the same marks, at least as many, and nothing behind them. */
export function closesFence(line: string, open: Fence): boolean {
  const fence = fenceOf(line);
  return fence !== undefined && fence.mark === open.mark && fence.length >= open.length && fence.info === '';
}

/** The lines without the fence around all of them; undefined where there is no such fence, or another one inside. */
export function withoutFence(lines: readonly string[]): readonly string[] | undefined {
  const open = fenceOf(lines[0] ?? '');
  if (open === undefined || lines.length < 2 || !closesFence(lines.at(-1) ?? '', open)) return undefined;
  const inner = lines.slice(1, -1);
  return inner.some(isFence) ? undefined : inner;
}
