// The forms of texts and comments that several languages share, and the sets of them that families of languages have. It knows how people write
// code; the languages by name knows `languageSigns`. Every pattern reaches a bounded number of characters: a line may be ten million long.
import { atom, block, line, longText, quote, rawText, single } from './literals.ts';

export const letters = '\\w\\u0080-\\uffff';
export const none = '(?!)';

/** `http://` is no comment. */
export const slashLine = line('//', '/', /:$/);
export const slashBlock = block('/*', '*/');
export const nestedBlock = block('/*', '*/', { nests: true });
export const slashes = [slashLine, slashBlock];
export const hash = line('#');
export const hashAfterBlank = line(/(?<=^|\s)#/my, '#');
export const hashAtStart = line(/(?<=^[ \t]{0,200})#/my, '#');
export const dashes = line('--');
export const semicolon = line(';');
export const percent = line('%');
export const htmlBlock = block('<!--', '-->');

export const double = quote('"');
/** `1'000` and `don't`: a letter or a figure right before it. */
export const apart = single(letters, 'L|u8?|U|r|return|case|in|if|else|and|or|not|is');
export const noEscape = { escape: undefined };
export const doubled = { escape: undefined, isDoubled: true };
export const dollarHole = { hole: { sign: '${', bracket: '{' } } as const;
export const hashHole = { hole: { sign: '#{', bracket: '{' } } as const;
export const shellHole = { hole: { sign: '$(', bracket: '(' } } as const;
export const swiftHole = { hole: { sign: '\\(', bracket: '(' } } as const;
const sharpHole = { hole: { sign: '{', bracket: '{' } } as const;

/** `'x'` and `'\n'`, where a single quote is more often something else: a lifetime, a prime, the type of a variable. */
export const character = atom("'", /(?<![\w)\]])'(?:\\[^\n][^'\n]{0,10}|[\ud800-\udbff][\udc00-\udfff]|[^\\'\n])'|(?<=\bb)'(?:\\[^\n][^'\n]{0,4}|[^\\'\n])'/y);
/** Outside of texts, too. */
export const escaped = atom('\\', /\\[^\n]/y);
export const sigil = atom('~', /~[a-z](?:\/(?:\\.|[^/\\\n]){0,400}\/|\|(?:\\.|[^|\\\n]){0,400}\||\((?:\\.|[^)\\\n]){0,400}\)|\[(?:\\.|[^\]\\\n]){0,400}\])/y);
export const askedCharacter = atom('?', /\?\\?["'`#;()[\]{}](?![\w"'])/y);
/** `$"`, `$'`, `$#`: variables. */
export const dollarVariable = atom('$', /\$(?:["'`;%/\\]|#(?=[\w{$]))/y);
export const quoteLikes = [
  atom('/', /(?<=(?<![\w$@%&>-])(?:s|tr|y))\/(?:\\.|[^/\\\n]){0,400}\/(?:\\.|[^/\\\n]){0,400}\//y),
  atom('/', /(?<=(?<![\w$@%&>-])(?:m|q[qrw]?))\/(?:\\.|[^/\\\n]){0,400}\//y),
];

/** Without a sign for an indented end, that stands at the beginning of a line. */
const hereEnd = ([, indented, , word]: RegExpExecArray) => (indented === '' ? `\n${word}` : String(word));
export const hereText = rawText('<', /<<([-~]?)(["'`]?)([A-Z_]\w{0,40})\2/y, hereEnd);
const shellHereText = rawText('<', /(?<!<|\(\([^)\n]{0,80})<<(?!<)(-?)[ \t]{0,8}\\?(["']?)([A-Za-z_]\w{0,40})\2/y, hereEnd);
export const phpHereText = rawText('<', /<<<[ \t]{0,8}(["']?)([A-Za-z_]\w{0,40})\1/y, ([, , word]) => String(word));

export const pascalString = single(letters, none, doubled);
const pythonWords = '[rRbBuUfFtT]{1,2}|in|is|or|and|not|if|else|return|yield|lambda|print';
const pythonStrings = [longText('"""'), longText("'''"), double, single(`${letters})\\]}`, pythonWords)];
const scriptWords = 'return|case|typeof|in|of|from|import|default|else|await|yield|throw|new|delete|void';
export const scriptStrings = [double, single(`${letters}$)\\]}`, scriptWords), longText('`', dollarHole)];
export const rawBackticks = longText('`', noEscape);
export const parenthesesStar = block(/\(\*(?!\))/y, '*)', { first: '(', nests: true });
export const leveled = ([, equals]: RegExpExecArray) => `]${equals}]`;
const lispBlock = block('#|', '|#', { nests: true });
export const jinjaBlock = block('{#', '#}');

export const javaScript = [...slashes, ...scriptStrings];
export const python = [hash, ...pythonStrings];
export const cplusplus = [...slashes, rawText('"', /(?<=\b(?:u8?|U|L)?R)"([^()\\\s"]{0,16})\(/y, ([, word]) => `)${word}"`), double, apart];
export const rust = [slashLine, nestedBlock, rawText('"', /(?<=\b[bc]?r(#{0,16}))"/y, ([, hashes]) => `"${hashes}`), longText('"'), character];
export const haskell = [line(/(?<!-)-{2,200}(?![!#$%&*+./<=>?@\\^|~:-])/y, '-'), block('{-', '-}', { nests: true }), longText('"""'), double, character];
export const lisp = [semicolon, lispBlock, escaped, longText('"')];
export const csharp = [
  ...slashes,
  rawText('$', /\${1,8}("{3,20})/y, ([, quotes]) => String(quotes)),
  rawText('"', /"{3,20}/y, ([quotes]) => quotes),
  { ...rawText('$', /\$@"/y, '"'), isDoubled: true, ...sharpHole },
  { ...rawText('@', /@\$"/y, '"'), isDoubled: true, ...sharpHole },
  { ...rawText('@', /@"/y, '"'), isDoubled: true },
  quote('$"', { close: '"', ...sharpHole }),
  double,
  apart,
];
export const ruby = [
  block(/^=begin\b/my, '\n=end', { first: '=' }),
  hash,
  hereText,
  dollarVariable,
  askedCharacter,
  quote('"', hashHole),
  single(letters, 'puts|return|if|in|when|and|or|not'),
  quote('`', hashHole),
];
const shellQuote = { open: /(?<!\w)'|'(?=[^'\n]{0,400}')/y, ...noEscape };
export const shell = [hashAfterBlank, escaped, shellHereText, longText('"', shellHole), longText("'", shellQuote), quote('`')];
export const commandFile = [hashAfterBlank, escaped, quote('"', shellHole), quote("'", shellQuote), quote('`')];
export const settings = [hashAtStart, double, single(letters, none)];
/** Prose: an apostrophe is no quote. */
export const markup = [htmlBlock];
