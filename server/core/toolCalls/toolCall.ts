// What the formats of tool calls have in common. It knows the shape of a call and how a format is described; it must not know any format.

export interface ToolCall {
  /** Where the model gave one: Mistral's formats up to V11. */
  readonly id?: string;
  readonly name: string;
  /** JSON text of an object. */
  readonly arguments: string;
}

export interface ToolCallProblem {
  /** `unfinished`: the answer ended within the call; `badJson`: its arguments cannot be read; `noName`: it names no tool; `unknownTool`: not one that was offered. */
  readonly kind: 'unfinished' | 'badJson' | 'noName' | 'unknownTool';
  /** The call as the model wrote it; it is part of the text as well. */
  readonly raw: string;
}

/** What stands at one place of an answer. `end`: the offset behind it. `nothing`: no call after all. */
export type Reading =
  | { readonly found: 'calls'; readonly calls: readonly ToolCall[]; readonly end: number }
  | { readonly found: 'problem'; readonly kind: ToolCallProblem['kind']; readonly end: number }
  | { readonly found: 'nothing' };

export interface ToolCallSyntax {
  /** How a call may begin. */
  readonly openers: readonly string[];
  /** The openers are single tokens of the vocabulary: only a token counts where the engine tells tokens from text. */
  readonly openersAreTokens: boolean;
  /** An opener counts only at the start of a line. */
  readonly atLineStart?: boolean;
  /** An answer that begins with a JSON object may be a call without any opener. */
  readonly bareJson?: boolean;
  /** @param at offset of an opener in `text`, or of the bare JSON */
  read(text: string, at: number): Reading;
}

/** Put before the text of a real token by toolCallStream.ts; text that a model spells out never has it. Unicode keeps it free for such use. */
export const tokenMark = '\ufdd0';

/** @returns the offset behind blanks, marks and the first of `texts` that stands there; undefined where none does */
export function skip(text: string, at: number, texts: readonly string[]): number | undefined {
  const start = skipBlanks(text, at);
  const found = texts.find((one) => text.startsWith(one, start));
  return found === undefined ? undefined : start + found.length;
}

export function skipBlanks(text: string, at: number): number {
  let offset = at;
  while (offset < text.length && /[\s\ufdd0]/.test(text[offset] ?? '')) offset++;
  return offset;
}

/** A call from a JSON value of the shape that most formats share; `parameters` is Llama's word for the arguments. */
function callOf(value: unknown): ToolCall | 'noName' | 'badJson' {
  if (typeof value !== 'object' || value === null) return 'badJson';
  const fields = value as Readonly<Record<string, unknown>>;
  const inner = typeof fields.function === 'object' && fields.function !== null ? (fields.function as Readonly<Record<string, unknown>>) : fields;
  const { name } = inner;
  if (typeof name !== 'string' || name.trim() === '') return 'noName';
  const given = argumentsOf(inner.arguments ?? inner.parameters ?? {});
  if (given === undefined) return 'badJson';
  return { ...(typeof fields.id === 'string' ? { id: fields.id } : {}), name: name.trim(), arguments: given };
}

/** Some models write the arguments as JSON within a string. */
function argumentsOf(value: unknown): string | undefined {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return JSON.stringify(value);
  if (typeof value !== 'string') return undefined;
  try {
    const parsed: unknown = JSON.parse(value === '' ? '{}' : value);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? JSON.stringify(parsed) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** A reading from JSON values that were found one after the other. */
export function readingOf(values: readonly unknown[], end: number): Reading {
  const calls: ToolCall[] = [];
  for (const value of values) {
    const call = callOf(value);
    if (typeof call === 'string') return { found: 'problem', kind: call, end };
    calls.push(call);
  }
  return calls.length > 0 ? { found: 'calls', calls, end } : { found: 'problem', kind: 'noName', end };
}
