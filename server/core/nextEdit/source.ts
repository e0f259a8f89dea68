// A text and what its signs are: code, strings, comments, brackets. One pass, on demand, so that a change that leads nowhere costs nothing.
// It knows how languages write strings and comments; it must not know what a change means.

export type Kind = 'code' | 'string' | 'comment';
export type Family = 'js' | 'python' | 'go' | 'rust' | 'braces' | 'other';

export interface Source {
  readonly text: string;
  readonly languageId: string;
  readonly family: Family;
  readonly scan: Scan;
}

export interface Scan {
  /** Strings and comments in order; what is between them is code. Interpolated expressions are code. */
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly kinds: readonly Kind[];
  /** Offsets of the brackets in code, and for each the index of its partner, -1 when it has none. */
  readonly brackets: readonly number[];
  readonly partners: readonly number[];
}

const families: Readonly<Record<string, Family>> = {
  javascript: 'js',
  typescript: 'js',
  javascriptreact: 'js',
  typescriptreact: 'js',
  python: 'python',
  go: 'go',
  rust: 'rust',
  java: 'braces',
  csharp: 'braces',
  c: 'braces',
  cpp: 'braces',
  kotlin: 'braces',
  swift: 'braces',
  dart: 'braces',
  scala: 'braces',
};

export function sourceOf(text: string, languageId: string): Source {
  const family = families[languageId] ?? 'other';
  let scanned: Scan | undefined;
  return {
    text,
    languageId,
    family,
    get scan() {
      scanned ??= scanText(text, family);
      return scanned;
    },
  };
}

/** What stands at the offset. */
export function kindAt({ scan }: Source, offset: number): Kind {
  const index = lastAtOrBefore(scan.starts, offset);
  return index >= 0 && offset < (scan.ends[index] ?? 0) ? (scan.kinds[index] ?? 'code') : 'code';
}

/** The string or comment that the offset is in. */
export function spanAt({ scan }: Source, offset: number): { readonly start: number; readonly end: number; readonly kind: Kind } | undefined {
  const index = lastAtOrBefore(scan.starts, offset);
  const end = scan.ends[index] ?? -1;
  return index >= 0 && offset < end ? { start: scan.starts[index] ?? 0, end, kind: scan.kinds[index] ?? 'code' } : undefined;
}

/** The innermost pair of brackets around the offset; `close` is the text's length where it is not closed. Of `kinds` alone when given. */
export function bracketsAround({ text, scan }: Source, offset: number, kinds = '([{'): { readonly open: number; readonly close: number } | undefined {
  let index = lastAtOrBefore(scan.brackets, offset - 1);
  while (index >= 0) {
    const at = scan.brackets[index] ?? 0;
    const partner = scan.partners[index] ?? -1;
    const isCloser = ')]}'.includes(text.charAt(at));
    if (!isCloser && (partner < 0 || (scan.brackets[partner] ?? 0) >= offset) && kinds.includes(text.charAt(at))) {
      return { open: at, close: partner < 0 ? text.length : (scan.brackets[partner] ?? text.length) };
    }
    index = isCloser && partner >= 0 ? partner - 1 : index - 1;
  }
  return undefined;
}

/** Where the bracket at the offset is closed or opened; undefined when it is not. */
export function partnerOf({ scan }: Source, offset: number): number | undefined {
  const index = lastAtOrBefore(scan.brackets, offset);
  if (scan.brackets[index] !== offset) return undefined;
  const partner = scan.partners[index] ?? -1;
  return partner < 0 ? undefined : scan.brackets[partner];
}

function lastAtOrBefore(sorted: readonly number[], offset: number): number {
  let low = -1;
  let high = sorted.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((sorted[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

interface StringForm {
  readonly close: string;
  readonly isRaw?: boolean;
  readonly isOneLine?: boolean;
  /** How an expression inside begins; it ends with its closing brace. */
  readonly hole?: '${' | '{' | '{name';
}

const regexLiteral = /\/(?![*/])(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;
const rustChar = /'(?:[^'\\\n]|\\[^\n']{1,9}|\\')'/y;
const rustRaw = /b?r(#*)"/y;
const rustName = /\{[\p{L}_][\p{L}\p{N}_]*[:}]/uy;

function scanText(text: string, family: Family): Scan {
  const starts: number[] = [];
  const ends: number[] = [];
  const kinds: Kind[] = [];
  const brackets: number[] = [];
  const partners: number[] = [];
  const openBrackets: number[] = [];
  const holes: { readonly form: StringForm; readonly depth: number }[] = [];
  const add = (start: number, end: number, kind: Kind) => {
    if (end <= start) return;
    starts.push(start);
    ends.push(end);
    kinds.push(kind);
  };
  const matchAt = (pattern: RegExp, at: number) => {
    pattern.lastIndex = at;
    return pattern.exec(text);
  };
  /** Reads on inside a string from `at`. @returns where code goes on */
  const readString = (start: number, at: number, form: StringForm): number => {
    const closer = form.close.charCodeAt(0);
    for (let offset = at; offset < text.length; offset++) {
      const unit = text.charCodeAt(offset);
      if (unit === backslash && !form.isRaw) offset++;
      else if (unit === lineFeed && form.isOneLine) {
        add(start, offset, 'string');
        return offset;
      } else if (unit === closer && (form.close.length === 1 || text.startsWith(form.close, offset))) {
        add(start, offset + form.close.length, 'string');
        return offset + form.close.length;
      } else if (form.hole === '{' && unit === openBrace && text.charCodeAt(offset + 1) === openBrace) offset++;
      else if (form.hole && beginsHole(offset, unit, form.hole)) {
        const brace = form.hole === '${' ? offset + 1 : offset;
        add(start, brace, 'string');
        holes.push({ form, depth: openBrackets.length });
        openBrackets.push(brackets.push(brace) - 1);
        partners.push(-1);
        return brace + 1;
      }
    }
    add(start, text.length, 'string');
    return text.length;
  };
  const beginsHole = (offset: number, unit: number, hole: NonNullable<StringForm['hole']>) => {
    if (hole === '${') return unit === dollar && text.charCodeAt(offset + 1) === openBrace;
    return unit === openBrace && (hole === '{' || matchAt(rustName, offset) !== null);
  };
  const lineEndFrom = (at: number) => {
    const end = text.indexOf('\n', at);
    return end < 0 ? text.length : end;
  };

  let at = 0;
  while (at < text.length) {
    const unit = text.charCodeAt(at);
    if (unit === slash && family !== 'python') {
      const next = text.charCodeAt(at + 1);
      if (next === slash) {
        const end = lineEndFrom(at);
        add(at, end, 'comment');
        at = end;
        continue;
      }
      if (next === star) {
        const close = text.indexOf('*/', at + 2);
        const end = close < 0 ? text.length : close + 2;
        add(at, end, 'comment');
        at = end;
        continue;
      }
      const literal = family === 'js' && mayBeginRegex(text, at) ? matchAt(regexLiteral, at) : null;
      if (literal) {
        add(at, at + literal[0].length, 'string');
        at += literal[0].length;
        continue;
      }
    } else if (unit === hash && family === 'python') {
      const end = lineEndFrom(at);
      add(at, end, 'comment');
      at = end;
      continue;
    } else if (unit === doubleQuote || unit === singleQuote || unit === backtick) {
      const form = stringForm(text, at, family);
      if (form) {
        at = readString(at, at + form.close.length, form);
        continue;
      }
      const character = family === 'rust' && unit === singleQuote ? matchAt(rustChar, at) : null;
      if (character) {
        add(at, at + character[0].length, 'string');
        at += character[0].length;
        continue;
      }
    } else if (family === 'rust' && (unit === letterR || unit === letterB) && !isWordUnit(text.charCodeAt(at - 1))) {
      const raw = matchAt(rustRaw, at);
      if (raw) {
        at = readString(at, at + raw[0].length, { close: `"${raw[1] ?? ''}`, isRaw: true });
        continue;
      }
    } else if (unit === openParen || unit === openSquare || unit === openBrace) {
      openBrackets.push(brackets.push(at) - 1);
      partners.push(-1);
    } else if (unit === closeParen || unit === closeSquare || unit === closeBrace) {
      const own = brackets.push(at) - 1;
      partners.push(-1);
      const opener = unit === closeParen ? openParen : unit - 2;
      // A bracket that is missing, as while somebody types, costs its own pair only.
      let level = openBrackets.length - 1;
      const least = Math.max(holes.at(-1)?.depth ?? 0, level - 3);
      while (level >= least && text.charCodeAt(brackets[openBrackets[level] ?? 0] ?? 0) !== opener) level--;
      const partner = level >= least ? openBrackets[level] : undefined;
      if (partner !== undefined) {
        openBrackets.length = level;
        partners[own] = partner;
        partners[partner] = own;
        const hole = holes.at(-1);
        if (hole && hole.depth === level) {
          holes.pop();
          at = readString(at + 1, at + 1, hole.form);
          continue;
        }
      }
    }
    at++;
  }
  return { starts, ends, kinds, brackets, partners };
}

function stringForm(text: string, at: number, family: Family): StringForm | undefined {
  const quote = text.charAt(at);
  if (family === 'python') {
    const prefix = /[a-zA-Z]{0,2}$/.exec(text.slice(Math.max(0, at - 2), at))?.[0].toLowerCase() ?? '';
    const isRaw = prefix.includes('r');
    const hole = prefix.includes('f') ? '{' : undefined;
    if (quote === '`') return undefined;
    const isTriple = text.startsWith(quote.repeat(3), at);
    return { close: isTriple ? quote.repeat(3) : quote, isOneLine: !isTriple, isRaw, ...(hole ? { hole } : {}) };
  }
  if (quote === '`') return family === 'js' ? { close: quote, hole: '${' } : family === 'go' ? { close: quote, isRaw: true } : undefined;
  if (family === 'rust') return quote === '"' ? { close: quote, hole: '{name' } : undefined;
  return { close: quote, isOneLine: true };
}

/** A slash divides behind a value, and begins a regular expression elsewhere. */
function mayBeginRegex(text: string, at: number): boolean {
  let before = at - 1;
  while (before >= 0 && (text.charCodeAt(before) === space || text.charCodeAt(before) === tab)) before--;
  if (before < 0) return true;
  const sign = text.charAt(before);
  if ('(,=:[!&|?{};+-*%~^\n'.includes(sign)) return true;
  return /(?:^|\W)(?:return|typeof|case|in|of|do|else)$/.test(text.slice(Math.max(0, before - 8), before + 1));
}

/** Whether the unit can be part of a name; units beyond ASCII count as letters. */
export function isWordUnit(unit: number): boolean {
  return (unit >= 97 && unit <= 122) || (unit >= 65 && unit <= 90) || (unit >= 48 && unit <= 57) || unit === 95 || unit === dollar || unit > 127;
}

const lineFeed = 10;
const tab = 9;
const space = 32;
const doubleQuote = 34;
const hash = 35;
const dollar = 36;
const singleQuote = 39;
const openParen = 40;
const closeParen = 41;
const star = 42;
const slash = 47;
const openSquare = 91;
const backslash = 92;
const closeSquare = 93;
const backtick = 96;
const letterB = 98;
const letterR = 114;
const openBrace = 123;
const closeBrace = 125;
