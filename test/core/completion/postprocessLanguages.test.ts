// What is whole in its language is shown as the model wrote it: nothing is appended for a quote, a bracket or a slash that opens nothing there.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { openAbove } from '../../../server/core/completion/openAbove.ts';
import { closeWhatItOpens } from '../../../server/core/completion/postprocess/closeWhatItOpens.ts';
import { finishStatement } from '../../../server/core/completion/postprocess/finishStatement.ts';
import { postprocess } from '../../../server/core/completion/postprocess/postprocess.ts';
import type { Site } from '../../../server/core/completion/site.ts';
import { cursorIn } from './cursor.ts';

function check(languageId: string, marked: string, text: string, expected = text): void {
  const plain = (one: string) => one.replaceAll('¦', '|');
  const result = postprocess({ text: plain(text), end: 'ended', shape: 'block', site: cursorIn(marked), languageId });
  assert.equal('shown' in result ? result.shown : `(${result.hidden})`, plain(expected));
}

const whole: readonly [name: string, languageId: string, marked: string, text: string][] = [
  ['a quote in a regular expression', 'typescript', '  const b = a.|', "replace(/'/g, '');"],
  ['an escaped slash in one', 'typescript', '  const b = a.|', "replace(/\\//g, '');"],
  ['a bracket in its class', 'javascript', '  const b = a.|', 'split(/[(]/);'],
  ['a slash in its class', 'typescript', '  |', 'const a = /[/"]/.test(b);'],
  ['one that is begun before the cursor', 'typescript', '  a.replace(/|', "'/g, '');"],
  ['one at the end', 'typescript', '  const a = |', '/a /'],
  ['one behind return', 'javascript', '  |', "return /'/.test(a);"],
  ['one behind a comment', 'typescript', 'f(\n  // an odd `one\n  |\n);\nconst b = `x`;', '/`/,'],
  ['divisions', 'typescript', '  const a = |', '(b / 2) / (c / "x".length);'],
  ['a division behind a bracket and a quote behind another', 'typescript', '  const a = |', "f(b) / 2 + c['/'];"],
  ['a comment between', 'typescript', '  |', "a(/* it's */ 1);"],
  ['a substitution with texts of its own', 'typescript', '  const a = |', '`a ${b["`"]} ${`c ${d}`}`;'],
  ['an apostrophe between tags', 'typescriptreact', '    |', "<p>I'm here</p>"],
  ['one behind a blank between tags', 'javascriptreact', '    |', '<p className="a">so \'tis</p>'],
  ['one behind a value between tags', 'typescriptreact', '    |', "<p>{name}'s page</p>"],
  ['a quote and a backtick between tags', 'javascript', '    return |', '<p>5" or ` or //</p>;'],
  ['a function as an attribute', 'typescriptreact', '    |', "<b onClick={() => f('a')}>it isn' t</b>"],
  ['code behind an element', 'typescriptreact', '  const a = b ? |', "<br /> : f('x');"],
  ['a comparison is no tag', 'javascript', '  |', "if (a <b && c> 'd') f('e');"],
  ['a generic function is no tag', 'typescriptreact', '  const f = |', "<T,>(a: T) => g(a, 'x');"],
  ['nor the type of one', 'typescriptreact', '  type F = |', "<T>(a: T) => 'x' ¦ 'y';"],
  ['an apostrophe in a comment of several lines', 'typescript', '/**\n |', "* I'm here"],
  ['and a bracket in one', 'typescript', '/**\n * A.\n * |', "I'm here (a"],
  ['a template of Vue', 'vue', '<template>\n  |', "<p>{{ name }}'s and I'm</p>"],
  ['an apostrophe in its comment', 'vue', '<template>\n  |', "<!-- it's (so -->"],
  ['a comment of Svelte', 'svelte', '|', "<!-- don't -->"],
  ['a character literal in Rust', 'rust', '    let a = |', "s.find('(');"],
  ['a quote as one', 'rust', '    let a = |', "s.find('\\'').or(s.find('\"'));"],
  ['a byte as one', 'rust', '    let a = |', "b == b'(' ¦¦ b == b'\\\\';"],
  ['lifetimes', 'rust', '|', "fn f<'a, 'b>(x: &'a str) -> &'a str { x }"],
  ['a raw text', 'rust', '    let a = |', 'r#"a "( b"#;'],
  ['a comment in a comment', 'rust', '    |', "/* a /* b */ don't */ f();"],
  ['figures in groups', 'cpp', '  int a = |', "1'000;"],
  ['hexadecimal ones', 'cpp', '  int a = |', "0xFF'FF;"],
  ['a prefix of a character', 'cpp', '  auto a = |', "L'(';"],
  ['a raw text', 'cpp', '  auto a = |', 'R"x(a ")" b)x";'],
  ['the width of a figure', 'verilog', '  assign a = |', "4'b1010;"],
  ['in a concatenation', 'systemverilog', '  assign a = |', "{4'hF, b[3:0]};"],
  ['a bit', 'vhdl', '  a <= |', "'1' when clk'event and rising_edge(clk) else '0';"],
  ['a transposed matrix', 'julia', 'B = |', "A' * x'"],
  ['a character', 'julia', 'c = |', "f('(', s)'"],
  ['a comment of Julia', 'julia', '|', "#= it's (a =# x = 1"],
  ['a transposed matrix', 'matlab', 'B = |', "A' * x(1, :)';"],
  ['a text of MATLAB', 'matlab', "B = [A' |", "'it''s (', C{1}'];"],
  ['a comment of MATLAB', 'matlab', 'x = 1 |', "% don't"],
  ['a remark in an ini file', 'ini', '|', "# I'm"],
  ['the other one', 'ini', '|', "; I'm"],
  ['a value in one', 'ini', 'name = |', "Bob's"],
  ['one of properties', 'properties', '|', "# I'm"],
  ['the other one', 'properties', '|', "! I'm"],
  ['one of an environment', 'dotenv', '|', "# I'm"],
  ['one of what is ignored', 'ignore', '|', "# I'm"],
  ['one of YAML', 'yaml', 'a: 1 |', "# don't"],
  ['a text of YAML', 'yaml', 'a: |', "'it''s'"],
  ['a raw text of TOML', 'toml', 'a = |', "'C:\\'"],
  ['a note in PHP', 'php', '  |', "# I'm here"],
  ['the other one', 'php', '  |', "// I'm here"],
  ['an attribute in PHP', 'php', '  |', '#[Route("/a")]'],
  ['a note in Crystal', 'crystal', '  |', "# I'm"],
  ['one in GraphQL', 'graphql', '  |', "# I'm"],
  ['one in Terraform', 'terraform', '  |', "# I'm"],
  ['a text with a value in it', 'terraform', '  a = |', '"${b["c"]}"'],
  ['one in CMake', 'cmake', '|', "# I'm"],
  ['one in awk', 'awk', '|', "/'/ { print } # I'm"],
  ['one in Tcl', 'tcl', '|', "# I'm"],
  ['one in fish', 'fish', '|', "# I'm"],
  ['one in Nim', 'nim', '|', "# I'm"],
  ['one in a game', 'gdscript', '\t|', "# I'm"],
  ['one in Ada', 'ada', '   |', "-- I'm"],
  ['one in Agda', 'agda', '|', "-- I'm"],
  ['one in PureScript', 'purescript', '|', "-- I'm"],
  ['one in Clojure', 'clojure', '|', "; I'm"],
  ['a quoted name and a character', 'clojure', '|', '(f \'a \\( \\")'],
  ['a quoted list', 'scheme', '|', "(f '(a b) #\\()"],
  ['a character of Emacs', 'elisp', '|', '(f ?\\( \'a ?")'],
  ['a note in assembly', 'asm', '|', "; I'm"],
  ['one in Erlang', 'erlang', '|', "% I'm"],
  ['a character of Erlang', 'erlang', 'f() -> |', '$" + $(.'],
  ['one in LaTeX', 'latex', '|', "% I'm (so"],
  ['one in Prolog', 'prolog', '|', "% I'm"],
  ['one in Basic', 'vb', '  |', "' I'm (so"],
  ['one in vim', 'vim', '  |', '" I\'m (so'],
  ['a text of vim', 'vim', '  let a = |', "'it''s (' . \"b\""],
  ['one in HTML', 'html', '  |', "<!-- don't -->"],
  ['one in Markdown', 'markdown', '|', "<!-- don't -->"],
  ['a path as it is', 'csharp', '  var a = |', '@"C:\\";'],
  ['a doubled quote', 'csharp', '  var a = |', '@"a ""(b"" c";'],
  ['a text in a text', 'csharp', '  var a = |', '$"{x["a"]} {{";'],
  ['a block of text', 'csharp', '  var a = |', '"""a "b" (c""";'],
  ['a block of text', 'java', '  var a = |', '"""\n      it\'s "a" (b\n      """;'],
  ['a block of text', 'kotlin', '  val a = |', '"""a "b" ${c("d")} ("""'],
  ['a block of text', 'scala', '  val a = |', '"""a "b" \\"""'],
  ['a block of text', 'swift', '  let a = |', '"""\n      it\'s (\n      """'],
  ['a text in a text', 'swift', '  let a = |', '"\\(b["c"]) d"'],
  ['a raw text', 'swift', '  let a = |', '#"a "( b"#'],
  ['prefixes', 'python', 'a = |', "rb'(' + f'{b}' + u'it'"],
  ['three quotes', 'python', 'a = |', "'''it's ( \"\"\" '''"],
  ['a colon in a comment', 'python', 'x = |', '1  # so:'],
  ['a raw text', 'go', '\ta := |', '`C:\\`'],
  ['a rune', 'go', '\ta := |', "strings.IndexByte(s, '(')"],
  ['a text of the shell', 'shellscript', 'a=|', "'C:\\'"],
  ['an apostrophe of the shell', 'shellscript', 'echo |', "'it'\\''s'"],
  ['a command in a text', 'shellscript', 'a=|', '"$(basename "$0")"'],
  ['a text of Ruby', 'ruby', 'a = |', '\'it\\\'s\' + "#{b["c"]} ("'],
  ['a regular expression of Ruby', 'ruby', 'a = |', "b.gsub(/['(]/, '')"],
  ['a head of Ruby has no brace', 'ruby', '  |', 'if ready?(a)'],
  ['an address in a style', 'css', '  |', 'background: url(//a.b/it);'],
  ['a note in a style', 'scss', '  |', "// don't"],
  ['a long note in Lua', 'lua', '|', "--[[ it's ( ]]"],
  ['a long text in Lua', 'lua', 'local a = |', "[==[it's ]] (]==]"],
  ['a doubled quote', 'sql', 'SELECT |', "'it''s' AS a;"],
  ['a note in SQL', 'sql', 'SELECT 1 |', "-- don't"],
  ['a prime', 'haskell', 'g = |', "foldl' f' 'a' xs"],
  ['a note in Haskell', 'haskell', '|', "{- don't {- ( -} -} x = 1"],
  ['a note in PowerShell', 'powershell', '|', "<# don't ( #> $a = 1"],
  ['an escaped quote', 'powershell', '$a = |', '"it`"s ("'],
  ['a sigil', 'elixir', '  a = |', "~r/['(]/"],
  ['a substitution in Perl', 'perl', '  |', "$a =~ s/'/(/g;"],
  ['a variable of Perl', 'perl', '  |', 'my $n = $#a + $#{$b};'],
  ['a text of Nix', 'nix', '  a = |', "''it's ''${b} ${c \"d\"} ('';"],
  ['an escaped sign of Lisp', 'lisp', '|', '(f "a \\" (" #\\()'],
  ['a condition with its statement', 'typescript', '  |', 'if (a) b(c)'],
  ['the end of a loop', 'typescript', '  do {\n    a();\n  |', '} while (b)'],
  ['a declaration in a condition', 'go', '\tif |', 'err := f()'],
  ['a text in another file format', 'unheardOf', '  |', 'don\'t (a) "b" // it\'s'],
];
for (const [name, languageId, marked, text] of whole) test(`${languageId}: ${name} stays as it is`, () => check(languageId, marked, text));

const closed: readonly [name: string, languageId: string, marked: string, text: string, expected: string][] = [
  ['a call behind a regular expression', 'typescript', '  const b = |', "a.replace(/'/g, x", "a.replace(/'/g, x)"],
  ['a regular expression is no operator', 'typescript', '  const b = |', 'a.split(/ /', 'a.split(/ /)'],
  ['a template is closed with its hole', 'typescript', '  const b = |', '`a ${c', '`a ${c}`'],
  ['a raw text', 'rust', '    f(|);', 'r#"a', 'r#"a"#'],
  ['a long text of Lua', 'lua', 'local a = |', '[==[a', '[==[a]==]'],
  ['a comment of Haskell', 'haskell', '|', '{- a', '{- a -}'],
  ['a head without a body', 'rust', '    |', 'if f(a)', 'if f(a) {\n    }'],
  ['behind the end of a statement nothing is missing', 'typescript', '  |', 'odd((a;', 'odd((a;'],
  ['a block is closed there nevertheless', 'typescript', '  |', 'each((a) => {\n    b(a);', 'each((a) => {\n    b(a);\n  })'],
  ['the end of a template that stands below', 'typescript', 'const a = `\n  |\n`;', 'b`;', 'b'],
  ['the end of one that stands behind the cursor', 'typescript', 'f(`a\n  |`);', 'b`);', 'b'],
  ['the end of a docstring that stands below', 'python', 'def f():\n    """One.\n    |\n    """', 'Two."""', 'Two.'],
];
for (const [name, ...row] of closed) test(`closed once: ${name}`, () => check(...row));

// A docstring that began far above the window of a site is prose nevertheless.
const farDocstring = `def f():\n    """A node.\n${'    A line of it.\n'.repeat(1200)}    |`;
for (const text of ['A node in the graph.', '(if any) of', "I'm here (a", 'x ='])
  test(`in a docstring that began far above stays: ${text}`, () => check('python', farDocstring, text));

// Statements that are whole on their line, of texts, comments and brackets that may stand in each other.
const words = fc.constantFrom('a', 'total', 'x1', 'fetchAll');
interface Grammar {
  readonly languageId: string;
  readonly values: readonly string[];
  readonly comments: readonly string[];
  readonly end: string;
}
const grammars: readonly Grammar[] = [
  {
    languageId: 'typescript',
    values: ["'it\"s ('", '"it\'s )"', '`a ${b["`"]} \'`', '/[\'"(]\\/[/`]/g', "/* ( it's */ 1", 'b / c'],
    comments: [" // it's (", ' /* [ ` */'],
    end: ';',
  },
  { languageId: 'python', values: ["'it\"s ('", '"it\'s )"', "r'\\d('", 'f"{b}("', '"""a \'" ("""', "'''\"'''"], comments: ["  # it's ("], end: '' },
  { languageId: 'rust', values: ["'('", "'\\''", "b'['", '"it\'s ("', 'r#"a " ("#', "x::<'a>(y)"], comments: [" // it's (", " /* /* ' */ ( */"], end: ';' },
  { languageId: 'go', values: ["'('", "'\\''", '"it\'s ("', '`a " \' (\\`'], comments: [" // it's (", ' /* ` */'], end: '' },
  { languageId: 'cpp', values: ["'('", "1'000", "0xFF'FF", 'R"(a " ()"', '"it\'s ("'], comments: [" // it's (", " /* ' */"], end: ';' },
  { languageId: 'csharp', values: ["'('", '@"C:\\"', '$"{b["c"]}"', '@"a "" ("', '"""a " ("""'], comments: [" // it's ("], end: ';' },
  { languageId: 'ruby', values: ["'it\\'s ('", '"a #{b["c"]} ("', "/['(]/"], comments: [" # it's ("], end: '' },
  { languageId: 'lua', values: ["'it\\'s ('", '[[it\'s ("]]', '[=[ ]] ]=]'], comments: [" -- it's (", " --[[ ' ]]"], end: '' },
  { languageId: 'sql', values: ["'it''s ('", '"a""b"'], comments: [" -- it's (", " /* ' */"], end: ';' },
  { languageId: 'kotlin', values: ["'('", '"a ${b["c"]} ("', '"""a "b" ("""'], comments: [" // it's (", " /* /* ' */ */"], end: '' },
  { languageId: 'php', values: ["'it\\'s ('", '"it\'s ("'], comments: [" // it's (", " # it's (", " /* ' */"], end: ';' },
];
const statementOf = ({ values, comments, end }: Grammar) => {
  const { value } = fc.letrec<{ value: string }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3, depthIdentifier: 'value' },
      fc.constantFrom(...values),
      words,
      fc.tuple(words, fc.array(tie('value'), { minLength: 1, maxLength: 3 })).map(([name, args]) => `${name}(${args.join(', ')})`),
      fc.tuple(words, tie('value')).map(([name, index]) => `${name}[${index}]`),
    ),
  }));
  return fc.tuple(words, value, fc.constantFrom('', ...comments)).map(([name, of, comment]) => `${name} = ${of}${end}${comment}`);
};

function shown(text: string, site: Site, languageId: string): string {
  const { linePrefix, lineSuffix, following } = site;
  const input = { languageId, linePrefix, lineSuffix, following, openAbove: openAbove(site, languageId) };
  return finishStatement(closeWhatItOpens(text, { ...input, isEnded: true }), { ...input, isGrowing: false });
}

for (const grammar of grammars) {
  test(`${grammar.languageId}: to code that is whole on its line nothing is appended, wherever the cursor stands in it`, () => {
    fc.assert(
      fc.property(fc.array(statementOf(grammar), { minLength: 1, maxLength: 3 }), fc.nat(), (statements, cut) => {
        const code = statements.join('\n');
        const firstLine = statements[0]?.length ?? 0;
        const at = cut % firstLine;
        const text = code.slice(at);
        const result = shown(text, cursorIn(`${code.slice(0, at)}|`), grammar.languageId);
        assert.ok(text.startsWith(result), `${JSON.stringify(text)} became ${JSON.stringify(result)}`);
        if (at === 0) assert.equal(result, code);
      }),
    );
  });
}
