// What Continue shows of an answer, as far as its public source says: its filters over characters and lines, and what it does to the whole. Pure:
// texts in, text out. https://github.com/continuedev/continue (core/autocomplete/filtering, core/autocomplete/postprocessing)
import { similarityOf } from '../completion/scoring.ts';

const mostRepeated = 3;

export interface Place {
  readonly prefix: string;
  readonly suffix: string;
}

/** What it would show of an answer at a place. */
export function shownByContinue(completion: string, before: string, after: string, languageId: string): string {
  const place = { prefix: before, suffix: after };
  const { text } = filteredStream(completion, { ...place, isMultiLine: mayBeMultiLine(place, languageId), isEnded: true });
  return beforeRestOfLine(processed(text, place), place);
}

export function mayBeMultiLine({ prefix, suffix }: Place, languageId: string): boolean {
  return suffix.startsWith('\n') && !isComment(lastLine(prefix), languageId);
}

interface StreamPlace extends Place {
  readonly isMultiLine: boolean;
  readonly isEnded: boolean;
}

/** Its filters over characters and lines; complete when nothing later can change the text. */
export function filteredStream(text: string, { prefix, suffix, isMultiLine, isEnded }: StreamPlace): { readonly text: string; readonly isComplete: boolean } {
  const cut = (at: number) => ({ text: text.slice(0, at), isComplete: true });
  if (/^[\r\n]/.test(text)) return cut(0);
  const lineBreak = text.indexOf('\n');
  if (!isMultiLine && lineBreak >= 0) return cut(closerTooMany(text.slice(0, lineBreak), { prefix, suffix }) ?? lineBreak);
  const closer = closerTooMany(text, isMultiLine ? { prefix: '', suffix } : { prefix, suffix });
  const beginsSuffix = suffix.trimStart().slice(0, 20);
  const repeated = beginsSuffix.length >= 20 ? text.indexOf(beginsSuffix) : -1;
  const end = Math.min(closer ?? text.length, repeated < 0 ? text.length : repeated);
  const below = suffix
    .split('\n')
    .slice(1)
    .find((line) => line.trim() !== '');
  const lines = text.slice(0, end).split('\n');
  // The last line may still be growing.
  const whole = isEnded || end < text.length ? lines : lines.slice(0, -1);
  for (const [index, line] of whole.entries()) {
    const upTo = { text: lines.slice(0, index).join('\n'), isComplete: true };
    if (index > 0 && line === '' && lines[index - 1] === '') return upTo;
    if (below !== undefined && (line === below || isNearly(line, below)) && !(/[)\]};]/.test(below) && line.trim() === below.trim())) return upTo;
    if (index >= mostRepeated - 1 && lines.slice(index - mostRepeated + 1, index + 1).every((one) => one === line && one.trim() !== '')) {
      return { text: lines.slice(0, index - mostRepeated + 2).join('\n'), isComplete: true };
    }
  }
  return { text: lines.join('\n'), isComplete: isEnded || end < text.length };
}

const openerOf: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' };

/** Where a bracket is closed that neither the answer nor what it was given has opened; those at its very beginning may stand. */
function closerTooMany(text: string, { prefix, suffix }: Place): number | undefined {
  const open: string[] = [];
  const line = prefix === '' ? '' : lastLine(prefix) + (suffix.split('\n')[0] ?? '');
  for (const sign of line) {
    if ('([{'.includes(sign)) open.push(sign);
    else if (sign in openerOf && open.pop() !== openerOf[sign]) break;
  }
  for (const sign of /^[ )\]}]*/.exec(suffix)?.[0] ?? '') if (sign in openerOf) open.unshift(openerOf[sign] as string);
  const start = text.search(/[^\s)}\]]/);
  if (start < 0) return undefined;
  for (let at = start; at < text.length; at++) {
    const sign = text[at] as string;
    if ('([{'.includes(sign)) open.push(sign);
    else if (sign in openerOf && open.pop() !== openerOf[sign]) return at;
  }
  return undefined;
}

export function processed(completion: string, { prefix }: Place): string {
  if (completion.trim() === '') return '';
  const above = prefix
    .split('\n')
    .filter((line) => line.trim() !== '')
    .at(-1);
  const first = completion.split('\n').find((line) => line.trim() !== '');
  if (above !== undefined && first !== undefined && isNearly(above, first)) return '';
  const line = lastLine(prefix);
  return line.trim() !== '' && line.endsWith(' ') && completion.startsWith(' ') ? completion.slice(1) : completion;
}

/** A line that ends as the rest of the cursor's line does is shown without that. */
export function beforeRestOfLine(completion: string, { suffix }: Place): string {
  const rest = suffix.split('\n')[0] ?? '';
  return rest.trim() !== '' && !completion.includes('\n') && completion.endsWith(rest) ? completion.slice(0, -rest.length) : completion;
}

/** Less than a tenth differs. */
function isNearly(one: string, other: string): boolean {
  if (one.length <= 4 || other.length <= 4) return false;
  return similarityOf(one.trim(), other.trim()) > 0.9;
}

function isComment(line: string, languageId: string): boolean {
  return line.trimStart().startsWith(languageId === 'python' ? '#' : '//');
}

function lastLine(text: string): string {
  return text.slice(text.lastIndexOf('\n') + 1);
}
