import assert from 'node:assert/strict';
import { test } from 'node:test';
import { importsOf } from '../../../server/core/nextEdit/imports.ts';
import { sourceOf } from '../../../server/core/nextEdit/source.ts';
import { changed, takeAll } from './changed.ts';

/** `⟦before⟧⟦after⟧` is what the user did, `!` the newest of several; expected is the text when all that was offered is taken, null when nothing is. */
type Case = readonly [name: string, languageId: string, marked: string, expected: string | null];

const jsClass = (parameters: string, fields: string, body: string) =>
  `class A {\n  readonly a: X;\n${fields}\n  constructor(${parameters}) {\n    this.a = a;\n${body}  }\n}\n`;

const members: readonly Case[] = [
  [
    'a parameter becomes a field and is assigned',
    'typescript',
    jsClass('a: X⟦⟧⟦, b: number⟧', '', ''),
    'class A {\n  readonly a: X;\n  readonly b: number;\n\n  constructor(a: X, b: number) {\n    this.a = a;\n    this.b = b;\n  }\n}\n',
  ],
  [
    'a field becomes a parameter and is assigned',
    'typescript',
    jsClass('a: X', '⟦⟧⟦  readonly b: number;⟧', ''),
    jsClass('a: X, b: number', '  readonly b: number;', '    this.b = b;\n'),
  ],
  ['what is there already is not offered again', 'typescript', jsClass('a: X⟦⟧⟦, b: number⟧', '  readonly b: number;', '    this.b = b * 2;\n'), null],
  ['a field with a value of its own needs no argument', 'typescript', jsClass('a: X', '⟦⟧⟦  readonly b: number = 1;⟧', ''), null],
  [
    'where the constructor does something else, nothing is known',
    'typescript',
    'class A {\n  constructor(a: X⟦⟧⟦, b: Y⟧) {\n    this.a = a + 1;\n  }\n}\n',
    null,
  ],
  [
    'a private field',
    'javascript',
    'class A {\n  #a;\n  constructor(a⟦⟧⟦, b⟧) {\n    this.#a = a;\n  }\n}\n',
    'class A {\n  #a;\n  constructor(a, b) {\n    this.#a = a;\n    this.#b = b;\n  }\n}\n',
  ],
  [
    'one parameter a line',
    'typescript',
    'class A {\n  a: X;\n⟦⟧⟦  b: Y;\n⟧  constructor(\n    a: X,\n  ) {\n    this.a = a;\n  }\n}\n',
    'class A {\n  a: X;\n  b: Y;\n  constructor(\n    a: X,\n    b: Y,\n  ) {\n    this.a = a;\n    this.b = b;\n  }\n}\n',
  ],
  [
    '__init__',
    'python',
    'class A:\n    def __init__(self, a: int⟦⟧⟦, b: str⟧):\n        self._a = a\n\nx = 1\n',
    'class A:\n    def __init__(self, a: int, b: str):\n        self._a = a\n        self._b = b\n\nx = 1\n',
  ],
  [
    'a struct literal in Go',
    'go',
    'type A struct {\n\ta int\n}\n\nfunc NewA(a int⟦⟧⟦, b string⟧) *A {\n\treturn &A{a: a}\n}\n',
    'type A struct {\n\ta int\n\tb string\n}\n\nfunc NewA(a int, b string) *A {\n\treturn &A{a: a, b: b}\n}\n',
  ],
  [
    'a field of a struct in Go',
    'go',
    'type A struct {\n\ta int\n⟦⟧⟦\tb string\n⟧}\n\nfunc NewA(a int) *A {\n\treturn &A{\n\t\ta: a,\n\t}\n}\n',
    'type A struct {\n\ta int\n\tb string\n}\n\nfunc NewA(a int, b string) *A {\n\treturn &A{\n\t\ta: a,\n\t\tb: b,\n\t}\n}\n',
  ],
  [
    'a struct literal in Rust',
    'rust',
    'struct A {\n    a: u8,\n}\nimpl A {\n    fn new(a: u8⟦⟧⟦, b: String⟧) -> Self {\n        Self { a }\n    }\n}\n',
    'struct A {\n    a: u8,\n    b: String,\n}\nimpl A {\n    fn new(a: u8, b: String) -> Self {\n        Self { a, b }\n    }\n}\n',
  ],
];

const callArguments: readonly Case[] = [
  [
    'a parameter more, and calls that have one by that name',
    'typescript',
    'function f(a: X⟦⟧⟦, signal: AbortSignal⟧) {}\nfunction g(signal: AbortSignal) {\n  f(1);\n}\nfunction h() {\n  f(2);\n}\n',
    'function f(a: X, signal: AbortSignal) {}\nfunction g(signal: AbortSignal) {\n  f(1, signal);\n}\nfunction h() {\n  f(2);\n}\n',
  ],
  [
    'one that may be left out asks for nothing',
    'typescript',
    'function f(a: X⟦⟧⟦, signal?: AbortSignal⟧) {}\nfunction g(signal: AbortSignal) {\n  f(1);\n}\n',
    null,
  ],
  ['one with a default neither', 'python', 'def f(a⟦⟧⟦, n=1⟧):\n    pass\n\ndef g(n):\n    f(2)\n', null],
  [
    'a method is called through this',
    'typescript',
    'class A {\n  load(a: X⟦⟧⟦, log: Log⟧) {}\n  run(log: Log) {\n    this.load(1);\n    other.load(1);\n  }\n}\n',
    'class A {\n  load(a: X, log: Log) {}\n  run(log: Log) {\n    this.load(1, log);\n    other.load(1);\n  }\n}\n',
  ],
  [
    'a method in Python',
    'python',
    'class A:\n    def load(self, a⟦⟧⟦, log⟧):\n        pass\n\n    def run(self, log):\n        self.load(1)\n',
    'class A:\n    def load(self, a, log):\n        pass\n\n    def run(self, log):\n        self.load(1, log)\n',
  ],
  [
    'an argument that was added at one call',
    'typescript',
    "import { f } from './f';\nfunction g(ctx: C) {\n  f(1⟦⟧⟦, ctx⟧);\n  f(2);\n}\nfunction h() {\n  f(3);\n}\n",
    "import { f } from './f';\nfunction g(ctx: C) {\n  f(1, ctx);\n  f(2, ctx);\n}\nfunction h() {\n  f(3);\n}\n",
  ],
  [
    'before the others',
    'go',
    'func g(ctx context.Context) {\n\tload(⟦⟧⟦ctx, ⟧1)\n\tload(2)\n}\n',
    'func g(ctx context.Context) {\n\tload(ctx, 1)\n\tload(ctx, 2)\n}\n',
  ],
  ['a literal is wanted only where the function says so', 'typescript', 'f(1⟦⟧⟦, true⟧);\nx();\nf(2);\n', null],
  [
    'and then it is',
    'typescript',
    'function f(a: X, b: boolean) {}\nf(1⟦⟧⟦, true⟧);\nx();\nf(2);\n',
    'function f(a: X, b: boolean) {}\nf(1, true);\nx();\nf(2, true);\n',
  ],
  ['a call of another number of arguments is left alone', 'typescript', "import { f } from './f';\nconst c = 1;\nf(1⟦⟧⟦, c⟧);\nx();\nf(2, 3);\n", null],
  ['functions that take as many as they are given', 'python', 'name = 1\nprint(1⟦⟧⟦, name⟧)\nx()\nprint(2)\n', null],
  ['calls in Rust', 'rust', 'fn f(a: u8⟦⟧⟦, n: u8⟧) {}\nfn g(n: u8) {\n    f(1);\n}\n', 'fn f(a: u8, n: u8) {}\nfn g(n: u8) {\n    f(1, n);\n}\n'],
];

const likeLines: readonly Case[] = [
  [
    'the second of two like lines',
    'typescript',
    "app.get('/a', ⟦⟧⟦auth, ⟧list);\napp.get('/b', show);\n",
    "app.get('/a', auth, list);\napp.get('/b', auth, show);\n",
  ],
  [
    'several, upwards as well',
    'typescript',
    'const a = load(1);\nconst b = ⟦⟧⟦await ⟧load(2);\nconst c = load(3);\nother();\nconst d = load(4);\n',
    'const a = await load(1);\nconst b = await load(2);\nconst c = await load(3);\nother();\nconst d = load(4);\n',
  ],
  [
    'in a list, what tells the lines apart is told apart in what is added',
    'typescript',
    '  name: row.name⟦⟧⟦ ?? old.name⟧,\n  mail: row.mail,\n  road: row.road,\n  city: row.city,\n',
    '  name: row.name ?? old.name,\n  mail: row.mail ?? old.mail,\n  road: row.road ?? old.road,\n  city: row.city ?? old.city,\n',
  ],
  [
    'two lines are no list: what stands behind one word may be meant for it alone',
    'typescript',
    '  name: row.name⟦⟧⟦ ?? old.name⟧,\n  mail: row.mail,\n',
    null,
  ],
  ['a type more', 'python', '    a: str⟦⟧⟦ | None⟧\n    b: str\n', null],
  ['a value gives way to an expression', 'typescript', '  a: 0,\n  b: ⟦0⟧⟦x.length⟧,\n', null],
  ['imports', 'typescript', "import { a⟦⟧⟦, c⟧ } from './a';\nimport { b } from './b';\n", null],
  ['a comment', 'go', '\tf(a, b)⟦⟧⟦ // first⟧\n\tf(a, c)\n', null],
  ['something goes away', 'typescript', '  x.add(a⟦, true⟧⟦⟧);\n  x.add(b, true);\n', '  x.add(a);\n  x.add(b);\n'],
  ['a value for another is left alone after the first time', 'typescript', 'f(a, ⟦1⟧⟦2⟧);\nf(b, 1);\n', null],
  ['and offered after the second', 'typescript', 'x.f(a, ⟦1⟧⟦2⟧);\nx.f(b, ⟦1⟧⟦2⟧!);\nx.f(c, 1);\n', 'x.f(a, 2);\nx.f(b, 2);\nx.f(c, 2);\n'],
  ['a line that was typed is no change of a line', 'typescript', 'use(a, b);\n⟦⟧⟦use(c, d);\n⟧use(e, f);\n', null],
  ['a copy that is being adapted neither', 'typescript', "set('x', 1);\n⟦⟧⟦set('y', 2, 3);\n⟧set('z', 1);\n", null],
  ['lines of another indentation are others', 'typescript', 'const a = ⟦⟧⟦await ⟧f(1);\n  const b = f(2);\n', null],
  ['lines that share only their signs', 'typescript', 'a.b(c⟦⟧⟦, d⟧);\ne.f(g);\n', null],
  [
    'in Python',
    'python',
    '    self.a = copy(a⟦⟧⟦, deep=depth⟧)\n    self.b = copy(b)\n    self.c = copy(c)\n    self.d = copy(d)\n',
    '    self.a = copy(a, deep=depth)\n    self.b = copy(b, deep=depth)\n    self.c = copy(c, deep=depth)\n    self.d = copy(d, deep=depth)\n',
  ],
  ['in Go', 'go', '\tA string⟦⟧⟦ `json:"a"`⟧\n\tB string\n', '\tA string `json:"a"`\n\tB string `json:"b"`\n'],
  ['in Rust', 'rust', '    ⟦⟧⟦pub ⟧a: u8,\n    b: u8,\n}\n', '    pub a: u8,\n    pub b: u8,\n}\n'],
];

const literals: readonly Case[] = [
  [
    'a key that is read elsewhere',
    'typescript',
    "const a = data['user⟦_⟧⟦⟧name'];\nif ('user_name' in data) log('user_name');\nmap.get('user_name');\n",
    "const a = data['username'];\nif ('username' in data) log('user_name');\nmap.get('username');\n",
  ],
  [
    'a key in Python',
    'python',
    "a = {'⟦colour⟧⟦color⟧': 1}\nprint(a['colour'], a.get('colour'), 'colour')\n",
    "a = {'color': 1}\nprint(a['color'], a.get('color'), 'colour')\n",
  ],
  ['a key in Go', 'go', 'm := map[string]int{"⟦one⟧⟦first⟧": 1}\nuse(m["one"])\n', 'm := map[string]int{"first": 1}\nuse(m["first"])\n'],
  ['a text for people is no key', 'typescript', "log('⟦hello⟧⟦goodbye⟧');\nlog('hello');\n", null],
  [
    'a number that the same name is given',
    'typescript',
    'f({ timeoutMs: ⟦300⟧⟦500⟧0 });\nx();\ng({ timeoutMs: 3000, size: 3000 });\n',
    'f({ timeoutMs: 5000 });\nx();\ng({ timeoutMs: 5000, size: 3000 });\n',
  ],
  ['a round one stands for many things', 'typescript', 'f({ size: ⟦100⟧⟦200⟧ });\nx();\ng({ size: 100 });\n', null],
];

const repeatedEdits: readonly Case[] = [
  [
    'what was put in twice between the same tokens',
    'typescript',
    'export const one = ⟦⟧⟦/* pure */ ⟧immer.one;\nrun();\nexport function f() {\n  x = ⟦⟧⟦/* pure */ ⟧!immer.two(3);\n}\nlet z = immer.three;\nz = other.three;\n',
    'export const one = /* pure */ immer.one;\nrun();\nexport function f() {\n  x = /* pure */ immer.two(3);\n}\nlet z = /* pure */ immer.three;\nz = other.three;\n',
  ],
  ['once says nothing', 'typescript', 'a = ⟦⟧⟦/* pure */ ⟧immer.one;\nif (b) c(immer.two, 1);\n', null],
  ['a part of another word is no place', 'python', 'x = f(⟦"Patches"⟧⟦PATCHES⟧, 1)\nif y: f(⟦"Patches"⟧⟦PATCHES⟧!, 2)\nelse: xf("Patches", 3)\n', null],
  ['brackets stay as they were', 'python', 'a: ⟦Optional[⟧⟦⟧int = 1\nreturn b: ⟦Optional[⟧⟦⟧!int = 2\nx(c: Optional[int]) = 3\n', null],
  ['one token beside it tells nothing', 'typescript', 'f(⟦⟧⟦aa, ⟧b);\ng.h(⟦⟧⟦aa, ⟧!c.d);\nreturn x(y);\n', null],
];

const repeatedNames: readonly Case[] = [
  [
    'a name that was replaced twice is at its other places',
    'python',
    'f(⟦Range⟧⟦span⟧(1))\nf(⟦Range⟧⟦span⟧!(2))\ng(Range(3), Ranges(4))\n',
    'f(span(1))\nf(span(2))\ng(span(3), Ranges(4))\n',
  ],
  [
    'a member of the same thing',
    'python',
    '@nx.⟦_send⟧⟦send⟧\n@nx.⟦_send⟧⟦send⟧!\nx(nx._send)\nreturn ny._send\n',
    '@nx.send\n@nx.send\nx(nx.send)\nreturn ny._send\n',
  ],
  ['once says nothing', 'python', '@nx.⟦_send⟧⟦send⟧\n@nx._send\n', null],
  [
    'a name with dots',
    'python',
    'a: ⟦typing.List⟧⟦list⟧[int]\nb: ⟦typing.List⟧⟦list⟧![str]\nc: typing.List[str]\n',
    'a: list[int]\nb: list[str]\nc: list[str]\n',
  ],
  ['neither in texts nor in comments', 'typescript', "x(⟦Dict⟧⟦Map⟧.of(1));\nx(⟦Dict⟧⟦Map⟧!.of(2));\ny('Dict'); // Dict\n", null],
  ['nor where it is declared, or only a label', 'typescript', 'x(⟦item⟧⟦one⟧.a);\ny(⟦item⟧⟦one⟧!.b);\nz({ item: 1 });\nfunction item() {}\n', null],
  ['counters are others each time', 'typescript', 'a[⟦i⟧⟦j⟧];\nb[⟦i⟧⟦j⟧!];\nwhile (i < 3) run();\n', null],
  ['another name for it the second time', 'typescript', 'x(⟦Dict⟧⟦Map⟧.of(1));\nx(⟦Dict⟧⟦Set⟧!.of(2));\nx(Dict.of(3));\n', null],
];

for (const [name, languageId, marked, expected] of [...repeatedEdits, ...repeatedNames, ...members, ...callArguments, ...likeLines, ...literals]) {
  test(`${languageId}: ${name}`, () => {
    const from = changed(marked);
    assert.equal(takeAll(from, { languageId }).text, expected ?? from.text);
  });
}

const imports: readonly (readonly [name: string, languageId: string, other: string, marked: string, expected: string | null])[] = [
  [
    'a line that was copied brings its import along',
    'typescript',
    "import { join } from 'node:path';\n",
    "import a from 'a';\n\n⟦⟧⟦x = join(a, b);\n⟧",
    "import a from 'a';\nimport { join } from 'node:path';\n\nx = join(a, b);\n",
  ],
  [
    'into the import that is there',
    'typescript',
    "import { join } from 'node:path';\n",
    "import { resolve } from 'node:path';\n\n⟦⟧⟦x = join(a, b);\n⟧",
    "import { resolve, join } from 'node:path';\n\nx = join(a, b);\n",
  ],
  [
    'what is declared here is not imported',
    'typescript',
    "import { join } from 'node:path';\n",
    "import a from 'a';\nfunction join() {}\n⟦⟧⟦x = join(a, b);\n⟧",
    null,
  ],
  ['a member of the same name neither', 'typescript', "import { join } from 'node:path';\n", "import a from 'a';\n⟦⟧⟦x = a.join('join');\n⟧", null],
  ['in Python', 'python', 'from os.path import join\n', 'import os\n\n⟦⟧⟦x = join(a, b)\n⟧', 'import os\nfrom os.path import join\n\nx = join(a, b)\n'],
  [
    'in Python, into the import that is there',
    'python',
    'from os.path import join\n',
    'from os.path import split\n\n⟦⟧⟦x = join(a, b)\n⟧',
    'from os.path import split, join\n\nx = join(a, b)\n',
  ],
  [
    'in Rust',
    'rust',
    'use std::collections::HashMap;\n',
    'use std::fs;\n\nfn f() {\n⟦⟧⟦    let m = HashMap::new();\n⟧}\n',
    'use std::fs;\nuse std::collections::HashMap;\n\nfn f() {\n    let m = HashMap::new();\n}\n',
  ],
  [
    'in Go',
    'go',
    'import (\n\t"fmt"\n\t"os/exec"\n)\n',
    'import (\n\t"fmt"\n)\n\nfunc f() {\n⟦⟧⟦\texec.Command("a")\n⟧}\n',
    'import (\n\t"fmt"\n\t"os/exec"\n)\n\nfunc f() {\n\texec.Command("a")\n}\n',
  ],
];
for (const [name, languageId, other, marked, expected] of imports) {
  test(`${languageId}: ${name}`, () => {
    const from = changed(marked);
    assert.equal(takeAll(from, { languageId, imports: importsOf(sourceOf(other, languageId)) }).text, expected ?? from.text);
  });
}
