import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Suggestion } from '../../../server/core/completion/reuse.ts';
import { keyOf, matchAt, Reuse } from '../../../server/core/completion/reuse.ts';
import type { Site } from '../../../server/core/completion/site.ts';
import { siteAt } from '../../../server/core/completion/site.ts';
import { cursorIn } from './cursor.ts';

let nextId = 0;
function suggestionFor(site: Site, text: string, over: Partial<Suggestion> = {}): Suggestion {
  return { id: `s${nextId++}`, key: keyOf(site), head: site.linePrefix, text, isGrowing: false, source: 'model', atMs: 0, ...over };
}

/** What is found at `now` of what was suggested at `asked`. */
function found(asked: string, text: string, now: string, over: Partial<Suggestion> = {}): string | undefined {
  const reuse = new Reuse();
  reuse.put(suggestionFor(cursorIn(asked), text, over));
  return reuse.find(cursorIn(now))[0]?.remainder;
}

const cases: readonly [name: string, asked: string, text: string, now: string, expected: string | undefined, over?: Partial<Suggestion>][] = [
  ['the same place finds it again', 'a\nx = |\nb', 'foo();', 'a\nx = |\nb', 'foo();'],
  ['what was typed through is left out', 'a\nx = |\nb', 'foo();', 'a\nx = fo|\nb', 'o();'],
  ['something else was typed', 'a\nx = |\nb', 'foo();', 'a\nx = fa|\nb', undefined],
  ['typed to its end, nothing is left', 'a\nx = |\nb', 'foo();', 'a\nx = foo();|\nb', undefined],
  ['deleted characters bring it back', 'a\nx = fo|\nb', 'o();', 'a\nx = f|\nb', 'oo();'],
  ['a line that was cleared wants something else', 'a\nx = fo|\nb', 'o();', 'a\n|\nb', undefined],
  ['a first line that was accepted leaves the others', 'a {|\nb', '\n  one();\n  two();\n}', 'a {\n  one();|\nb', '\n  two();\n}'],
  ['and goes on in the middle of the second', 'a {|\nb', '\n  one();\n  two();\n}', 'a {\n  one();\n  tw|\nb', 'o();\n}'],
  ['a brace that the editor closed by itself does not matter', 'a {|\nb', '\n  one();\n}', 'a {\n  |\n}\nb', 'one();\n}'],
  ['nor a parenthesis', 'x = f|\nb', '(one, two);', 'x = f(|)\nb', 'one, two);'],
  ['another text behind the cursor does', 'x = |\nb', 'foo();', 'x = |\nc', undefined],
  ['another text above does', 'a\nx = |', 'foo();', 'z\nx = |', undefined],
  ['nothing here is remembered for this very place', 'x = |', '', 'x = |', ''],
  ['and not for the next one', 'x = |', '', 'x = f|', undefined],
  ['line breaks of the file do not matter', 'a\nx = |\nb', 'foo();', 'a\r\nx = fo|\r\nb', 'o();'],
  ['one that has not got so far yet has nothing to show', 'x = |', 'fo', 'x = foo|', undefined, { isGrowing: true }],
];
for (const [name, asked, text, now, expected, over] of cases) test(name, () => assert.equal(found(asked, text, now, over), expected));

test('a change far above in the same file empties nothing', () => {
  const reuse = new Reuse();
  const filler = 'const filler = 1;\n'.repeat(100);
  reuse.put(suggestionFor(cursorIn(`import a;\n${filler}x = |\nb`), 'foo();'));
  assert.equal(reuse.find(cursorIn(`import a, c;\n${filler}x = f|\nb`))[0]?.remainder, 'oo();');
});

test('what was asked for nearest to the cursor comes first, what only deleting led to last', () => {
  const reuse = new Reuse();
  reuse.put(suggestionFor(cursorIn('x = foobar|'), '();', { id: 'behind' }));
  reuse.put(suggestionFor(cursorIn('x = |'), 'foo1', { id: 'far' }));
  reuse.put(suggestionFor(cursorIn('x = fo|'), 'o2', { id: 'near' }));
  assert.deepEqual(
    reuse.find(cursorIn('x = fo|')).map(({ suggestion }) => suggestion.id),
    ['near', 'far', 'behind'],
  );
});

test('a longer answer for the same place takes the place of the shorter', () => {
  const reuse = new Reuse();
  const site = cursorIn('x {|');
  reuse.put(suggestionFor(site, '\n  a();', { id: 'one' }));
  reuse.put(suggestionFor(site, '\n  a();\n}', { id: 'one' }));
  assert.deepEqual(
    reuse.find(site).map(({ remainder }) => remainder),
    ['\n  a();\n}'],
  );
});

test('it keeps to its bounds, and what was used lately stays', () => {
  const reuse = new Reuse();
  const first = suggestionFor(cursorIn('first = |'), 'kept');
  reuse.put(first);
  for (let index = 0; index < 1000; index++) {
    reuse.put(suggestionFor(cursorIn(`x${index} = |`), 'y'.repeat(index % 50)));
    if (index % 50 === 0) reuse.find(cursorIn('first = |'));
  }
  assert.ok(reuse.size <= 200);
  assert.equal(reuse.find(cursorIn('first = |'))[0]?.remainder, 'kept');
  reuse.put(suggestionFor(cursorIn('big = |'), 'z'.repeat(300_000)));
  assert.ok(reuse.size <= 1);
});

test('in a text larger than the window it finds what stands in it', () => {
  const line = 'const value = compute(1, 2, 3);\n';
  const above = line.repeat(4000);
  const reuse = new Reuse();
  reuse.put(suggestionFor(siteAt(`${above}x {`, above.length + 3), '\n  one();\n  two();\n}'));
  const now = `${above}x {\n  one();\n  t`;
  assert.equal(reuse.find(siteAt(now, now.length))[0]?.remainder, 'wo();\n}');
});

const text = fc.string({ unit: fc.constantFrom('a', 'b', '(', ')', '\n', ' '), maxLength: 14 });
test('whatever is typed of a suggestion, the rest of it is found, and never anything that the text contradicts', () => {
  fc.assert(
    fc.property(
      text,
      text,
      text.filter((value) => value.trim() !== ''),
      fc.nat(20),
      text,
      (before, after, suggested, taken, other) => {
        const reuse = new Reuse();
        const suggestion = suggestionFor(siteAt(before + after, before.length), suggested);
        reuse.put(suggestion);
        const typed = suggested.slice(0, taken);
        const through = siteAt(before + typed + after, before.length + typed.length);
        const rest = suggested.slice(taken);
        if (rest !== '') assert.equal(matchAt(suggestion, through)?.remainder, rest);
        const elsewhere = siteAt(before + other + after, before.length + other.length);
        for (const { remainder } of reuse.find(elsewhere)) assert.equal(before + other + remainder, before + suggested);
      },
    ),
  );
});
