// Plain text to tokens, piece by piece, so that a prompt that grew by a character costs the tokenizing of one piece. It knows where a
// text can be cut without changing its tokens; it must not know special tokens or prompts.

/** Pieces are cut at the first place that serves after this many UTF-16 units. */
const leastUnits = 256;
/** What is remembered, in bytes: about 1 MB of text with its tokens, more than the prompts of a few cursors and conversations hold. */
const mostBytes = 4 * 1024 * 1024;
/**
 * Where a vocabulary allows no cut, or a line has no end, a piece is as long as its text and each keystroke makes another one. Of pieces from this
 * length on, in UTF-16 units, only as many are remembered as a prompt has parts that stay the same: fewer, and they would drive each other out.
 */
const longPiece = 8192;
const mostLongPieces = 6;
/** Of a UTF-16 unit and of a token, at most. */
const unitBytes = 2;
const tokenBytes = 8;

type Tokenize<Token> = (text: string) => readonly Token[];

/**
 * Places around a line break where no rule for splitting words that is in use lets a token reach across, each true for some vocabularies only:
 * whether the break belongs to the sign before it or to the blanks after it is what they differ in.
 */
const places = [
  // word|\n
  (text: string, at: number) => text[at] === '\n' && isWord(text[at - 1]),
  // sign|\n
  (text: string, at: number) => text[at] === '\n' && isSign(text[at - 1]),
  // sign\n|blank
  (text: string, at: number) => text[at - 1] === '\n' && isSign(text[at - 2]) && isBlank(text[at]),
  // sign\n|word
  (text: string, at: number) => text[at - 1] === '\n' && isSign(text[at - 2]) && isWord(text[at]),
  // sign\n|sign
  (text: string, at: number) => text[at - 1] === '\n' && isSign(text[at - 2]) && isSign(text[at]) && text[at] !== '/',
  // sign\n|/ is a place of its own: Tekken's rule lets slashes follow a sign as line breaks do.
  (text: string, at: number) => text[at - 1] === '\n' && isSign(text[at - 2]) && text[at] === '/',
] as const;
type Place = (typeof places)[number];

const isWord = (unit: string | undefined) => unit !== undefined && /[A-Za-z0-9_]/.test(unit);
const isSign = (unit: string | undefined) => unit !== undefined && /[!-/:-@[-^`{-~]/.test(unit);
const isBlank = (unit: string | undefined) => unit === ' ' || unit === '\t';

const lineEnds = ['word', 'x1', 'x_', ';', '{', '):', '"', '*/', '=>'];
const breaks = ['\n', '\n  ', '\n    ', '\n\t', '\n\n', '\n\n    '];
const lineStarts = ['word', 'Word', '1', '_x', '}', '"x"', '// x', '/* x', 'é'];

export class SegmentedTokenizer<Token> {
  readonly #tokenize: Tokenize<Token>;
  readonly #places: readonly Place[];
  readonly #short = new RecentPieces<Token>(Number.POSITIVE_INFINITY);
  readonly #long = new RecentPieces<Token>(mostLongPieces);

  constructor(tokenize: Tokenize<Token>) {
    this.#tokenize = tokenize;
    const tried = remembering(tokenize);
    this.#places = places.filter((place) => isExact(tried, place));
  }

  /** Exactly the tokens of the whole text. */
  tokens(text: string): Token[] {
    const pieces: (readonly Token[])[] = [];
    for (let from = 0; from < text.length; ) {
      const to = this.#end(text, from);
      pieces.push(this.#tokensOf(text.slice(from, to)));
      from = to;
    }
    return pieces.flat();
  }

  #end(text: string, from: number): number {
    for (let at = text.indexOf('\n', from + leastUnits); at >= 0; at = text.indexOf('\n', at + 1)) {
      if (this.#places.some((place) => place(text, at))) return at;
      if (at + 1 < text.length && this.#places.some((place) => place(text, at + 1))) return at + 1;
    }
    return text.length;
  }

  #tokensOf(piece: string): readonly Token[] {
    const recent = piece.length < longPiece ? this.#short : this.#long;
    const known = recent.get(piece);
    if (known) return known;
    const tokens = this.#tokenize(piece);
    recent.set(piece, tokens);
    return tokens;
  }
}

/** The pieces used last, bounded in number and together in size. */
class RecentPieces<Token> {
  readonly #mostPieces: number;
  /** Map order is the order of use. */
  readonly #pieces = new Map<string, readonly Token[]>();
  #bytes = 0;

  constructor(mostPieces: number) {
    this.#mostPieces = mostPieces;
  }

  get(piece: string): readonly Token[] | undefined {
    const tokens = this.#pieces.get(piece);
    if (!tokens) return undefined;
    this.#pieces.delete(piece);
    this.#pieces.set(piece, tokens);
    return tokens;
  }

  set(piece: string, tokens: readonly Token[]): void {
    // A copy: V8 keeps a part of a string as a view of the whole, and the whole is the prompt of one keystroke.
    this.#pieces.set(JSON.parse(JSON.stringify(piece)) as string, tokens);
    this.#bytes += bytesOf(piece, tokens);
    for (const [oldest, itsTokens] of this.#pieces) {
      if (this.#bytes <= mostBytes && this.#pieces.size <= this.#mostPieces) return;
      this.#pieces.delete(oldest);
      this.#bytes -= bytesOf(oldest, itsTokens);
    }
  }
}

function bytesOf(piece: string, tokens: readonly unknown[]): number {
  return piece.length * unitBytes + tokens.length * tokenBytes;
}

/** Tried on the ways in which lines end, break and start in code: one difference, and the place is not used with this vocabulary. */
function isExact<Token>(tokenize: Tokenize<Token>, place: Place): boolean {
  for (const { text, from, to } of samples()) {
    for (let at = from; at < to; at++) {
      if (!place(text, at)) continue;
      const whole = tokenize(text);
      const cut = [...tokenize(text.slice(0, at)), ...tokenize(text.slice(at))];
      if (cut.length !== whole.length || cut.some((token, index) => token !== whole[index])) return false;
    }
  }
  return true;
}

/** The places are tried on the same few texts and parts of them. */
function remembering<Token>(tokenize: Tokenize<Token>): Tokenize<Token> {
  const known = new Map<string, readonly Token[]>();
  return (text) => {
    const tokens = known.get(text) ?? tokenize(text);
    known.set(text, tokens);
    return tokens;
  };
}

/**
 * Each end with each start around a single break, where both can be in one token: which pairs a vocabulary has a token for, nothing but trying tells.
 * Around longer breaks, each end and each start once.
 */
function* samples(): Generator<{ readonly text: string; readonly from: number; readonly to: number }> {
  const every = lineEnds.flatMap((end) => lineStarts.map((start) => [end, start] as const));
  const once = Array.from({ length: Math.max(lineEnds.length, lineStarts.length) }, (_, at) => [cyclic(lineEnds, at), cyclic(lineStarts, at + 1)] as const);
  for (const lineBreak of breaks)
    for (const [end, start] of lineBreak === '\n' ? every : once)
      yield { text: `x ${end}${lineBreak}${start} y`, from: 2 + end.length, to: 3 + end.length + lineBreak.length };
}

const cyclic = (all: readonly string[], at: number): string => all[at % all.length] ?? '';
