// Llama 3's calls: the bare object `{"name": ..., "parameters": ...}`, the same behind `<|python_tag|>`, several parted by `;`, and
// `<function=name>{...}</function>`. It knows these; it must not know other formats.
import { readTagged } from './hermesCalls.ts';
import { readLooseJson } from './looseJson.ts';
import { type Reading, readingOf, skip, skipBlanks, type ToolCallSyntax } from './toolCall.ts';

const pythonTag = '<|python_tag|>';

export const llama3Calls: ToolCallSyntax = { openers: [pythonTag], openersAreTokens: true, bareJson: true, read };
/** The tag is plain text, so it has a rule of its own. */
export const llama3TaggedCalls: ToolCallSyntax = { openers: ['<function='], openersAreTokens: false, read: readTagged };

function read(text: string, at: number): Reading {
  const tagged = skip(text, at, [pythonTag]);
  let offset = skipBlanks(text, tagged ?? at);
  const values: unknown[] = [];
  for (;;) {
    if (text[offset] !== '{') break;
    const json = readLooseJson(text, offset);
    if (json.found !== 'value') {
      // Without a tag, JSON that cannot be read is an answer like any other.
      if (tagged === undefined) return { found: 'nothing' };
      return { found: 'problem', kind: json.found === 'bad' ? 'badJson' : 'unfinished', end: json.end };
    }
    values.push(json.value);
    offset = json.end;
    const next = skipBlanks(text, skip(text, offset, [';']) ?? offset);
    if (text[next] !== '{') break;
    offset = next;
  }
  if (tagged !== undefined && values.length === 0) return { found: 'problem', kind: offset >= text.length ? 'unfinished' : 'badJson', end: text.length };
  const reading = readingOf(values, offset);
  return tagged === undefined && reading.found !== 'calls' ? { found: 'nothing' } : reading;
}
