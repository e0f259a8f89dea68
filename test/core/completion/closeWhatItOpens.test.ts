import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { openAbove } from '../../../server/core/completion/openAbove.ts';
import { closeWhatItOpens } from '../../../server/core/completion/postprocess/closeWhatItOpens.ts';
import { cursorIn } from './cursor.ts';

function check(marked: string, text: string, expected: string, over: { readonly languageId?: string; readonly isEnded?: boolean } = {}): void {
  const site = cursorIn(marked);
  const { linePrefix, lineSuffix, following } = site;
  const languageId = over.languageId ?? 'typescript';
  assert.equal(
    closeWhatItOpens(text, { linePrefix, lineSuffix, following, languageId, openAbove: openAbove(site, languageId), isEnded: over.isEnded ?? false }),
    expected,
  );
}

const cases: readonly [name: string, marked: string, text: string, expected: string, over?: { languageId?: string; isEnded?: boolean }][] = [
  ['a closer that stands there already is not repeated', 'foo(|)', 'bar)', 'bar'],
  ['two closers neither', 'foo(a(|));', 'bar));', 'bar'],
  ['what stands behind a closer that is not needed goes with it', 'foo(|)', 'a, b);', 'a, b'],
  ['a closer that the suggestion itself opened is kept', 'foo(|)', 'g(1)', 'g(1)'],
  ['the surplus closer goes, its own stays', 'foo(|)', 'g(1))', 'g(1)'],
  ['the inner bracket is the suggestion’s to close', 'f(g(|)', 'x)', 'x)'],
  ['and no more than that', 'f(g(|)', 'x))', 'x)'],
  ['a closing quote that stands there is not repeated', "say('|'", "hello'", 'hello'],
  ['the text behind that quote goes with it', 'a = "|"', 'x" + y', 'x'],
  ['a quote that nothing closes is closed by the suggestion', "say('|", "hello')", "hello')"],
  ['template literals', 'a = `|`', 'x ${f(1)}`;', 'x ${f(1)}'],
  ['inside a substitution', 'a = `x ${|}`', 'f(1)}`;', 'f(1)'],
  ['the rest of the line is not repeated', 'x = |+ b);', 'a + b);', 'a '],
  ['nothing behind the cursor changes nothing', 'foo(|', 'bar)', 'bar)'],
  ['a brace that stands there keeps a line of its own', 'function f() {|}', '\n  return 1;\n}', '\n  return 1;\n'],
  ['a bracket that is closed on the next line', 'foo(\n  a|\n)', ', b)', ', b'],
  ['a closer of another kind than the next line’s is kept', 'foo(\n  [a|\n)', ', b]', ', b]'],
  ['brackets in strings do not count', 'f(|)', '"(" + x', '"(" + x'],
  ['an apostrophe is no quote', "// don't (|)", 'do it', 'do it'],
  ['nor a lifetime', "fn f<'a>(|)", "x: &'a str)", "x: &'a str", { languageId: 'rust' }],
  ['prose has no quotes', "it's (|)", 'not that)', 'not that', { languageId: 'markdown' }],
  ['a comment is left alone', '// see (|)', 'a)', 'a)'],
  ['a call that the model forgot to close is closed', 'x = |', 'foo(bar', 'foo(bar)', { isEnded: true }],
  ['nested, in the right order', 'x = |', 'foo([bar', 'foo([bar])', { isEnded: true }],
  ['a string, too', 'x = |', '"abc', '"abc"', { isEnded: true }],
  ['but no body: it goes on', 'if (a) |', '{', '{', { isEnded: true }],
  ['nor what was cut by a limit', 'x = |', 'foo(bar', 'foo(bar'],
  ['an opener at the end waits for its content', 'x = |', 'foo(', 'foo(', { isEnded: true }],
  ['behind the end of a statement nothing is missing', '  |', 'for (;;', 'for (;;', { isEnded: true }],
  ['a comment of earlier lines is left alone', '/*\n * |', "I'm (a", "I'm (a", { isEnded: true }],
  ['a text of earlier lines, too', 'a = `\n  |', "I'm (a", "I'm (a", { isEnded: true }],
  ['but not the code in its hole', 'a = `\n  ${|', 'f(b', 'f(b)', { isEnded: true }],
  ['the end of a text that stands behind the cursor', 'a = f(`\n  |`);', 'b`);', 'b'],
  ['three quotes that stand there', 'def f():\n    """|"""', 'Adds."""', 'Adds.', { languageId: 'python' }],
  ['three quotes on the next line', 'def f():\n    """A\n    |\n    """', 'Adds."""', 'Adds.', { languageId: 'python' }],
  ['a regular expression that the cursor stands in', 'a.replace(/|', "'/g, b", "'/g, b", { isEnded: true }],
  ['a comma that stands there is not repeated', 'f(\n  |,\n)', 'a,', 'a'],
  ['nor a semicolon', 'return |;', 'a;', 'a'],
  ['before a comma there is one element', 'f(|, b)', 'a, c', 'a'],
  ['commas inside it are its own', 'f(|, b)', 'g(a, c), d', 'g(a, c)'],
  ['a call that goes on below stays open', 'f(|, b,\n  c)', 'a);', 'a'],
  ['what was open before is not the suggestion’s to close', 'foo(|', 'bar', 'bar', { isEnded: true }],
];
for (const [name, ...row] of cases) test(name, () => check(...row));

const code = fc.string({ unit: fc.constantFrom('a', '(', ')', '[', ']', '{', '}', '"', "'", '`', ' ', '\n', ';', '$'), maxLength: 30 });
test('without an ended model the result is a beginning of the text, and twice is as once', () => {
  fc.assert(
    fc.property(code, code, code, (before, after, text) => {
      const site = cursorIn(`${before}|${after}`);
      const { linePrefix, lineSuffix, following } = site;
      const input = { linePrefix, lineSuffix, following, languageId: 'typescript', openAbove: openAbove(site, 'typescript'), isEnded: false };
      const once = closeWhatItOpens(text, input);
      assert.ok(text.startsWith(once));
      assert.equal(closeWhatItOpens(once, input), once);
    }),
  );
});
