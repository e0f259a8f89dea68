// Finds the tool calls in a whole answer. It knows which formats belong together and what becomes of what cannot be read; it must not know
// any format, nor what a tool does. It never throws: what is no call is text.
import { deepseekCalls } from './deepseekCalls.ts';
import { fencedCalls, gemmaCalls } from './fencedCalls.ts';
import { hermesCalls } from './hermesCalls.ts';
import { llama3Calls, llama3TaggedCalls } from './llama3Calls.ts';
import { mistralCalls } from './mistralCalls.ts';
import { type Reading, type ToolCall, type ToolCallProblem, type ToolCallSyntax, tokenMark } from './toolCall.ts';

export type ToolCallFormat = 'mistral' | 'hermes' | 'llama3' | 'deepseek' | 'gemma' | 'fenced';

export interface ParseOptions {
  readonly format: ToolCallFormat;
  /** The tools that were offered: a call of any other is a problem, and bare JSON with another name is text. */
  readonly toolNames: readonly string[];
  /** `marked`: tokens are told from text by `tokenMark`, so a spelled-out opener is text; `spelled`: the source of the text cannot tell. */
  readonly tokens: 'marked' | 'spelled';
}

export interface ParsedAnswer {
  /** The answer without its calls; with those that are problems. */
  readonly text: string;
  readonly calls: readonly ToolCall[];
  readonly problems: readonly ToolCallProblem[];
}

/** The fence is what models without tools of their own are asked for, so every format knows it. */
const syntaxes: Readonly<Record<ToolCallFormat, readonly ToolCallSyntax[]>> = {
  mistral: [mistralCalls, fencedCalls],
  hermes: [hermesCalls, fencedCalls],
  llama3: [llama3Calls, llama3TaggedCalls, fencedCalls],
  deepseek: [deepseekCalls, fencedCalls],
  gemma: [gemmaCalls, fencedCalls],
  fenced: [fencedCalls],
};

/** The format of the family that the special tokens of a model show. */
export function toolCallFormatOf(specialTokens: readonly string[]): ToolCallFormat {
  const has = new Set(specialTokens);
  if (has.has('[TOOL_CALLS]')) return 'mistral';
  if (has.has('<｜tool▁calls▁begin｜>')) return 'deepseek';
  if (has.has('<|python_tag|>')) return 'llama3';
  if (has.has('<|im_start|>')) return 'hermes';
  return has.has('<start_of_turn>') ? 'gemma' : 'fenced';
}

export function parseToolCalls(answer: string, options: ParseOptions): ParsedAnswer {
  const offered = new Set(options.toolNames);
  const calls: ToolCall[] = [];
  const problems: ToolCallProblem[] = [];
  let text = '';
  let from = 0;
  const keep = (end: number) => {
    text += answer.slice(from, end);
    from = end;
  };
  const bare = bareJsonAt(answer, options);
  for (let opened = bare ?? nextOpener(answer, 0, options); opened; opened = nextOpener(answer, from, options)) {
    const reading = checked(opened.syntax.read(answer, opened.at), offered, opened === bare);
    const { at } = opened;
    if (reading.found === 'nothing') {
      // Bare JSON that is no call may still be followed by one with an opener.
      if (opened !== bare) keep(at + 1);
    } else {
      keep(at);
      // A reading always goes on: an answer is never read twice at the same place.
      const end = Math.max(reading.end, at + 1);
      if (reading.found === 'calls') {
        calls.push(...reading.calls);
        from = end;
      } else {
        problems.push({ kind: reading.kind, raw: withoutMarks(answer.slice(at, end)) });
        keep(end);
      }
    }
  }
  keep(answer.length);
  return { text: withoutMarks(text), calls, problems };
}

interface Opened {
  readonly syntax: ToolCallSyntax;
  readonly at: number;
}

function bareJsonAt(answer: string, { format }: ParseOptions): Opened | undefined {
  const at = answer.search(/\S/);
  const syntax = syntaxes[format].find((one) => one.bareJson);
  return syntax && at >= 0 && answer[at] === '{' ? { syntax, at } : undefined;
}

function nextOpener(answer: string, from: number, { format, tokens }: ParseOptions): Opened | undefined {
  let first: Opened | undefined;
  for (const syntax of syntaxes[format]) {
    for (const opener of spelled(syntax, tokens)) {
      let at = answer.indexOf(opener, from);
      while (at > 0 && syntax.atLineStart && answer[at - 1] !== '\n') at = answer.indexOf(opener, at + 1);
      if (at >= 0 && (first === undefined || at < first.at)) first = { syntax, at };
    }
  }
  return first;
}

/** How the openers stand in the text. */
function spelled({ openers, openersAreTokens }: ToolCallSyntax, tokens: ParseOptions['tokens']): readonly string[] {
  return openersAreTokens && tokens === 'marked' ? openers.map((opener) => tokenMark + opener) : openers;
}

function checked(reading: Reading, offered: ReadonlySet<string>, isBare: boolean): Reading {
  if (reading.found !== 'calls' || reading.calls.every((call) => offered.has(call.name))) return reading;
  return isBare ? { found: 'nothing' } : { found: 'problem', kind: 'unknownTool', end: reading.end };
}

export function withoutMarks(text: string): string {
  return text.replaceAll(tokenMark, '');
}

/**
 * How much of an unfinished answer can be shown: what no longer can become a call.
 * @param from offset up to which all has been shown
 * @returns an offset: everything from the first opener on, or from what may be the start of one at the end, is held back
 */
export function shownLength(answer: string, from: number, options: ParseOptions): number {
  if (from === 0 && (bareJsonAt(answer, options) || (answer.trim() === '' && syntaxes[options.format].some((syntax) => syntax.bareJson)))) return 0;
  const opened = nextOpener(answer, from, options);
  if (opened) return opened.at;
  const openers = syntaxes[options.format].flatMap((syntax) => spelled(syntax, options.tokens));
  const longest = Math.max(...openers.map((opener) => opener.length));
  for (let at = Math.max(from, answer.length - longest); at < answer.length; at++) {
    const tail = answer.slice(at);
    if (openers.some((opener) => opener.startsWith(tail))) return at;
  }
  return answer.length;
}
