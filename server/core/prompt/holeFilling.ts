// Filling a hole with a model that was only trained to chat: the file is shown up to the cursor's line, and the answer is begun for the
// model with that line, inside an open code fence, so that it can only go on with code. It knows the form of the request and of the
// answer; it must not know engines or documents. Filters are those of every other model.
//
// Order: what stays the same while somebody types comes first (the instruction, what follows the cursor, what stands above its line), so
// a keystroke changes the prefilled line alone.
import type { Prompt } from '../../../native/protocol/messages.ts';
import type { ContextFile } from '../retrieval/contextFiles.ts';

export interface HoleInput {
  readonly prefix: string;
  readonly suffix: string;
  /** Path relative to the workspace, with forward slashes. */
  readonly path: string;
  readonly languageId: string;
  /** Pieces of other files; none by default. */
  readonly others?: readonly ContextFile[];
}

export interface HoleRequest {
  readonly prompt: Prompt;
  readonly stop: readonly string[];
}

const instruction =
  'You complete code in an editor. The file below is shown in two parts: what stands after the cursor, and what stands before it. Go on exactly where the part before the cursor ends. Write only what belongs between the two parts, no explanation, and do not repeat what is there. Close the code block when the gap is filled.';
/** A line of the suffix that says less than this would stop the answer at every closing brace. */
const leastTellingLetters = 4;
const leastStopLength = 6;

export function holeRequest({ prefix, suffix, path, languageId, others = [] }: HoleInput): HoleRequest {
  const fence = fenceFor([prefix, suffix, ...others.map(({ text }) => text)].join('\n'));
  const lineStart = prefix.lastIndexOf('\n') + 1;
  const above = prefix.slice(0, lineStart);
  const language = /^[\w+#-]+$/.test(languageId) ? languageId : '';
  const block = (text: string) => `${fence}${language}\n${text}${text.endsWith('\n') || text === '' ? '' : '\n'}${fence}`;
  const shown = others.map(({ path: other, text }) => `${other.replaceAll('\n', ' ')}\n${block(text)}\n\n`).join('');
  const known = shown === '' ? '' : `From other files of the project, for reference:\n\n${shown}`;
  const content = `${instruction}\n\n${known}File: ${path.replaceAll('\n', ' ')}\n\nAfter the cursor:\n${block(suffix)}\n\nBefore the cursor:\n${block(above)}`;
  const next = nextTellingLine(suffix);
  return {
    prompt: { kind: 'chat', messages: [{ role: 'user', content }], prefill: `${fence}${language}\n${prefillOf(above, prefix.slice(lineStart))}` },
    stop: [`\n${fence}`, ...(next ? [`\n${next}`] : [])],
  };
}

/** A blank line alone would leave the model without a place to go on from: the last line with text is repeated before it. */
function prefillOf(above: string, line: string): string {
  if (line.trim() !== '') return line;
  const lines = above.split('\n').slice(0, -1);
  let from = lines.length;
  while (from > 0 && lines[from - 1]?.trim() === '') from--;
  return from === 0 ? line : `${lines.slice(from - 1).join('\n')}\n${line}`;
}

/** Longer than any run of backticks in the text, so that the file cannot close it. */
function fenceFor(text: string): string {
  const longest = Math.max(2, ...(text.match(/`{3,}/g) ?? []).map((run) => run.length));
  return '`'.repeat(longest + 1);
}

/** The first line below the cursor's that could not stand anywhere else. */
function nextTellingLine(suffix: string): string | undefined {
  const line = suffix
    .split('\n')
    .slice(1)
    .find((candidate) => candidate.trim() !== '');
  if (line === undefined || line.trim().length < leastStopLength) return undefined;
  return (line.match(/\p{L}/gu)?.length ?? 0) >= leastTellingLetters ? line.trimEnd() : undefined;
}

/** What a model says to somebody rather than into code. */
const chatter =
  /^\s*(?:Here(?:'s| is| are)\b|Sure\b|Certainly\b|Of course\b|I (?:will|can|have|would)\b|The (?:code|completion|following|missing)\b|To complete\b|This (?:code|function|completion)\b|Note:)/i;

/** In a comment or a docstring sentences are what is wanted ("This function returns ..."): only what speaks of the task itself is chat there. */
const chatterInProse =
  /^\s*(?:(?:Sure|Certainly|Of course)[!,.]|Here(?:'s| is) (?:the|your) (?:completed?|completion|missing|code|rest|continuation|gap)\b|To complete the (?:code|gap|comment)\b)/i;

/**
 * What of the answer is code: nothing of a fence, of what the model says around it, or of the line that it was given.
 * @param isProse the cursor stands in a comment, a string or a text for people
 * @returns undefined when it chats instead
 */
export function codeOfHoleAnswer(text: string, linePrefix: string, isProse: boolean): string | undefined {
  const fenced = text.search(/^[ \t]*`{3,}/m);
  const code = fenced < 0 ? text : text.slice(0, fenced).replace(/\n$/, '');
  return (isProse ? chatterInProse : chatter).test(code) ? undefined : withoutGivenLine(code, linePrefix);
}

/** Some models begin the line again although it was begun for them. */
function withoutGivenLine(code: string, linePrefix: string): string {
  const given = linePrefix.trim();
  if (given.length < 2) return code;
  const started = code.trimStart();
  return started.startsWith(given) && started.length > given.length ? started.slice(given.length) : code;
}
