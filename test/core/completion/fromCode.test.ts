import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromCode } from '../../../server/core/completion/fromCode.ts';
import { cursorIn } from './cursor.ts';

const cases: readonly [name: string, marked: string, expected: string | undefined, others?: readonly string[]][] = [
  ['the rest of the line with the same beginning', 'app.use(logger());\napp.get("/users", list);\napp.use(|', 'logger());'],
  ['names are exchanged as the beginning shows', 'const alpha = registry.find(alpha);\nconst beta = |', 'registry.find(beta);'],
  ['also inside other names', 'const foo = useRef(fooRef, setFoo);\nconst bar = |', 'useRef(barRef, setBar);'],
  ['of lines below, too', 'this.first = |\n\nthis.second = second ?? fallback;\n', 'first ?? fallback;'],
  ['of other open documents', 'import { test } from |', "'node:test';", ["import { test } from 'node:test';\n"]],
  ['the longest agreement wins', 'read(a, one);\nthis.read(a, two);\nthis.read(a, |', 'two);'],
  ['what followed the same line above', 'if (done) {\n  close();\n}\nif (done) {\n  |', 'close();'],
  ['what followed the same two lines in another file', 'open();\nif (done) {\n  |', 'close();', ['x();\nopen();\nif (done) {\n  close();\n}\n']],
  ['one line alone says too little there', 'go();\nif (done) {\n  |', undefined, ['open();\nif (done) {\n  close();\n}\n']],
  ['nothing where nothing agrees', 'const a = 1;\nwhile (|', undefined],
  ['a blank line after an unknown one is left alone', 'const a = 1;\n|', undefined],
  ['a line that ends where the typed one does says nothing', 'foo.bar\nfoo.bar|', undefined],
];
for (const [name, marked, expected, others = []] of cases) {
  test(name, () => assert.equal(fromCode({ site: cursorIn(marked), others, mayBeBlock: false })?.text, expected));
}

test('a block that followed the same line is copied at the depth of the cursor', () =>
  assert.equal(
    fromCode({ site: cursorIn('if (done) {\n  close();\n  log(1);\n}\n  if (done) {\n    |'), others: [], mayBeBlock: true })?.text,
    'close();\n    log(1);',
  ));
test('the more agrees, the surer it is', () => {
  const sure = fromCode({ site: cursorIn('describe("completion", () => run());\ndescribe("completion", () => |'), others: [], mayBeBlock: false });
  const unsure = fromCode({ site: cursorIn('a.run(1);\nb.run(|'), others: [], mayBeBlock: false });
  assert.ok(sure && unsure && sure.confidence > unsure.confidence && sure.confidence < 1);
});
