// Reads one JSON value out of a longer text and forgives what models get wrong. It knows JSON; it must not know tool calls.

export type LooseJson =
  | { readonly found: 'value'; readonly value: unknown; readonly end: number }
  /** `unfinished`: the text ends within the value; `bad`: it cannot be read, and ends at `end` by its brackets. */
  | { readonly found: 'unfinished' | 'bad'; readonly end: number };

/** @param at offset of the value's first character, `{` or `[` */
export function readLooseJson(text: string, at: number): LooseJson {
  const end = endOfBrackets(text, at);
  if (end === undefined) return { found: 'unfinished', end: text.length };
  const raw = text.slice(at, end);
  for (const attempt of [raw, mended(raw)]) {
    try {
      return { found: 'value', value: JSON.parse(attempt), end };
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
  return { found: 'bad', end };
}

/** @returns the offset behind the bracket that closes the one at `at`; brackets in strings do not count */
function endOfBrackets(text: string, at: number): number | undefined {
  let depth = 0;
  let inString = false;
  for (let offset = at; offset < text.length; offset++) {
    const character = text[offset];
    if (inString) {
      if (character === '\\') offset++;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === '{' || character === '[') depth++;
    else if ((character === '}' || character === ']') && --depth === 0) return offset + 1;
    if (depth === 0) return undefined;
  }
  return undefined;
}

/** Line breaks and tabs within strings, commas before a closing bracket, and Python's words for constants. */
function mended(raw: string): string {
  let out = '';
  let inString = false;
  for (let offset = 0; offset < raw.length; offset++) {
    const character = raw[offset] ?? '';
    if (inString) {
      if (character === '\\') {
        out += character + (raw[++offset] ?? '');
        continue;
      }
      if (character === '"') inString = false;
      out += character < ' ' ? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}` : character;
      continue;
    }
    if (character === '"') inString = true;
    const rest = raw.slice(offset, offset + 6);
    const word = /^(?:True|False|None)\b/.exec(rest)?.[0];
    if (character === ',' && /^,\s*[}\]]/.test(raw.slice(offset, offset + 64))) continue;
    out += word === undefined ? character : { True: 'true', False: 'false', None: 'null' }[word as 'True'];
    if (word !== undefined) offset += word.length - 1;
  }
  return out;
}
