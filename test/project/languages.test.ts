// What parsing finds in each language: text in, plain facts out, by the real grammars.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ContentFacts, Parsing } from '../../server/project/parsing.ts';
import { grammars } from './temporaryProject.ts';

const parsing = new Parsing(grammars);

/** One line for each definition: `+` exported or `-`, kind, container, signature, its type, its documentation. */
function linesOf(facts: ContentFacts): string[] {
  return facts.definitions.map(({ isExported, kind, container, name, signature, typeName, docstring }) => {
    const place = container === undefined ? name : `${container}.${name}`;
    return `${isExported ? '+' : '-'}${kind} ${place}: ${signature}${typeName ? ` => ${typeName}` : ''}${docstring ? ` // ${docstring}` : ''}`;
  });
}

const importsOf = (facts: ContentFacts) => facts.imports.map(({ local, imported, specifier }) => `${local} < ${imported} of ${specifier}`);
const exportsOf = (facts: ContentFacts) =>
  facts.exports.map(({ exported, imported, specifier }) => `${exported} < ${imported}${specifier ? ` of ${specifier}` : ''}`);
const basesOf = (facts: ContentFacts) => facts.baseTypes.map(({ type, base }) => `${type} < ${base}`);
/** Bindings are kept of open documents only. */
const bindingsOf = async (languageId: string, text: string) =>
  (await parsing.parseOpen(`bindings ${languageId}`, text, languageId)).bindings.map(({ name, typeName }) => `${name}: ${typeName}`);

test('TypeScript: functions, classes with members, types, enums and constants', async () => {
  const facts = await parsing.parse(
    `/** Adds things. And more. */
export async function add<T>(
  left: T, // the first
  right?: T,
): Promise<Box<T>> {
  return left;
}
export const twice = (x: number): number => x * 2;
const limit = 5;
export const table: Map<string, Box> = new Map([
  ['a', 1],
]);
export abstract class Shape<T> extends Base<T> implements Drawable, ns.Sized {
  #secret = 1;
  private hidden: Box;
  readonly size: Size = { width: 1 };
  constructor(private readonly box: Box, plain: number) { super(); }
  get area(): number { return 1; }
  static of(kind: string): Shape { return x; }
  abstract draw(): void;
  handler = (event: Event) => {};
}
export interface Drawable extends Sized { draw(): void; readonly color: string }
type Pair = { left: string };
export enum Color { Red, Green = 2 }
declare module 'other' { export function inner(): void }
`,
    'typescript',
    'hash',
  );
  assert.deepEqual(linesOf(facts), [
    '+function add: async function add<T>(left: T, right?: T): Promise<Box<T>> => Box // Adds things.',
    '+function twice: const twice = (x: number): number',
    '-constant limit: const limit = 5',
    '+constant table: const table: Map<string, Box> => Map',
    '+class Shape: abstract class Shape<T> extends Base<T> implements Drawable, ns.Sized',
    '-field Shape.#secret: #secret = 1',
    '-field Shape.hidden: private hidden: Box => Box',
    '+field Shape.size: readonly size: Size = { width: 1 } => Size',
    '+constructor Shape.constructor: constructor(private readonly box: Box, plain: number)',
    '-field Shape.box: private readonly box: Box => Box',
    '+method Shape.area: get area(): number',
    '+method Shape.of: static of(kind: string): Shape => Shape',
    '+method Shape.draw: abstract draw(): void',
    '+method Shape.handler: handler = (event: Event)',
    '+interface Drawable: interface Drawable extends Sized { draw(): void; readonly color: string }',
    '+method Drawable.draw: draw(): void',
    '+field Drawable.color: readonly color: string',
    '-type Pair: type Pair = { left: string }',
    '-field Pair.left: left: string',
    '+enum Color: enum Color { Red, Green = 2 }',
    '+enumMember Color.Red: Red',
    '+enumMember Color.Green: Green = 2',
    "-namespace other: module 'other'",
    '+function other.inner: function inner(): void',
  ]);
  assert.deepEqual(basesOf(facts), ['Shape < Base', 'Shape < Drawable', 'Shape < Sized', 'Drawable < Sized']);
});

test('TypeScript: the members of every object in a union or an intersection, and what is assigned to a function', async () => {
  const text = `export type Request = { method: Call; hash: string } | (Named & { method: Send });
export function parse(text: string): void {}
parse.strict = function (): Request { return lax; };
unknown.lost = () => {};
`;
  const facts = await parsing.parse(text, 'typescript', 'hash');
  const [type, ...rest] = linesOf(facts);
  assert.ok(type?.startsWith('+type Request'));
  assert.deepEqual(rest, [
    '+field Request.method: method: Call => Call',
    '+field Request.hash: hash: string',
    '+field Request.method: method: Send => Send',
    '+function parse: function parse(text: string): void',
    '+method parse.strict: parse.strict = function (): Request => Request',
  ]);
});

test('TypeScript: a union of thousands of types is read without running out of stack', async () => {
  const parts = Array.from({ length: 5000 }, (_, at) => `{ a${at}: 1 }`).join(' | ');
  const facts = await parsing.parse(`type Long = ${parts};\n`, 'typescript', 'hash');
  assert.equal(linesOf(facts).filter((line) => line.includes('field Long.')).length, 200);
});

test('TypeScript: imports, exports and re-exports of every form', async () => {
  const text = `import def, { a as b, type C } from './x.ts';
import * as ns from 'y';
import fs = require('fs');
import 'side';
export * from './all';
export * as q from './all';
export { a as z } from './re';
export { local as other };
export default local;
const { r1, r2: r3 } = require('./req');
const whole = require('./whole');
function local() {}
`;
  const facts = await parsing.parse(text, 'typescript', 'hash');
  assert.deepEqual(importsOf(facts), [
    'def < default of ./x.ts',
    'b < a of ./x.ts',
    'C < C of ./x.ts',
    'ns < * of y',
    'fs < * of fs',
    ' < * of side',
    'r1 < r1 of ./req',
    'r3 < r2 of ./req',
    'whole < * of ./whole',
  ]);
  assert.deepEqual(exportsOf(facts), ['* < * of ./all', 'q < * of ./all', 'z < a of ./re', 'other < local', 'default < local']);
  assert.deepEqual(linesOf(facts), ['+function local: function local()']);
});

test('JavaScript: CommonJS exports and TSX components', async () => {
  const facts = await parsing.parse(
    'exports.parse = function (text) {};\nmodule.exports = { one, two: second, three() {} };\nclass A extends B {}\n',
    'javascript',
    'hash',
  );
  assert.deepEqual(linesOf(facts), ['+function parse: exports.parse = function (text)', '+method three: three()', '-class A: class A extends B']);
  assert.deepEqual(exportsOf(facts), ['one < one', 'two < second']);
  assert.deepEqual(basesOf(facts), ['A < B']);
  const tsx = await parsing.parse('export function Button({ label }: Props) { return <b>{label}</b>; }\n', 'typescriptreact', 'hash');
  assert.deepEqual(linesOf(tsx), ['+function Button: function Button({ label }: Props)']);
});

test('Python: functions, classes with fields from __init__, and imports of every form', async () => {
  const text = `"""Module."""
import a.b.c, d as e
from . import x
from ..pkg.mod import (y as z, w)
from m import *
LIMIT = 5
names: list[str] = ["a"]
@dataclass
class Foo(Bar, pkg.Baz, metaclass=M):
    """What it is. More."""
    size: int = 1
    def __init__(self, box: Box, *rest, **named) -> None:
        self.box = box
        self.other: Other = make()
        self._hidden = Inner()
    @property
    def area(self) -> float:
        """The area."""
    async def run(self, n=1): pass
def _private(a, b: Optional[Box] = None) -> Box:
    pass
if TYPE_CHECKING:
    from q import r
    def conditional(): pass
`;
  const facts = await parsing.parse(text, 'python', 'hash');
  assert.deepEqual(linesOf(facts), [
    '+constant LIMIT: LIMIT = 5',
    '+variable names: names: list[str] = ["a"]',
    '+class Foo: class Foo(Bar, pkg.Baz, metaclass=M) // What it is.',
    '+field Foo.size: size: int = 1',
    '+constructor Foo.__init__: def __init__(self, box: Box, *rest, **named) -> None',
    '+field Foo.box: self.box = box => Box',
    '+field Foo.other: self.other: Other = make() => Other',
    '-field Foo._hidden: self._hidden = Inner() => Inner',
    '+method Foo.area: @property def area(self) -> float // The area.',
    '+method Foo.run: async def run(self, n=1)',
    '-function _private: def _private(a, b: Optional[Box] = None) -> Box => Box',
    '+function conditional: def conditional()',
  ]);
  assert.deepEqual(importsOf(facts), [
    'a.b.c < * of a.b.c',
    'e < * of d',
    'x < x of .',
    'z < y of ..pkg.mod',
    'w < w of ..pkg.mod',
    '* < * of m',
    'r < r of q',
  ]);
  assert.deepEqual(basesOf(facts), ['Foo < Bar', 'Foo < Baz']);
});

test('Python: every name of an assignment to several', async () => {
  const text = `left, right = split()
first = second = 1
class Box:
    width, height = 1, 2
    def __init__(self, lines):
        self.top, _, self.bottom = iter(lines)
        self.near = self.far = Place()
`;
  const facts = await parsing.parse(text, 'python', 'hash');
  assert.deepEqual(
    linesOf(facts).map((line) => line.split(':')[0]),
    [
      '+variable left',
      '+variable right',
      '+variable first',
      '+variable second',
      '+class Box',
      '+field Box.width',
      '+field Box.height',
      '+constructor Box.__init__',
      '+field Box.top',
      '+field Box.bottom',
      '+field Box.near',
      '+field Box.far',
    ],
  );
});

test('Go: structs with embedded types, interfaces, methods with their receivers', async () => {
  const text = `package foo
import (
	"fmt"
	al "example.org/x/v2"
	. "dot"
)
// Store keeps boxes. Really.
type Store struct {
	Boxes, spare []Box
	*Embedded
}
type Reader interface { Read(p []byte) (int, error); Closer }
type Alias = Box
const Limit = 1
var table map[string]Box
func (s *Store) Get(key string) (*Box, error) { return nil, nil }
func New[T any](size T) *Store { return nil }
`;
  const facts = await parsing.parse(text, 'go', 'hash');
  assert.deepEqual(linesOf(facts), [
    '+struct Store: type Store struct {\n\tBoxes, spare []Box\n\t*Embedded\n} // Store keeps boxes.',
    '+field Store.Boxes: Boxes, spare []Box',
    '-field Store.spare: Boxes, spare []Box',
    '+interface Reader: type Reader interface { Read(p []byte) (int, error); Closer }',
    '+method Reader.Read: Read(p []byte) (int, error)',
    '+type Alias: type Alias = Box => Box',
    '+constant Limit: const Limit = 1',
    '-variable table: var table map[string]Box',
    '+method Store.Get: func (s *Store) Get(key string) (*Box, error) => Box',
    '+function New: func New[T any](size T) *Store => Store',
  ]);
  assert.deepEqual(importsOf(facts), ['fmt < * of fmt', 'al < * of example.org/x/v2', '* < * of dot']);
  assert.deepEqual(basesOf(facts), ['Store < Embedded', 'Reader < Closer']);
});

test('Rust: items, impls under their type, and use trees unfolded', async () => {
  const text = `mod foo;
pub mod bar { pub fn inner() {} }
use crate::a::{b, c as d, e::*, self};
pub use self::x::Y;
/// A box. Of sorts.
#[derive(Debug)]
pub struct Crate<T> { pub size: T, hidden: Lid }
pub enum Kind { A, B(i32) }
pub trait Draw: Base { fn draw(&self) -> Pixel; }
impl<T> Draw for Crate<T> { fn draw(&self) -> Pixel { todo!() } }
impl<T> Crate<T> { pub fn new(size: T) -> Self { todo!() } }
pub const LIMIT: u32 = 1;
macro_rules! shout { () => {} }
async fn run(x: &Foo) -> Result<Bar> { todo!() }
`;
  const facts = await parsing.parse(text, 'rust', 'hash');
  assert.deepEqual(linesOf(facts), [
    '+namespace bar: pub mod bar',
    '+function bar.inner: pub fn inner()',
    '+struct Crate: pub struct Crate<T> { pub size: T, hidden: Lid } // A box.',
    '+field Crate.size: pub size: T => T',
    '-field Crate.hidden: hidden: Lid => Lid',
    '+enum Kind: pub enum Kind { A, B(i32) }',
    '+enumMember Kind.A: A',
    '+enumMember Kind.B: B(i32)',
    '+trait Draw: pub trait Draw: Base',
    '+method Draw.draw: fn draw(&self) -> Pixel => Pixel',
    '+method Crate.draw: fn draw(&self) -> Pixel => Pixel',
    '+method Crate.new: pub fn new(size: T) -> Self => Crate',
    '+constant LIMIT: pub const LIMIT: u32 = 1',
    '+macro shout: macro_rules! shout',
    '-function run: async fn run(x: &Foo) -> Result<Bar> => Bar',
  ]);
  assert.deepEqual(importsOf(facts), [
    'foo < * of self::foo',
    'b < b of crate::a',
    'd < c of crate::a',
    '* < * of crate::a::e',
    'a < a of crate',
    'Y < Y of self::x',
  ]);
  assert.deepEqual(exportsOf(facts), ['Y < Y of self::x']);
  assert.deepEqual(basesOf(facts), ['Draw < Base', 'Crate < Draw']);
});

test('Java: classes, records, enums and imports', async () => {
  const text = `package a.b;
import java.util.List;
import static a.b.C.d;
import x.y.*;
/** What it is. */
@Ann
public class Foo<T> extends Bar<T> implements I, J {
  private static final int LIMIT = 1;
  public Foo(int a) {}
  @Override public <T> List<T> all(T a, Box... b) throws E { return null; }
  enum Kind { A, B(1) }
  interface In extends K { void q(); }
  record R(int a, Box b) implements S {}
}
`;
  const facts = await parsing.parse(text, 'java', 'hash');
  assert.deepEqual(linesOf(facts), [
    '+class Foo: public class Foo<T> extends Bar<T> implements I, J // What it is.',
    '-constant Foo.LIMIT: private static final int LIMIT = 1',
    '+constructor Foo.Foo: public Foo(int a)',
    '+method Foo.all: public <T> List<T> all(T a, Box... b) throws E => List',
    '+enum Foo.Kind: enum Kind { A, B(1) }',
    '+enumMember Foo.Kind.A: A',
    '+enumMember Foo.Kind.B: B(1)',
    '+interface Foo.In: interface In extends K',
    '+method Foo.In.q: void q()',
    '+class Foo.R: record R(int a, Box b) implements S',
    '+field Foo.R.a: int a',
    '+field Foo.R.b: Box b => Box',
  ]);
  assert.deepEqual(importsOf(facts), ['List < List of java.util.List', 'd < d of a.b.C.d', '* < * of x.y']);
  assert.deepEqual(basesOf(facts), ['Foo < Bar', 'Foo < I', 'Foo < J', 'In < K', 'R < S']);
});

test('C and C++: prototypes, definitions outside of their class, macros and typedefs', async () => {
  const facts = await parsing.parse(
    `#include "x/y.h"
#include <vector>
#ifndef GUARD
#define GUARD
#define LIMIT 1
#define MAX(a, b) ((a) > (b) ? (a) : (b))
namespace n::m {
// A shape.
template <typename T> class Shape : public Base<T>, private ns::Other {
public:
  Shape(int a) : size(a) {}
  virtual int area(int a) const override { return 1; }
  int size;
private:
  void hidden();
};
enum class Kind : int { A, B = 2 };
}
typedef struct { int a; } Plain;
typedef int (*callback)(int);
extern const int global;
Box *make(int a, Box b);
int n::Shape::area(int a) { return 1; }
static inline int helper(void) { return 0; }
#endif
`,
    'cpp',
    'hash',
  );
  assert.deepEqual(linesOf(facts), [
    '+macro LIMIT: #define LIMIT 1',
    '+macro MAX: #define MAX(a, b) ((a) > (b) ? (a) : (b))',
    '+namespace n.m: namespace n::m',
    '+class Shape: template <typename T> class Shape : public Base<T>, private ns::Other // A shape.',
    '+constructor Shape.Shape: Shape(int a)',
    '+method Shape.area: virtual int area(int a) const override',
    '+field Shape.size: int size',
    '-method Shape.hidden: void hidden()',
    '+enum Kind: enum class Kind : int { A, B = 2 }',
    '+enumMember Kind.A: A',
    '+enumMember Kind.B: B = 2',
    '+struct Plain: typedef struct { int a; } Plain',
    '+field Plain.a: int a',
    '+type callback: typedef int (*callback)(int)',
    '+constant global: extern const int global',
    '+function make: Box *make(int a, Box b) => Box',
    '+method Shape.area: int n::Shape::area(int a)',
    '-function helper: static inline int helper(void)',
  ]);
  assert.deepEqual(importsOf(facts), ['* < * of x/y.h', '* < * of <vector>']);
  assert.deepEqual(basesOf(facts), ['Shape < Base', 'Shape < Other']);
});

test('C#: namespaces, properties, records and usings', async () => {
  const text = `using System;
using Short = A.B.C;
namespace N.M {
  /// <summary>What it is.</summary>
  [Attr]
  public class Foo<T> : Bar<T>, IBaz where T : class {
    private const int Limit = 1;
    public Box Content { get; set; }
    public Foo(int a) : base(a) { }
    public async Task<Box> Load(int a, Box b = null) { return null; }
  }
  public interface IBaz { void Q(); }
  public enum Kind { A, B = 2 }
  public record R(int A, Box B);
}
`;
  const facts = await parsing.parse(text, 'csharp', 'hash');
  assert.deepEqual(linesOf(facts), [
    '+namespace N.M: namespace N.M',
    '+class Foo: public class Foo<T> : Bar<T>, IBaz where T : class // What it is.',
    '-constant Foo.Limit: private const int Limit = 1',
    '+field Foo.Content: public Box Content { get; set; } => Box',
    '+constructor Foo.Foo: public Foo(int a) : base(a)',
    '+method Foo.Load: public async Task<Box> Load(int a, Box b = null) => Box',
    '+interface IBaz: public interface IBaz',
    '+method IBaz.Q: void Q()',
    '+enum Kind: public enum Kind { A, B = 2 }',
    '+enumMember Kind.A: A',
    '+enumMember Kind.B: B = 2',
    '+class R: public record R(int A, Box B)',
    '+field R.A: int A',
    '+field R.B: Box B => Box',
  ]);
  assert.deepEqual(importsOf(facts), ['* < * of System', 'Short < C of A.B.C']);
});

test('C#: a namespace has its whole name, nested or for a whole file, and a using directive names what it brings in', async () => {
  const namespacesOf = async (text: string) =>
    (await parsing.parse(text, 'csharp', 'hash')).definitions.flatMap(({ kind, name }) => (kind === 'namespace' ? [name] : []));
  assert.deepEqual(await namespacesOf('namespace A {\n namespace B {\n class X { } }\n namespace C . D { } }\nnamespace E { }'), ['A', 'A.B', 'A.C.D', 'E']);
  assert.deepEqual(await namespacesOf('using X;\nnamespace A.B;\nclass C { class D { } }\n'), ['A.B']);
  const facts = await parsing.parse('namespace A;\nclass C { class D { } }\n', 'csharp', 'hash');
  assert.deepEqual(linesOf(facts), ['+namespace A: namespace A', '+class C: class C', '+class C.D: class D']);
  const usings = `global using A.B;
using static A.B.C;
using static global::A.B.C;
using X = A.B.C;
using List = System.List<A.B.C>;
using Pair = (int a, int b);
namespace N { using A . Größe; }
`;
  assert.deepEqual(importsOf(await parsing.parse(usings, 'csharp', 'hash')), [
    '* < * of A.B',
    '* < * of A.B.C',
    '* < * of A.B.C',
    'X < C of A.B.C',
    'List < List of System.List',
    '* < * of A.Größe',
  ]);
});

test('locals tell their types where the text does', async () => {
  assert.deepEqual(await bindingsOf('typescript', 'function f(a: Box, b?: ns.Lid[]) { const c: Pot = d; const e = new Jar(); let g = 1; }'), [
    'a: Box',
    'b: Lid',
    'c: Pot',
    'e: Jar',
  ]);
  assert.deepEqual(await bindingsOf('python', 'def f(a: Box, b: "Lid" = None):\n    c = Pot(1)\n    d = make()\n    with Jar() as e: pass\n'), [
    'a: Box',
    'b: Lid',
    'c: Pot',
    'e: Jar',
  ]);
  assert.deepEqual(await bindingsOf('go', 'func f(a *Box) { b := Lid{}; c := &pkg.Pot{}; d := NewJar(); var e Cup; g := 1 }'), [
    'a: Box',
    'b: Lid',
    'c: Pot',
    'd: Jar',
    'e: Cup',
  ]);
  assert.deepEqual(await bindingsOf('rust', 'fn f(a: &Box) { let b: Lid = x; let c = Pot::new(); let d = Jar { e: 1 }; }'), [
    'a: Box',
    'b: Lid',
    'c: Pot',
    'd: Jar',
  ]);
  assert.deepEqual(await bindingsOf('java', 'class A { void f(Box a) { Lid b = x(); var c = new Pot(); for (Jar d : e) {} } }'), [
    'a: Box',
    'b: Lid',
    'c: Pot',
    'd: Jar',
  ]);
  assert.deepEqual(await bindingsOf('cpp', 'void f(Box a, const Lid& b) { Pot c; Jar *d = new Jar(); auto e = Cup(1); }'), [
    'a: Box',
    'b: Lid',
    'c: Pot',
    'd: Jar',
    'e: Cup',
  ]);
});

test('references are names in code: none in comments, strings or keywords, with their places', async () => {
  const { references } = await parsing.parseOpen('references', '// remark word\nconst a = call("text b", c.d);\n/* block\n e */ return a;\n', 'typescript');
  assert.deepEqual(references, [
    { name: 'a', line: 1, column: 6 },
    { name: 'call', line: 1, column: 10 },
    { name: 'c', line: 1, column: 25 },
    { name: 'd', line: 1, column: 27 },
    { name: 'a', line: 3, column: 13 },
  ]);
});

test('a long type is shown by its head and its members, a short one whole', async () => {
  const members = Array.from({ length: 20 }, (_, at) => `  field${at}: string;`).join('\n');
  const facts = await parsing.parse(
    `export interface Long {\n${members}\n}\nexport interface Short {\n    a: string;\n    b: string;\n}\n`,
    'typescript',
    'hash',
  );
  const [long] = facts.definitions;
  assert.equal(long?.signature, 'interface Long');
  assert.equal(facts.definitions.filter((item) => item.container === 'Long').length, 20);
  assert.equal(facts.definitions.find((item) => item.name === 'Short')?.signature, 'interface Short {\n    a: string;\n    b: string;\n}');
});
