// Calls as Qwen and Hermes write them, `<tool_call>{"name": ..., "arguments": ...}</tool_call>`, and as Qwen 3 Coder does, with
// `<function=name><parameter=key>value</parameter></function>` inside. It knows these; it must not know other formats.
import { readLooseJson } from './looseJson.ts';
import { type Reading, readingOf, skip, skipBlanks, type ToolCallSyntax } from './toolCall.ts';

const opener = '<tool_call>';
const closer = '</tool_call>';

export const hermesCalls: ToolCallSyntax = { openers: [opener], openersAreTokens: false, read };

function read(text: string, at: number): Reading {
  const from = skipBlanks(text, skip(text, at, [opener]) ?? at);
  if (text.startsWith('<function=', from)) return readTagged(text, from);
  if (text[from] !== '{' && text[from] !== '[') return { found: 'problem', kind: from >= text.length ? 'unfinished' : 'badJson', end: closeFrom(text, from) };
  const json = readLooseJson(text, from);
  const end = skip(text, json.end, [closer]) ?? json.end;
  if (json.found !== 'value') return { found: 'problem', kind: json.found === 'bad' ? 'badJson' : 'unfinished', end };
  return readingOf(Array.isArray(json.value) ? json.value : [json.value], end);
}

/** Values are texts, or JSON where they are numbers, lists and the like. */
export function readTagged(text: string, from: number): Reading {
  const close = text.indexOf('</function>', from);
  if (close < 0) return { found: 'problem', kind: 'unfinished', end: text.length };
  const end = skip(text, close + '</function>'.length, [closer]) ?? close + '</function>'.length;
  const body = text.slice(from, close);
  const name = /^<function=([\w.-]+)>/.exec(body)?.[1];
  if (name === undefined) return { found: 'problem', kind: 'noName', end };
  const inner = body.slice(`<function=${name}>`.length).trim();
  if (inner.startsWith('{')) {
    const json = readLooseJson(inner, 0);
    return json.found === 'value' ? readingOf([{ name, arguments: json.value }], end) : { found: 'problem', kind: 'badJson', end };
  }
  const values: [string, unknown][] = [];
  for (const [, key = '', value = ''] of inner.matchAll(/<parameter=([^>\n]+)>\n?([\s\S]*?)\n?<\/parameter>/g)) values.push([key, valueOf(value)]);
  return readingOf([{ name, arguments: Object.fromEntries(values) }], end);
}

function valueOf(text: string): unknown {
  if (!/^(?:-?\d|[{[]|true$|false$|null$)/.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return text;
    throw error;
  }
}

function closeFrom(text: string, from: number): number {
  const close = text.indexOf(closer, from);
  return close < 0 ? text.length : close + closer.length;
}
