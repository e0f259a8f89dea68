// Calls in a fenced block: ```tool with a JSON object, which models are asked for whose template has no tools, and Gemma's ```tool_code
// with a call in Python. It knows fences and the little Python that a call is; it must not know other formats.
import { readLooseJson } from './looseJson.ts';
import { type Reading, readingOf, skipBlanks, type ToolCallSyntax } from './toolCall.ts';

export const fencedCalls: ToolCallSyntax = {
  openers: ['```tool\n', '```tool\r\n', '```tool_call\n', '```tool_calls\n'],
  openersAreTokens: false,
  atLineStart: true,
  read,
};
export const gemmaCalls: ToolCallSyntax = { openers: ['```tool_code\n'], openersAreTokens: false, atLineStart: true, bareJson: true, read };

function read(text: string, at: number): Reading {
  const isFence = text.startsWith('```', at);
  const from = skipBlanks(text, isFence ? text.indexOf('\n', at) + 1 : at);
  if (text[from] === '{' || text[from] === '[') {
    const json = readLooseJson(text, from);
    if (!isFence) {
      const bare = json.found === 'value' ? readingOf([json.value], json.end) : undefined;
      return bare?.found === 'calls' ? bare : { found: 'nothing' };
    }
    const end = closeOf(text, json.end) ?? json.end;
    if (json.found !== 'value') return { found: 'problem', kind: json.found === 'bad' ? 'badJson' : 'unfinished', end };
    return readingOf(Array.isArray(json.value) ? json.value : [json.value], end);
  }
  const end = closeOf(text, from);
  if (end === undefined) return { found: 'problem', kind: 'unfinished', end: text.length };
  const body = text
    .slice(from, end)
    .replace(/\n?[ \t]*```\s*$/, '')
    .trim();
  const values: unknown[] = [];
  for (const line of body.split('\n')) {
    if (line.trim() === '') continue;
    const value = pythonCall(line.trim());
    if (value === undefined) return { found: 'problem', kind: 'badJson', end };
    values.push(value);
  }
  return readingOf(values, end);
}

/** The fence that closes stands on a line of its own. */
function closeOf(text: string, from: number): number | undefined {
  const close = /(?:^|\n)[ \t]*```[ \t]*(?=\n|$)/g;
  close.lastIndex = from;
  const found = close.exec(text);
  return found ? found.index + found[0].length : undefined;
}

const literal = /\s*([A-Za-z_]\w*)\s*=\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|True|False|None)\s*(?:,|$)/y;

/** `name(key="value", other=1)`, also within `print(...)`: nothing is evaluated, only literals are read. */
function pythonCall(line: string): { readonly name: string; readonly arguments: Readonly<Record<string, unknown>> } | undefined {
  const whole = /^(?:print\(\s*)?([A-Za-z_][\w.]*)\(([\s\S]*?)\)\s*\)?;?$/.exec(line);
  if (!whole) return undefined;
  const [, name = '', inner = ''] = whole;
  const values: [string, unknown][] = [];
  let offset = 0;
  while (inner.slice(offset).trim() !== '') {
    literal.lastIndex = offset;
    const found = literal.exec(inner);
    if (!found) return undefined;
    values.push([found[1] ?? '', literalValue(found[2] ?? '')]);
    offset = literal.lastIndex;
  }
  return { name, arguments: Object.fromEntries(values) };
}

function literalValue(text: string): unknown {
  if (text === 'True') return true;
  if (text === 'False') return false;
  if (text === 'None') return null;
  if (!text.startsWith('"') && !text.startsWith("'")) return Number(text);
  const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };
  return text.slice(1, -1).replaceAll(/\\([\s\S])/g, (_, character: string) => escapes[character] ?? character);
}
