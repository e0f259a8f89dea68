import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changed, takeAll } from './changed.ts';

/** `⟦before⟧⟦after⟧` is what the user did; expected is the text when everything that was offered is taken, null when nothing is. */
const cases: readonly [name: string, languageId: string, marked: string, expected: string | null][] = [
  [
    'a parameter is renamed in its function, in interpolations, not in strings or comments inside it, and not in the next function',
    'typescript',
    "function f(⟦price⟧⟦cost⟧: number) {\n  // price here\n  log('price', `${price} price`);\n  return price * item.price;\n}\nfunction g(price: number) { return price; }\n",
    "function f(cost: number) {\n  // price here\n  log('price', `${cost} price`);\n  return cost * item.price;\n}\nfunction g(price: number) { return price; }\n",
  ],
  [
    'the documentation of a function follows its parameter',
    'typescript',
    '/**\n * @param price in cents\n */\nexport function f(⟦price⟧⟦cost⟧: number): number {\n  return price;\n}\n',
    '/**\n * @param cost in cents\n */\nexport function f(cost: number): number {\n  return cost;\n}\n',
  ],
  [
    'a shorthand property keeps its key',
    'typescript',
    'const f = (⟦a⟧⟦b⟧: number) => ({ a, c: a, a: 1 });',
    'const f = (b: number) => ({ a: b, c: b, a: 1 });',
  ],
  ['an arrow without a block ends with its expression', 'javascript', 'xs.map((⟦x⟧⟦item⟧) => x + 1, x);\n', 'xs.map((item) => item + 1, x);\n'],
  ['a bare parameter of an arrow', 'javascript', 'xs.map(⟦x⟧⟦item⟧ => x.y + x);\nx();\n', 'xs.map(item => item.y + item);\nx();\n'],
  [
    'a local is renamed in its block only',
    'typescript',
    'if (a) {\n  const ⟦x⟧⟦y⟧ = 1;\n  use(x);\n}\nuse(x);\n',
    'if (a) {\n  const y = 1;\n  use(y);\n}\nuse(x);\n',
  ],
  [
    'an inner declaration of the same name is another thing',
    'typescript',
    'const ⟦x⟧⟦y⟧ = 1;\nfunction f() {\n  const x = 2;\n  return x;\n}\nuse(x);\n',
    'const y = 1;\nfunction f() {\n  const x = 2;\n  return x;\n}\nuse(y);\n',
  ],
  ['a name that is only used is no renaming', 'typescript', 'const a = 1;\nconst b = 2;\nuse(⟦a⟧⟦b⟧);\nuse(a);\n', null],
  ['where the new name means something already, nothing is offered', 'typescript', 'function f(⟦a⟧⟦b⟧: number) {\n  const b = a;\n  return a + b;\n}\n', null],
  [
    'a function and its calls, not a method of the same name',
    'typescript',
    'function ⟦load⟧⟦read⟧() {}\nload();\nstore.load();\n',
    'function read() {}\nread();\nstore.load();\n',
  ],
  [
    'a loop variable ends with its loop',
    'typescript',
    'for (const ⟦x⟧⟦item⟧ of xs) {\n  use(x);\n}\nuse(x);\n',
    'for (const item of xs) {\n  use(item);\n}\nuse(x);\n',
  ],
  ['a letter more is a renaming as well', 'typescript', 'const item⟦⟧⟦s⟧ = [];\nuse(item);\n', 'const items = [];\nuse(items);\n'],
  ['an imported name', 'typescript', "import { ⟦load⟧⟦read⟧ } from './a';\nload(1);\n", "import { read } from './a';\nread(1);\n"],
  [
    'a type',
    'typescript',
    'interface ⟦User⟧⟦Person⟧ { name: string }\nfunction f(u: User): User[] { return [u]; }\n',
    'interface Person { name: string }\nfunction f(u: Person): Person[] { return [u]; }\n',
  ],
  [
    'the key of an object is not the variable',
    'typescript',
    'function f(⟦id⟧⟦key⟧: string) {\n  return { id: id, x: { id } };\n}\n',
    'function f(key: string) {\n  return { id: key, x: { id: key } };\n}\n',
  ],
  ['a catch clause', 'typescript', 'const ⟦total⟧⟦sum⟧ = a ? total : total;\n', 'const sum = a ? sum : sum;\n'],
  ['line breaks of Windows', 'typescript', 'const ⟦x⟧⟦y⟧ = 1;\r\nuse(x);\r\n', 'const y = 1;\r\nuse(y);\r\n'],

  [
    'a field where the text says of which type it is',
    'typescript',
    'interface User {\n  ⟦name⟧⟦title⟧: string;\n}\nfunction f(user: User, pet: Pet) {\n  return user.name + pet.name;\n}\nconst u: User = { name: "a" };\n',
    'interface User {\n  title: string;\n}\nfunction f(user: User, pet: Pet) {\n  return user.title + pet.name;\n}\nconst u: User = { title: "a" };\n',
  ],
  [
    'a field and this',
    'typescript',
    'class A {\n  private ⟦x⟧⟦y⟧ = 1;\n  f() { return this.x + other.x; }\n}\nclass B {\n  x = 1;\n  f() { return this.x; }\n}\n',
    'class A {\n  private y = 1;\n  f() { return this.y + other.x; }\n}\nclass B {\n  x = 1;\n  f() { return this.x; }\n}\n',
  ],
  [
    'a method',
    'typescript',
    'class A {\n  ⟦load⟧⟦read⟧() {}\n  f() { this.load(); load(); }\n}\n',
    'class A {\n  read() {}\n  f() { this.read(); load(); }\n}\n',
  ],

  [
    'a parameter in Python, its docstring and f-strings, not the keyword of a call',
    'python',
    'def f(⟦price⟧⟦cost⟧, n=1):\n    """Takes price."""\n    print(f"{price}", "price")\n    return g(price=price)\n\ndef h(price):\n    return price\n',
    'def f(cost, n=1):\n    """Takes cost."""\n    print(f"{cost}", "price")\n    return g(price=cost)\n\ndef h(price):\n    return price\n',
  ],
  [
    'a variable in Python that is bound twice is one variable',
    'python',
    'def f():\n    ⟦total⟧⟦amount⟧ = 0\n    total = total + 1\n    return total\n\ntotal = 2\n',
    'def f():\n    amount = 0\n    amount = amount + 1\n    return amount\n\ntotal = 2\n',
  ],
  [
    'a variable of the module, not that of a function',
    'python',
    '⟦limit⟧⟦bound⟧ = 3\n\ndef f(limit):\n    return limit\n\nprint(limit)\n',
    'bound = 3\n\ndef f(limit):\n    return limit\n\nprint(bound)\n',
  ],
  [
    'a field that __init__ makes',
    'python',
    'class A:\n    def __init__(self, a):\n        self.⟦x⟧⟦y⟧ = a\n\n    def f(self):\n        return self.x + a.x\n\nclass B:\n    def f(self):\n        return self.x\n',
    'class A:\n    def __init__(self, a):\n        self.y = a\n\n    def f(self):\n        return self.y + a.x\n\nclass B:\n    def f(self):\n        return self.x\n',
  ],
  ['a comprehension', 'python', 'a = [⟦x⟧⟦item⟧ for x in xs]\n', null],
  ['the variable of a comprehension', 'python', 'a = [x for ⟦x⟧⟦item⟧ in xs if x]\nprint(x)\n', 'a = [item for item in xs if item]\nprint(x)\n'],

  [
    'a parameter in Go, not the field',
    'go',
    'func f(⟦a⟧⟦b⟧ int, c string) int {\n\tt := T{a: a}\n\treturn t.a + a\n}\nfunc g(a int) int { return a }\n',
    'func f(b int, c string) int {\n\tt := T{a: b}\n\treturn t.a + b\n}\nfunc g(a int) int { return a }\n',
  ],
  [
    'a short declaration in Go',
    'go',
    'func f() {\n\t⟦n⟧⟦count⟧, err := g()\n\tif n > 0 {\n\t\tn := 2\n\t\tuse(n)\n\t}\n\tuse(n, err)\n}\n',
    'func f() {\n\tcount, err := g()\n\tif count > 0 {\n\t\tn := 2\n\t\tuse(n)\n\t}\n\tuse(count, err)\n}\n',
  ],
  [
    'a receiver',
    'go',
    'func (⟦s⟧⟦srv⟧ *Server) Run() error {\n\treturn s.run(s.port)\n}\n',
    'func (srv *Server) Run() error {\n\treturn srv.run(srv.port)\n}\n',
  ],
  [
    'a field in Go',
    'go',
    'type User struct {\n\t⟦Name⟧⟦Title⟧ string\n}\n\nfunc f(u *User, p Pet) string {\n\treturn u.Name + p.Name + User{Name: "a"}.x\n}\n',
    'type User struct {\n\tTitle string\n}\n\nfunc f(u *User, p Pet) string {\n\treturn u.Title + p.Name + User{Title: "a"}.x\n}\n',
  ],

  [
    'a binding in Rust up to the one that hides it',
    'rust',
    'fn f() {\n    let ⟦x⟧⟦y⟧ = 1;\n    let x = x + 1;\n    println!("{x}", x);\n}\n',
    'fn f() {\n    let y = 1;\n    let x = y + 1;\n    println!("{x}", x);\n}\n',
  ],
  [
    'a binding in Rust, in format strings too',
    'rust',
    'fn f<\'a>(s: &\'a str) {\n    let ⟦x⟧⟦y⟧ = s;\n    println!("{x} x {}", x);\n    P { x, z: x };\n}\n',
    'fn f<\'a>(s: &\'a str) {\n    let y = s;\n    println!("{y} x {}", y);\n    P { x: y, z: y };\n}\n',
  ],
  [
    'a parameter in Rust',
    'rust',
    'fn f(⟦n⟧⟦count⟧: usize) -> usize {\n    n + self.n\n}\nfn g(n: usize) -> usize { n }\n',
    'fn f(count: usize) -> usize {\n    count + self.n\n}\nfn g(n: usize) -> usize { n }\n',
  ],
  [
    'a field in Rust',
    'rust',
    'struct P {\n    ⟦x⟧⟦y⟧: i32,\n}\nimpl P {\n    fn f(&self) -> i32 { self.x }\n}\nfn g(p: &P, q: Q) -> i32 { p.x + q.x + P { x: 1 }.z }\n',
    'struct P {\n    y: i32,\n}\nimpl P {\n    fn f(&self) -> i32 { self.y }\n}\nfn g(p: &P, q: Q) -> i32 { p.y + q.x + P { y: 1 }.z }\n',
  ],
];

for (const [name, languageId, marked, expected] of cases) {
  test(`${languageId}: ${name}`, () => {
    const from = changed(marked);
    assert.equal(takeAll(from, { languageId }).text, expected ?? from.text);
  });
}
