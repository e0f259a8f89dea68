// Which texts and comments each language has. It knows languages by their ids in VS Code; it must not know what is made of their signs.
// A form that is not here costs a wrong guess on its own line, so only what people really write is. A text goes on over lines only where a
// language's other forms are known so well that nothing turns all that follows inside out: elsewhere it ends with its line.
import {
  apart,
  askedCharacter,
  character,
  commandFile,
  cplusplus,
  csharp,
  dashes,
  dollarHole,
  dollarVariable,
  double,
  doubled,
  escaped,
  hash,
  hashAfterBlank,
  hashAtStart,
  hashHole,
  haskell,
  hereText,
  htmlBlock,
  javaScript,
  jinjaBlock,
  letters,
  leveled,
  lisp,
  markup,
  nestedBlock,
  noEscape,
  none,
  parenthesesStar,
  pascalString,
  percent,
  phpHereText,
  python,
  quoteLikes,
  rawBackticks,
  ruby,
  rust,
  scriptStrings,
  semicolon,
  settings,
  shell,
  shellHole,
  sigil,
  slashBlock,
  slashLine,
  slashes,
  swiftHole,
} from './forms.ts';
import type { Prepared, Signs } from './literals.ts';
import { anyOf, atom, block, line, longText, prepare, quote, rawText, single } from './literals.ts';

export interface LanguageSigns extends Signs {
  /** By the code of their first character, which is below 128. */
  readonly byFirst: readonly (readonly Prepared[] | undefined)[];
  /** Finds the next character that may mean anything in code, and that may begin a text, a comment or the like. */
  readonly anySign: RegExp;
  readonly anyBeginning: RegExp;
  readonly spansLines: boolean;
}

/** Whether people write sentences in it, so that a sentence is no chatter there. */
export function isProse(languageId: string): boolean {
  return sentences.has(languageId);
}

const sentences = new Set('markdown plaintext latex tex restructuredtext git-commit asciidoc org typst'.split(' '));

export function signsOf(languageId: string): LanguageSigns {
  return byLanguage.get(languageId) ?? unknown;
}

const groups: readonly (readonly [languageIds: string, signs: Signs])[] = [
  ['javascript javascriptreact typescriptreact', { all: javaScript, hasRegex: true, hasTags: true }],
  ['typescript rescript reason qml', { all: javaScript, hasRegex: true }],
  ['vue svelte astro mdx', { all: [htmlBlock, ...javaScript], hasRegex: true, hasTags: true }],
  [
    'coffeescript civet',
    { all: [block('###', '###'), hash, longText('"""', hashHole), longText("'''"), quote('"', hashHole), ...scriptStrings], hasRegex: true },
  ],
  ['python starlark bazel gdscript cython sage snakemake mojo meson', { all: python }],
  ['c cpp cuda-cpp cuda objective-c objective-cpp glsl hlsl wgsl opencl arduino', { all: cplusplus }],
  ['rust', { all: rust }],
  ['go v', { all: [...slashes, double, apart, rawBackticks] }],
  ['odin', { all: [slashLine, nestedBlock, double, apart, rawBackticks] }],
  ['zig', { all: [slashLine, quote('\\\\', { close: '\n', escape: undefined }), double, apart] }],
  ['java apex', { all: [...slashes, longText('"""'), double, apart] }],
  ['kotlin', { all: [slashLine, nestedBlock, longText('"""', { ...noEscape, ...dollarHole }), quote('"', dollarHole), apart] }],
  ['scala', { all: [slashLine, nestedBlock, longText('"""', { ...noEscape, ...dollarHole }), quote('"', dollarHole), character] }],
  [
    'swift',
    {
      all: [
        slashLine,
        nestedBlock,
        rawText('#', /(#{1,8})("{3}|")/y, ([, hashes, quotes]) => `${quotes}${hashes}`),
        longText('"""', swiftHole),
        quote('"', swiftHole),
      ],
    },
  ],
  ['csharp razor', { all: csharp }],
  ['dart', { all: [slashLine, nestedBlock, longText('"""', dollarHole), longText("'''", dollarHole), quote('"', dollarHole), { ...apart, ...dollarHole }] }],
  ['groovy', { all: [...slashes, longText('"""', dollarHole), longText("'''"), quote('"', dollarHole), apart], hasRegex: true }],
  [
    'php hack',
    {
      all: [...slashes, line(/#(?!\[)/y, '#'), phpHereText, longText('"'), single(letters, 'case|return|echo|print|and|or', { spansLines: true }), quote('`')],
    },
  ],
  ['d', { all: [...slashes, block('/+', '+/', { nests: true }), rawText('"', /(?<=\br)"/y, '"'), double, apart, rawBackticks] }],
  ['solidity proto proto3 thrift haxe vala uno', { all: [...slashes, double, apart] }],
  ['json jsonc json5 jsonl', { all: [...slashes, double, apart] }],
  ['css', { all: [slashBlock, double, apart] }],
  ['scss less sass stylus', { all: [line(/(?<![:(])\/\//y, '/'), slashBlock, double, apart] }],
  ['fsharp', { all: [slashLine, parenthesesStar, longText('"""', noEscape), { ...rawText('@', /@"/y, '"'), isDoubled: true }, longText('"'), character] }],
  ['sml coq', { all: [parenthesesStar, longText('"'), character] }],
  ['ocaml', { all: [parenthesesStar, rawText('{', /\{([a-z_]{0,40})\|/y, ([, word]) => `|${word}}`), longText('"'), character] }],
  ['haskell elm purescript agda idris', { all: haskell }],
  ['lean lean4', { all: [dashes, block('/-', '-/', { nests: true }), longText('"'), character] }],
  ['lisp commonlisp scheme racket', { all: lisp }],
  ['clojure', { all: [semicolon, escaped, longText('"')] }],
  ['elisp emacs-lisp', { all: [semicolon, askedCharacter, escaped, longText('"')] }],
  ['ruby crystal', { all: [...ruby], hasRegex: true }],
  ['elixir', { all: [hash, sigil, askedCharacter, longText('"""', hashHole), longText("'''", hashHole), quote('"', hashHole), apart] }],
  ['erlang', { all: [percent, atom('$', /\$\\?[^\n]/y), double, apart] }],
  [
    'perl perl6 raku',
    {
      all: [
        block(/^=(?:pod|head\d|over|item|begin|encoding)\b/my, '\n=cut', { first: '=' }),
        hashAfterBlank,
        hereText,
        dollarVariable,
        ...quoteLikes,
        double,
        apart,
      ],
      hasRegex: true,
    },
  ],
  ['shellscript', { all: shell }],
  ['fish dockerfile makefile just', { all: commandFile }],
  ['tcl', { all: [hashAfterBlank, escaped, longText('"')] }],
  ['awk', { all: [hash, double], hasRegex: true }],
  [
    'powershell',
    {
      all: [
        block('<#', '#>'),
        hashAfterBlank,
        longText('@"', { ...noEscape, close: '\n"@', ...shellHole }),
        longText("@'", { ...noEscape, close: "\n'@" }),
        quote('"', { escape: '`', isDoubled: true, ...shellHole }),
        single(letters, none, doubled),
        atom('`', /`[^\n]/y),
      ],
    },
  ],
  ['lua', { all: [block(/--\[(={0,16})\[/y, leveled, { first: '-' }), dashes, rawText('[', /\[(={0,16})\[/y, leveled), double, apart] }],
  [
    'sql plsql pgsql mysql',
    {
      all: [
        dashes,
        slashBlock,
        single(letters, '[nNeEbBxX]|in|IN|like|LIKE|date|DATE', { ...doubled, spansLines: true }),
        quote('"', doubled),
        quote('`', noEscape),
      ],
    },
  ],
  ['vhdl ada', { all: [dashes, quote('"', doubled), character] }],
  ['applescript eiffel', { all: [dashes, parenthesesStar, double] }],
  ['verilog systemverilog bluespec', { all: [...slashes, double] }],
  ['julia', { all: [block('#=', '=#', { nests: true }), hash, longText('"""', shellHole), quote('"', shellHole), character, quote('`')] }],
  ['r', { all: [hash, rawText('"', /(?<=[rR])"(-{0,16})\(/y, ([, minuses]) => `)${minuses}"`), double, apart, quote('`')] }],
  [
    'matlab octave',
    {
      all: [
        block(/(?<=^[ \t]{0,200})%\{(?=[ \t]{0,200}$)/my, '\n%}', { first: '%' }),
        percent,
        quote('"', doubled),
        single(`${letters})\\]}'.`, none, doubled),
      ],
    },
  ],
  ['nim', { all: [block('#[', ']#', { nests: true }), hash, longText('"""', noEscape), double, character] }],
  ['nix', { all: [hash, slashBlock, longText("''", { ...noEscape, keptOpenBy: "'$\\", ...dollarHole }), longText('"', dollarHole)] }],
  ['terraform hcl bicep', { all: [hash, ...slashes, hereText, quote('"', dollarHole), apart] }],
  ['graphql', { all: [hash, longText('"""'), double] }],
  ['cmake', { all: [block(/#\[(={0,16})\[/y, leveled, { first: '#' }), hash, escaped, longText('"')] }],
  ['yaml dockercompose', { all: [hashAfterBlank, double, single(letters, none, doubled)] }],
  ['toml', { all: [hash, longText('"""'), longText("'''", noEscape), double, single(letters, none, noEscape)] }],
  ['properties', { all: [hashAtStart, line(/(?<=^[ \t]{0,200})!/my, '!')] }],
  ['ini editorconfig systemd ssh_config', { all: [hashAfterBlank, line(/(?<=^|\s);/my, ';'), double, single(letters, none)] }],
  ['dotenv', { all: [hashAfterBlank, double, single(letters, none)] }],
  ['ignore gitignore dockerignore pip-requirements requirements nginx apacheconf', { all: settings }],
  ['asm nasm masm gas arm x86 mips autohotkey llvm', { all: [semicolon, hashAfterBlank, ...slashes, double, apart] }],
  ['vb vba vbscript brightscript', { all: [line("'"), quote('"', doubled)] }],
  ['vim viml vimscript', { all: [line(/(?<=^[ \t:]{0,200})"|"(?=[^"\n]{0,400}$)/my, '"'), double, single(letters, none, doubled)] }],
  ['pascal objectpascal delphi', { all: [...slashes.slice(0, 1), block('{', '}'), parenthesesStar, pascalString] }],
  ['fortran fortran-modern FortranFreeForm', { all: [line('!'), pascalString, quote('"', doubled)] }],
  ['prolog', { all: [percent, slashBlock, double, single(letters, none, { isDoubled: true })] }],
  ['abap', { all: [line(/^\*/my, '*'), line('"'), pascalString, quote('`', noEscape)] }],
  [
    'bat',
    { all: [line(/(?<=^[ \t@]{0,200})(?:rem\b|::)/imy, ':'), line(/(?<=^[ \t@]{0,200})rem\b/imy, 'r'), line(/(?<=^[ \t@]{0,200})rem\b/imy, 'R'), double] },
  ],
  ['latex tex bibtex', { all: [escaped, percent] }],
  ['html xml xsl vue-html markdown handlebars razor-html erb', { all: markup }],
  ['jinja jinja-html twig django-html nunjucks liquid', { all: [jinjaBlock, ...markup] }],
  ['git-commit git-rebase', { all: [hashAtStart] }],
  ['plaintext restructuredtext asciidoc org typst csv tsv diff log', { all: [] }],
];

const unknown = withTables({ all: [...slashes, double, single(`${letters})\\]}`, none), quote('`')] });
const byLanguage = new Map(groups.flatMap(([ids, signs]) => ids.split(' ').map((id) => [id, withTables(signs)] as const)));

function withTables(signs: Signs): LanguageSigns {
  const byFirst: Prepared[][] = [];
  for (const one of signs.all) (byFirst[one.first.charCodeAt(0)] ??= []).push(prepare(one));
  const beginnings = signs.all.map(({ first }) => first).join('') + (signs.hasRegex ? '/' : '') + (signs.hasTags ? '<>' : '');
  return {
    ...signs,
    byFirst,
    anySign: anyOf(`()[]{}${beginnings}`),
    // Some languages have none, and nothing is found then.
    anyBeginning: beginnings === '' ? /(?!)/g : anyOf(beginnings),
    spansLines: signs.all.some((one) => 'scope' in one && one.spansLines === true),
  };
}
