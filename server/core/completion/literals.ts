// What a language's texts and comments may look like: how they begin, go on and end. It knows the forms; which language has which of them
// says `languageSigns`, and what they mean for a stretch of code `walk`.

export type Scope = 'code' | 'string' | 'comment';

/** A text or a comment: between its beginning and its end no bracket and no quote means anything. */
export interface Literal {
  readonly scope: 'string' | 'comment';
  /** How it begins. A pattern is sticky, and looks behind where what stands before decides. */
  readonly open: string | RegExp;
  /** The character that `open` begins with. */
  readonly first: string;
  /** What stands right before it, if it is none. It is asked only where that is no blank, no opener and no sign like a comma. */
  readonly notAfter?: RegExp;
  /** How it ends, where it begins with a pattern from what that found. A literal that ends with its line ends with `\n`. */
  readonly close: string | ((found: RegExpExecArray) => string);
  /** The character that takes the meaning from the next one. */
  readonly escape?: string;
  /** Its end twice in a row stands for itself. */
  readonly isDoubled?: boolean;
  /** Where one of these comes next, the end is none: `''${` and `'''` in Nix. */
  readonly keptOpenBy?: string;
  /** Without it, a line's end ends it: what looked like a beginning was none, or was forgotten to be closed. */
  readonly spansLines?: boolean;
  /** One inside the other. */
  readonly nests?: boolean;
  /** Where code stands in it. */
  readonly hole?: Hole;
}

export interface Hole {
  readonly sign: string;
  readonly bracket: '{' | '(';
}

/** Signs that belong together and mean nothing by themselves: a character literal, an escaped sign. */
export interface Atom {
  readonly first: string;
  /** Sticky. */
  readonly atom: RegExp;
}

export interface Signs {
  /** In the order in which they are tried: the longer ones first. */
  readonly all: readonly (Literal | Atom)[];
  /** A slash may begin a regular expression. */
  readonly hasRegex?: boolean;
  /** Tags stand in the code, with prose between them. */
  readonly hasTags?: boolean;
}

/** @param first the character a pattern begins with */
export function line(open: string | RegExp, first = String(open).charAt(0), notAfter?: RegExp): Literal {
  return { scope: 'comment', open, first, close: '\n', notAfter };
}

export function block(open: string | RegExp, close: Literal['close'], over: Partial<Literal> = {}): Literal {
  return { scope: 'comment', open, first: String(open).charAt(0), close, spansLines: true, ...over };
}

/** A text that ends as it begins, on its line, with a backslash for the signs in it. */
export function quote(open: string, over: Partial<Literal> = {}): Literal {
  return { scope: 'string', open, first: open.charAt(0), close: open, escape: '\\', ...over };
}

/** A text over several lines. */
export function longText(open: string, over: Partial<Literal> = {}): Literal {
  return quote(open, { spansLines: true, ...over });
}

/** A text whose beginning says how it ends, and in which a backslash is one. */
export function rawText(first: string, open: RegExp, close: Literal['close']): Literal {
  return { scope: 'string', open, first, close, spansLines: true };
}

export function atom(first: string, pattern: RegExp): Atom {
  return { first, atom: pattern };
}

/** Where one of these stands right before it, a quote is an apostrophe, a prime or a transposition; `words` may stand before a text. */
export function single(before: string, words: string, over: Partial<Literal> = {}): Literal {
  return quote("'", { notAfter: new RegExp(`(?<=[${before}])(?<!(?<![\\w$])(?:${words}))$`), ...over });
}

/** A literal or an atom as `walk` reads it: every one has the same fields, since it is looked at thousands of times at a keystroke. */
export interface Prepared {
  readonly isAtom: boolean;
  readonly scope: Literal['scope'];
  /** Empty where a pattern says how it begins. */
  readonly sign: string;
  readonly pattern: RegExp | undefined;
  readonly notAfter: RegExp | undefined;
  readonly close: Literal['close'];
  readonly isDoubled: boolean;
  readonly keptOpenBy: string;
  readonly spansLines: boolean;
  readonly hole: Hole | undefined;
  /** Codes of characters; -1 for none. */
  readonly escapeCode: number;
  readonly nestCode: number;
  /** Finds the next character in it that may mean something; where there is none, only its end does. */
  readonly stop: RegExp | undefined;
}

export function prepare(one: Literal | Atom): Prepared {
  const literal = 'atom' in one ? line(one.atom, one.first) : one;
  const { scope, open, first, notAfter, close, escape = '', isDoubled = false, keptOpenBy = '', spansLines = false, nests = false, hole } = literal;
  const isPlain = typeof close !== 'string' || (spansLines && escape === '' && !isDoubled && !nests && !hole);
  const meaningful = isPlain ? '' : close.charAt(0) + escape + (hole?.sign.charAt(0) ?? '') + (nests ? first : '') + (spansLines ? '' : '\n');
  return {
    isAtom: 'atom' in one,
    scope,
    sign: typeof open === 'string' ? open : '',
    pattern: typeof open === 'string' ? undefined : open,
    notAfter,
    close,
    isDoubled,
    keptOpenBy,
    spansLines,
    hole,
    escapeCode: escape === '' ? -1 : escape.charCodeAt(0),
    nestCode: nests ? first.charCodeAt(0) : -1,
    // A pattern goes through characters that mean nothing several times faster than a loop does.
    stop: isPlain ? undefined : anyOf(meaningful),
  };
}

/** @returns a global pattern that finds the next of these characters */
export function anyOf(signs: string): RegExp {
  return new RegExp(`[${[...signs].map((sign) => `\\x${sign.charCodeAt(0).toString(16).padStart(2, '0')}`).join('')}]`, 'g');
}
