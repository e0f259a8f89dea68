// DeepSeek's calls: a block of `<｜tool▁call▁begin｜>function<｜tool▁sep｜>name`, a fence with JSON and an end mark; from V3.1 on
// `<｜tool▁call▁begin｜>name<｜tool▁sep｜>{...}<｜tool▁call▁end｜>`. It knows these; it must not know other formats.
import { readLooseJson } from './looseJson.ts';
import { type Reading, readingOf, skip, skipBlanks, type ToolCallSyntax } from './toolCall.ts';

const begin = '<｜tool▁calls▁begin｜>';
const beginOne = '<｜tool▁call▁begin｜>';
const head = /\s*([\w.-]*)\s*\ufdd0?<｜tool▁sep｜>(?:\s*([\w.-]+)\s*```(?:json)?\s*)?\s*/uy;

export const deepseekCalls: ToolCallSyntax = { openers: [begin, beginOne], openersAreTokens: true, read };

function read(text: string, at: number): Reading {
  let offset = skip(text, at, [begin]) ?? at;
  const values: unknown[] = [];
  for (let next = skip(text, offset, [beginOne]); next !== undefined; next = skip(text, offset, [beginOne])) {
    head.lastIndex = next;
    const named = head.exec(text);
    if (!named) return { found: 'problem', kind: skipBlanks(text, next) >= text.length ? 'unfinished' : 'noName', end: text.length };
    const start = next + named[0].length;
    if (text[start] !== '{') return { found: 'problem', kind: start >= text.length ? 'unfinished' : 'badJson', end: text.length };
    const json = readLooseJson(text, start);
    if (json.found !== 'value') return { found: 'problem', kind: json.found === 'bad' ? 'badJson' : 'unfinished', end: text.length };
    values.push({ name: named[2] ?? named[1], arguments: json.value });
    offset = skip(text, json.end, ['```']) ?? json.end;
    offset = skip(text, offset, ['<｜tool▁call▁end｜>']) ?? offset;
  }
  if (values.length === 0) return { found: 'problem', kind: offset >= text.length ? 'unfinished' : 'noName', end: text.length };
  return readingOf(values, skip(text, offset, ['<｜tool▁calls▁end｜>']) ?? offset);
}
