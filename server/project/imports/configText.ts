// Reads what configuration files say, however they are broken: whoever asks gets `undefined` rather than an error. It knows JSON with
// comments and lines; it must not know what the settings mean. A file of a repository may be made to be slow to read: everything here goes over a text once.

/** JSON with comments and trailing commas, as TypeScript's configuration has it. */
export function parseJsonWithComments(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  const bare = text.startsWith('\ufeff') ? text.slice(1) : text;
  // Most configuration files are plain JSON, which the engine reads far faster than anything that is written here.
  return parsed(bare) ?? parsed(plainJson(bare));
}

/** A field of something that may be no object at all. */
export function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}

export function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}

/** The lines of a text without the blanks around them, each made when it is asked for: who looks for one in the head need not cut up the rest. */
export function* trimmedLines(text: string): Iterable<string> {
  for (let start = 0; start <= text.length; ) {
    const end = text.indexOf('\n', start);
    const stop = end < 0 ? text.length : end;
    yield text.slice(start, stop).trim();
    start = stop + 1;
  }
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch {
    return undefined;
  }
}

/** Comments and commas before a closing bracket become blanks. */
function plainJson(text: string): string {
  const pieces: string[] = [];
  let start = 0;
  /** Where in `pieces` a comma stands that nothing but blanks and comments has followed. */
  let comma = -1;
  const cut = (end: number, next: number, piece: string) => {
    pieces.push(text.slice(start, end), piece);
    start = next;
    return next;
  };
  for (let at = 0; at < text.length; ) {
    const sign = text[at];
    if (sign === '/' && (text[at + 1] === '/' || text[at + 1] === '*')) at = cut(at, endOfComment(text, at), ' ');
    else if (sign === ',') {
      at = cut(at, at + 1, ',');
      comma = pieces.length - 1;
    } else {
      if ((sign === '}' || sign === ']') && comma >= 0) pieces[comma] = ' ';
      if (sign !== ' ' && sign !== '\n' && sign !== '\r' && sign !== '\t') comma = -1;
      at = sign === '"' ? endOfString(text, at) : at + 1;
    }
  }
  return pieces.join('') + text.slice(start);
}

/** A comment without an end goes on to the end of the text. */
function endOfComment(text: string, start: number): number {
  const isLine = text[start + 1] === '/';
  const end = text.indexOf(isLine ? '\n' : '*/', start + 2);
  if (end < 0) return text.length;
  return isLine ? end : end + 2;
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '"') return at + 1;
  }
  return text.length;
}
