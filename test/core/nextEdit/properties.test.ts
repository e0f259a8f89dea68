// What holds for every text and every change: nothing is offered outside the text, nothing that is done already, taking everything comes to
// an end, and each edit changes its own range alone. Texts are made of pieces of real code, so that rules have something to say.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { kindAt, sourceOf } from '../../../server/core/nextEdit/source.ts';
import { suggestNextEdits } from '../../../server/core/nextEdit/suggest.ts';
import { takeAll } from './changed.ts';

const pieces = [
  'a',
  'b',
  'total',
  'user',
  'x',
  '(',
  ')',
  '{',
  '}',
  '[',
  ']',
  ', ',
  ': ',
  ' = ',
  ' => ',
  ';\n',
  '\n',
  '\r\n',
  '\n  ',
  '\n    ',
  '.',
  '"',
  "'",
  '`',
  '${',
  '// ',
  '/* ',
  '*/',
  '# ',
  'const ',
  'let ',
  'function ',
  'return ',
  'class ',
  'constructor(',
  'this.',
  'self.',
  'def ',
  'fn ',
  'func ',
  'struct ',
  'impl ',
  'import ',
  ' from ',
  'for ',
  'in ',
  ':=',
  '->',
  '1',
  '300',
  'const a = b;\n',
  'f(a, b);\n',
  'f(b, a);\n',
  '    self.a = a\n',
  '    this.b = b;\n',
  'import { a } from "b";\n',
  'def f(a, b):\n    return a\n',
  'fn f(a: u8) -> u8 { a }\n',
  "data['total']",
  'é',
  '😀',
  '\ud800',
  "'a",
  'r#"',
  '"#',
];
const language = fc.constantFrom('typescript', 'typescriptreact', 'python', 'go', 'rust', 'java', 'plaintext');
const code = fc.array(fc.constantFrom(...pieces), { maxLength: 60 }).map((parts) => parts.join(''));

/** Lines of code about a few names, so that rules have something to say. */
const lines: Readonly<Record<string, readonly string[]>> = {
  typescript: [
    'const a = b;',
    'f(a, b);',
    'f(b, c);',
    'function f(a: X, b: Y) {',
    '  return a + b;',
    '}',
    'class C {',
    '  readonly a: X;',
    '  constructor(a: X) {',
    '    this.a = a;',
    '  }',
    'use({ a, b: `${a}` });',
    "data['total'] = m.get('total');",
    'g({ limit: 3000 });',
    'xs.map((a) => a.b);',
    "import { a } from './m';",
    '// a and b',
  ],
  python: [
    'def f(a, b):',
    '    return a + b',
    'a = f(a, b)',
    'f(b, c)',
    'class C:',
    '    def __init__(self, a):',
    '        self.a = a',
    'print(f"{a} b")',
    "d['total'] = d.get('total')",
    'for a in b:',
    '    g(a, limit=3000)',
    'from m import a',
  ],
  go: [
    'func f(a int, b int) int {',
    '\treturn a + b',
    '}',
    '\ta := f(a, b)',
    '\tf(b, c)',
    'type C struct {',
    '\ta int',
    'func NewC(a int) *C {',
    '\treturn &C{a: a}',
    '\tuse(c.a, "total")',
  ],
  rust: [
    'fn f(a: u8, b: u8) -> u8 {',
    '    a + b',
    '}',
    '    let a = f(a, b);',
    '    f(b, c);',
    'struct C {',
    '    a: u8,',
    'impl C {',
    '    fn new(a: u8) -> Self {',
    '        Self { a }',
    '    println!("{a}");',
  ],
};
const structured = fc.constantFrom(...Object.keys(lines)).chain((languageId) =>
  fc.record({
    languageId: fc.constant(languageId),
    text: fc.array(fc.constantFrom(...(lines[languageId] ?? [])), { minLength: 3, maxLength: 25 }).map((all) => all.join('\n')),
    place: fc.nat(),
    after: fc.constantFrom('sum', 'c', 'b2', ', c', '', 'total2', '5000', 'c: X', '.x'),
    isInsertion: fc.boolean(),
  }),
);
/** A word of the text became another one, or something was put in behind it. */
const fromStructured = structured.map(({ languageId, text, place, after, isInsertion }) => {
  const words = [...text.matchAll(/[\p{L}_]\w*|\d+/gu)];
  const word = words[place % words.length];
  const start = (word?.index ?? 0) + (isInsertion ? (word?.[0].length ?? 0) : 0);
  const before = isInsertion ? '' : (word?.[0] ?? '');
  return { languageId, head: text.slice(0, start), before, after, tail: text.slice(start + before.length) };
});
const wild = fc.record({
  languageId: language,
  head: code,
  before: fc.oneof(fc.constantFrom('', 'a', 'total', '1', ', b'), code),
  after: fc.oneof(fc.constantFrom('', 'b', 'sum', '2', ', a'), code),
  tail: code,
});
const scenario = fc.oneof({ weight: 3, arbitrary: fromStructured }, { weight: 1, arbitrary: wild });

test('whatever was changed: offers lie in the text, change something, stay out of the change itself, and come to an end', () => {
  let offered = 0;
  fc.assert(
    fc.property(scenario, ({ languageId, head, before, after, tail }) => {
      const text = head + after + tail;
      const change = { start: head.length, before, after };
      const imports = [{ name: 'total', module: 'm', statement: languageId === 'python' ? 'from m import total' : "import { total } from 'm';" }];
      const edits = suggestNextEdits({ source: sourceOf(text, languageId), change, changes: [change], imports });
      for (const { start, end, newText } of edits) {
        offered++;
        assert.ok(start >= 0 && start <= end && end <= text.length);
        assert.notEqual(text.slice(start, end), newText);
      }
      const all = takeAll({ text, changes: [change], change }, { languageId, imports });
      // What was taken undoes itself to the text that was there: nothing outside the ranges was touched.
      const undone = all.taken.reduceRight((sofar, { start, newText }, index) => {
        const { old } = olds(text, all.taken)[index] ?? { old: '' };
        return sofar.slice(0, start) + old + sofar.slice(start + newText.length);
      }, all.text);
      assert.equal(undone, text);
    }),
    { numRuns: 2000 },
  );
  assert.ok(offered > 100, `only ${offered} offers: the property says little`);
});

/** What stood in the range of each edit when it was taken. */
function olds(text: string, taken: readonly { readonly start: number; readonly end: number; readonly newText: string }[]) {
  let now = text;
  return taken.map(({ start, end, newText }) => {
    const old = now.slice(start, end);
    now = now.slice(0, start) + newText + now.slice(end);
    return { old };
  });
}

test('strings and comments lie in order and do not overlap, whatever the text is', () => {
  fc.assert(
    fc.property(code, language, (text, languageId) => {
      const source = sourceOf(text, languageId);
      const { starts, ends, brackets, partners } = source.scan;
      starts.forEach((start, index) => {
        assert.ok(start >= (ends[index - 1] ?? 0) && (ends[index] ?? 0) > start && (ends[index] ?? 0) <= text.length);
      });
      brackets.forEach((at, index) => {
        const partner = partners[index] ?? -1;
        if (partner >= 0) assert.equal(partners[partner], index);
        assert.equal(kindAt(source, at), 'code');
      });
    }),
    { numRuns: 3000 },
  );
});
