// Mistral's tool calls: `[TOOL_CALLS][{"name": ..., "arguments": ..., "id": ...}]` up to V7, `[TOOL_CALLS]name[CALL_ID]id[ARGS]{...}` in V11,
// `[TOOL_CALLS]name[ARGS]{...}` from V13 on, one after the other. It knows these; it must not know other formats.
import { readLooseJson } from './looseJson.ts';
import { type Reading, readingOf, skip, skipBlanks, type ToolCallSyntax } from './toolCall.ts';

const opener = '[TOOL_CALLS]';
/** A name, an id, and the mark between them; names hold no brackets. */
const head = /\ufdd0?([\w.-]{1,256})\s*(?:\ufdd0?\[CALL_ID\]\s*([\w-]{1,256})\s*)?(?:\ufdd0?\[ARGS\]\s*)?/uy;

export const mistralCalls: ToolCallSyntax = { openers: [opener], openersAreTokens: true, read };

function read(text: string, at: number): Reading {
  const from = skipBlanks(text, skip(text, at, [opener]) ?? at);
  if (text[from] === '[' || text[from] === '{') {
    const json = readLooseJson(text, from);
    if (json.found !== 'value') return { found: 'problem', kind: json.found === 'bad' ? 'badJson' : 'unfinished', end: json.end };
    return readingOf(Array.isArray(json.value) ? json.value : [json.value], json.end);
  }
  head.lastIndex = from;
  const named = head.exec(text);
  if (!named) return { found: 'problem', kind: from >= text.length ? 'unfinished' : 'noName', end: from };
  const [whole, name = '', id] = named;
  const start = from + whole.length;
  if (start >= text.length) return { found: 'problem', kind: 'unfinished', end: text.length };
  if (text[start] !== '{') return { found: 'problem', kind: 'badJson', end: start };
  const json = readLooseJson(text, start);
  if (json.found !== 'value') return { found: 'problem', kind: json.found === 'bad' ? 'badJson' : 'unfinished', end: json.end };
  return { found: 'calls', calls: [{ ...(id === undefined ? {} : { id }), name, arguments: JSON.stringify(json.value) }], end: json.end };
}
