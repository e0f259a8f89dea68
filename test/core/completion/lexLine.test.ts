// What a stretch of code leaves open, and what it closes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lex, scopeAt } from '../../../server/core/completion/lexLine.ts';
import { triggerVerdict } from '../../../server/core/completion/trigger.ts';
import { cursorIn } from './cursor.ts';

/** `|` is where the stretch begins. */
function check(languageId: string, marked: string, expected: { readonly before?: string; readonly own?: string; readonly surplus?: string }): void {
  const [before = '', text = ''] = marked.split('|');
  const { openBefore, own, surplus } = lex(text, { languageId, before });
  const signs = (all: readonly { readonly sign: string }[]) => all.map(({ sign }) => sign).join(' ');
  assert.deepEqual({ before: signs(openBefore), own: signs(own), surplus: signs(surplus) }, { before: '', own: '', surplus: '', ...expected });
}

const stretches: readonly [name: string, languageId: string, marked: string, expected: Parameters<typeof check>[2]][] = [
  ['brackets lie in each other', 'typescript', '|f(a[b', { own: '( [' }],
  ['what stood open before is not the stretch’s own', 'typescript', 'f(|a, [b', { before: '(', own: '[' }],
  ['what it closes of that is not its own either', 'typescript', 'f(|a) + [b', { before: '(', own: '[' }],
  ['a closer of another kind closes nothing', 'typescript', '|f(a]', { own: '(', surplus: ']' }],
  ['a text is closed by its own quote', 'typescript', 'f("a|\'b") + g(', { before: '( "', own: '(' }],
  ['a hole is open in its text', 'typescript', '|`a ${f(', { own: '` { (' }],
  ['a text that its line ends was none', 'typescript', '|"abc\nf(', { own: '(' }],
  ['unless a backslash stands there', 'c', '|"abc\\\nf(', { own: '"' }],
  ['also before the line break of Windows', 'c', '|"abc\\\r\nf(', { own: '"' }],
  ['a text over lines is open', 'python', '|a = """it\'s\n(', { own: '"""' }],
  ['a comment over lines, too', 'css', "|a { /* it's\n(", { own: '{ /*' }],
  ['a slash divides behind a name', 'typescript', '|a / f(b) / [c', { own: '[' }],
  ['behind a bracket', 'typescript', '|(a) / "b', { own: '"' }],
  ['behind an increment', 'typescript', '|i++ / (2 / f(', { own: '( (' }],
  ['and where nothing ends it on its line', 'typescript', '|f(/a(\n)', { own: '(' }],
  ['it begins a regular expression behind an operator', 'typescript', '|a = /(/', {}],
  ['behind a keyword', 'typescript', '|return /(/', {}],
  ['but not behind a member that is called so', 'typescript', '|a.return / (b', { own: '(' }],
  ['before the cursor it may begin what ends behind', 'typescript', 'f(/|(/', { before: '(' }],
  ['a closing tag is none', 'javascriptreact', '|<b>a</b> + f(/x/', { own: '(' }],
  ['an address in a comment-like place', 'typescript', '|a: http://b(', { own: '(' }],
  ['a sharp without a blank in the shell', 'shellscript', '|echo ${#a} a#b (', { own: '(' }],
  ['an empty comment is one', 'typescript', '|/**/ f(', { own: '(' }],
  ['an operator in Haskell', 'haskell', '|a --> (', { own: '(' }],
  ['an operator in OCaml', 'ocaml', '|(*) [', { own: '[', surplus: '' }],
  ['a here text of the shell', 'shellscript', "|cat <<'EOF'\nit's (\nEOF\nf(", { own: '(' }],
  ['a shift in the shell', 'shellscript', '|a=$((1 << b)); (', { own: '(' }],
  ['a here text of PHP', 'php', "|$a = <<<EOT\n  it's (\n  EOT;\nf(", { own: '(' }],
  ['a here text of Ruby', 'ruby', "|a = <<~SQL\n  it's (\n  SQL\nf(", { own: '(' }],
];
for (const [name, ...row] of stretches) test(name, () => check(...row));

test('of what is closed is said how much stays open', () => {
  assert.deepEqual(lex('a), b]', { languageId: 'typescript', before: 'f([g(' }).closed, [
    { sign: ')', at: 1, depth: 2 },
    { sign: ']', at: 5, depth: 1 },
  ]);
});
test('a line comment lasts to the end of its line', () => {
  assert.equal(lex('a // b (', { languageId: 'go' }).scope, 'comment');
  assert.equal(lex('a // b (\n', { languageId: 'go' }).scope, 'code');
});

const scopes: readonly [name: string, languageId: string, marked: string, expected: string][] = [
  ['the lines of a comment', 'typescript', '/*\n * a\n |\n */', 'comment'],
  ['what stands behind it', 'typescript', '/*\n * a\n */ |', 'code'],
  ['a comment in a text is none', 'typescript', 'const a = "/*";\n|', 'code'],
  ['a text in a comment is none', 'typescript', '// `\n|', 'code'],
  ['nor a regular expression', 'typescript', 'a = /`/;\nb = /[/`]/;\n|', 'code'],
  ['a template over lines', 'typescript', "a = `\n  it's |\n`", 'string'],
  ['a hole of one', 'typescript', 'a = `\n  ${f(\n    |', 'code'],
  ['behind the hole it is a text again', 'typescript', "a = `\n  ${f({\n  })} it's |", 'string'],
  ['a bracket too many in a hole', 'typescript', 'a = `${f((1)}`;\n|', 'code'],
  ['a docstring', 'python', 'def f():\n    """A\n    b |', 'string'],
  ['behind it', 'python', 'def f():\n    """A\n    b"""\n    |', 'code'],
  ['three quotes of the other kind in it', 'python', 'a = """\n\'\'\'\n|', 'string'],
  ['a comment with three quotes', 'python', '# """\n|', 'code'],
  ['a raw text of Go', 'go', 'a := `\n\\\n|', 'string'],
  ['a raw text of Rust', 'rust', 'let a = r#"\n"\n|', 'string'],
  ['a raw text of C++', 'cpp', 'auto a = R"x(\n)"\n|', 'string'],
  ['a text of C# as it is', 'csharp', 'var a = @"C:\\\n|', 'string'],
  ['a block of text of Java', 'java', 'var a = """\n  "b"\n|', 'string'],
  ['a long comment of Lua', 'lua', '--[[\n|', 'comment'],
  ['a comment of HTML', 'html', '<!--\n|', 'comment'],
  ['a documentation in Ruby', 'ruby', "=begin\nit's\n|", 'comment'],
  ['behind it', 'ruby', "=begin\nit's\n=end\n|", 'code'],
  ['a here text', 'shellscript', "cat <<EOF\nit's |", 'string'],
  ['behind it', 'shellscript', "cat <<EOF\nit's\nEOF\n|", 'code'],
  ['with the line breaks of Windows', 'typescript', 'a = `\r\n  b\r\n  |', 'string'],
  ['an apostrophe between tags', 'typescriptreact', "a = <p>it's ` so</p>;\n|", 'code'],
];
for (const [name, languageId, marked, expected] of scopes) test(`${languageId}: ${name}`, () => assert.equal(scopeAt(cursorIn(marked), languageId), expected));

/** Above the cursor stands much more than the window of a site holds. */
const farAway: readonly [name: string, languageId: string, opening: string, filling: string, closing: string, expected: string][] = [
  ['a docstring', 'python', 'def f():\n    """A node.\n', "    I'm a line (of it.\n", '    """\n', 'string'],
  ['a template', 'typescript', 'const a = `\n', "  I'm a line ${f({ b: '`' })} (of it.\n", '`;\n', 'string'],
  ['a comment', 'typescript', '/**\n', " * I'm a `line (of it.\n", ' */\n', 'comment'],
  ['a comment of C', 'c', '/*\n', ' I\'m a "line (of it.\n', '*/\n', 'comment'],
  ['a raw text', 'go', 'const a = `\n', '  I\'m a "line (of it.\n', '`\n', 'string'],
  ['a raw text', 'rust', 'const A: &str = r#"\n', '  I\'m a "line (of it.\n', '"#;\n', 'string'],
  ['a block of text', 'java', 'var a = """\n', '  I\'m a "line (of it.\n', '  """;\n', 'string'],
  ['a block of text', 'kotlin', 'val a = """\n', '  I\'m a "line ${f("b")} (of it.\n', '  """\n', 'string'],
  ['a block of text', 'swift', 'let a = """\n', '  I\'m a "line \\(f("b")) (of it.\n', '  """\n', 'string'],
  ['a block of text', 'scala', 'val a = """\n', '  I\'m a "line (of it.\n', '  """\n', 'string'],
  ['a text as it is', 'csharp', 'var a = @"\n', '  I\'m a ""line (of it.\\\n', '";\n', 'string'],
  ['a long text', 'lua', 'local a = [[\n', '  I\'m a "line (of it.\n', ']]\n', 'string'],
];
const linesOfCode: Readonly<Record<string, string>> = { python: 'total = f("it\'s", 1)  # """\n', lua: 'f("it\'s", 1) -- [[\n' };
for (const [name, languageId, opening, filling, closing, expected] of farAway) {
  const code = (linesOfCode[languageId] ?? 'f("it\'s /*", 1); // `\n').repeat(400);
  const inside = code + opening + filling.repeat(600);
  test(`${languageId}: ${name} that began far above`, () => {
    assert.equal(scopeAt(cursorIn(`${inside}|`), languageId), expected);
    assert.equal(scopeAt(cursorIn(`${inside}${closing}${code}|`), languageId), 'code');
    assert.equal(scopeAt(cursorIn(`${inside}${closing}${code}${opening}|`), languageId), expected);
  });
  test(`${languageId}: ${name} in a file that is too long to be read from its beginning`, () => {
    const long = code.repeat(40);
    assert.equal(scopeAt(cursorIn(`${long}${opening}${filling}|`), languageId), expected);
    assert.equal(scopeAt(cursorIn(`${opening}${filling.repeat(10)}${closing}${long}|`), languageId), 'code');
  });
}

test('what is excluded is excluded also where it began far above', () => {
  const verdict = (marked: string) =>
    triggerVerdict({
      site: cursorIn(marked),
      languageId: 'python',
      excludedLanguages: [],
      excludedScopes: ['string'],
      isJustRejected: false,
      isExplicit: false,
    });
  const docstring = `def f():\n    """A node.\n${'    A line of it.\n'.repeat(1200)}`;
  assert.equal(verdict(`${docstring}    |`), 'excludedScope');
  assert.equal(verdict(`${docstring}    """\n    |`), 'ask');
});
// Where reading begins in a file that is too long may lie in a docstring, a template or a comment: lines of code tell which it is.
const methods: readonly [languageId: string, method: string][] = [
  [
    'python',
    '    def f(self, a):\n        """Say what it\'s about.\n\n        If a is given, that (or `it`)\n        counts.\n        """\n        self.a = a\n        return a\n\n',
  ],
  [
    'typescript',
    "  /**\n   * Says what it's about:\n   * a `quoted word, and\n   *   f();\n   */\n  f(a: string) {\n    return `\n      it's ${a}\n      so\n    `;\n  }\n\n",
  ],
  ['go', "// f says what it's `about.\nfunc f(a string) string {\n\treturn `\n\t\tit's \" so\n\t\tand so on\n\t`\n}\n\n"],
];
for (const [languageId, method] of methods) {
  test(`${languageId}: wherever reading of a long file begins, its end is judged alike`, () => {
    const long = method.repeat(1000);
    const wanted = scopeAt(cursorIn(`${method}|`), languageId);
    for (let more = 0; more < method.length; more += 7) {
      const line = `${'f'.repeat(more)}()\n`;
      assert.equal(scopeAt(cursorIn(`${long}${line}|`), languageId), wanted, `${more} characters further`);
    }
  });
}
