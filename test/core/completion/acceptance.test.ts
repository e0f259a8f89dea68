import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { reactionTo } from '../../../server/core/completion/acceptance.ts';
import { Rejects } from '../../../server/core/completion/rejects.ts';
import { keyOf } from '../../../server/core/completion/reuse.ts';
import { Rhythm } from '../../../server/core/completion/rhythm.ts';
import { siteAfter } from '../../../server/core/completion/site.ts';
import type { TrackedText } from '../../../server/core/completion/trackedText.ts';
import { afterChange, keptShare } from '../../../server/core/completion/trackedText.ts';
import { thresholds } from '../../../server/core/completion/thresholds.ts';
import { worthShowing } from '../../../server/core/completion/worthShowing.ts';
import { cursorIn } from './cursor.ts';

const reactions: readonly [name: string, marked: string, shown: string, inserted: string, expected: string][] = [
  ['all of it at once was accepted', 'x = |', 'foo(bar);', 'foo(bar);', 'whole'],
  ['a word was accepted', 'x = |', 'foo(bar);', 'foo', 'word'],
  ['a word with the blank behind it', 'x = |', 'await foo();', 'await ', 'word'],
  ['a line was accepted', 'f() {|', '\n  a();\n}', '\n  a();', 'line'],
  ['two words at once were something else’s doing, but agree', 'x = |', 'foo(bar);', 'foo(bar', 'part'],
  ['half a word too', 'x = |', 'fooBar();', 'fooB', 'part'],
  ['one character was typed', 'x = |', 'foo();', 'f', 'typedThrough'],
  ['something else was typed', 'x = |', 'foo();', 'g', 'diverged'],
  ['something else was inserted', 'x = |', 'foo();', 'bar()', 'diverged'],
  ['typed beyond its end', 'x = |', 'f', 'f()', 'typedThrough'],
];
for (const [name, marked, remainder, inserted, expected] of reactions) {
  test(name, () => {
    const site = cursorIn(marked);
    const suggestion = { id: 's', key: keyOf(site), head: site.linePrefix, text: remainder, isGrowing: false, source: 'model', atMs: 0 } as const;
    assert.equal(reactionTo({ suggestion, remainder }, inserted, siteAfter(site, inserted)).kind, expected);
  });
}

const tracked = { start: 10, end: 17, text: 'foo(a);' };
const changes: readonly [name: string, change: { start: number; end: number; text: string }, expected: [number, number]][] = [
  ['text before it moves it', { start: 0, end: 0, text: 'xx' }, [12, 19]],
  ['text behind it does not', { start: 17, end: 17, text: 'xx' }, [10, 17]],
  ['text at its beginning moves it', { start: 10, end: 10, text: 'xx' }, [12, 19]],
  ['text inside makes it longer', { start: 14, end: 15, text: 'bcd' }, [10, 19]],
  ['its deletion leaves nothing', { start: 5, end: 20, text: '' }, [5, 5]],
  ['a change over its beginning', { start: 8, end: 13, text: 'y' }, [9, 13]],
  ['a change over its end', { start: 14, end: 20, text: 'y' }, [10, 14]],
];
for (const [name, change, [start, end]] of changes) {
  test(name, () => {
    const after = afterChange(tracked, change);
    assert.deepEqual([after.start, after.end], [start, end]);
  });
}
test('a stretch stays inside the text, whatever changes', () => {
  const part = fc.tuple(fc.nat(30), fc.nat(10), fc.string({ maxLength: 5 }));
  fc.assert(
    fc.property(fc.array(part, { maxLength: 20 }), (parts) => {
      let text = 'x'.repeat(10) + tracked.text + 'y'.repeat(10);
      let now: TrackedText = tracked;
      for (const [from, length, added] of parts) {
        const start = Math.min(from, text.length);
        const end = Math.min(start + length, text.length);
        now = afterChange(now, { start, end, text: added });
        text = text.slice(0, start) + added + text.slice(end);
        assert.ok(now.start >= 0 && now.start <= now.end && now.end <= text.length, JSON.stringify(now));
      }
    }),
  );
});
test('what stands unchanged is kept whole', () => assert.equal(keptShare({ start: 1, end: 8, text: 'foo(a);' }, 'xfoo(a);y'), 1));
test('what was renamed in one of five places is kept for the rest', () => assert.equal(keptShare({ start: 0, end: 7, text: 'foo(a);' }, 'bar(a);'), 0.8));
test('what was deleted is not kept', () => assert.equal(keptShare({ start: 3, end: 3, text: 'foo(a);' }, 'xxxyyy'), 0));

const reject = (languageId: string, suggestionId: string) => ({ languageId, suggestionId, place: 'here', isCertain: false });

test('a reject that was told counts for good at its place, one that was inferred only after the second time', () => {
  const rejects = new Rejects();
  rejects.rejected(reject('go', 'inferred'), 0);
  rejects.rejected({ ...reject('go', 'told'), isCertain: true }, 0);
  assert.deepEqual([rejects.atPlace('inferred'), rejects.atPlace('told')], [1, thresholds.mostRejectsAtPlace]);
});
test('the place of the last reject is quiet for a moment, and no other', () => {
  const rejects = new Rejects();
  assert.equal(rejects.isFresh('here', 0), false);
  rejects.rejected(reject('go', 'one'), 1000);
  assert.equal(rejects.isFresh('here', 1000), true);
  assert.equal(rejects.isFresh('there', 1000), false);
  assert.equal(rejects.isFresh('here', 1000 + thresholds.quietAfterRejectMs), false);
  rejects.clear();
  assert.equal(rejects.isFresh('here', 1000), false);
});

test('after several suggestions were turned down in a row, the next ones wait, in that language alone', () => {
  const rejects = new Rejects();
  for (let index = 0; index < thresholds.freeRejects - 1; index++) rejects.rejected(reject('python', `p${index}`), 1000);
  assert.equal(rejects.backOffMs('python', 1000), 0);
  rejects.rejected(reject('python', 'last'), 1000);
  const once = rejects.backOffMs('python', 1000);
  assert.ok(once > 0);
  rejects.rejected(reject('python', 'one more'), 1000);
  assert.ok(rejects.backOffMs('python', 1000) > once);
  assert.equal(rejects.backOffMs('typescript', 1000), 0);
  rejects.accepted('python');
  assert.equal(rejects.backOffMs('python', 1000), 0);
});
test('the back-off is bounded, and forgotten after a while', () => {
  const rejects = new Rejects();
  for (let index = 0; index < 100; index++) rejects.rejected(reject('go', `g${index}`), 0);
  assert.equal(rejects.backOffMs('go', 0), thresholds.mostBackOffMs);
  assert.equal(rejects.backOffMs('go', thresholds.rejectMemoryMs), 0);
});

test('a pause to think does not count as rhythm', () => {
  const rhythm = new Rhythm();
  for (const at of [0, 100, 200, 9000, 9100]) rhythm.keystroke(at);
  assert.equal(rhythm.meanGapMs, 100);
  assert.equal(rhythm.sinceKeystrokeMs(9150), 50);
});

const worth = { text: 'foo()', isExplicit: false, isShown: false, confidence: undefined, rejectsAtPlace: 0, linePrefix: 'a = ', lineSuffix: '', typed: 0 };
test('nearly everything is shown', () => {
  assert.equal(worthShowing(worth), 'show');
  assert.equal(worthShowing({ ...worth, confidence: [0.2, 0.1] }), 'show');
});
test('what the model itself does not believe is not', () => assert.equal(worthShowing({ ...worth, confidence: [0.01, 0.02] }), 'unsure'));
test('behind a half-typed word it must be surer, unless it was agreed with', () => {
  const half = { ...worth, linePrefix: 'a = fo', confidence: [0.4, 0.3] };
  assert.equal(worthShowing({ ...half, linePrefix: 'a = ' }), 'show');
  assert.equal(worthShowing(half), 'unsure');
  assert.equal(worthShowing({ ...half, typed: 3 }), 'show');
});
test('nor what was turned down twice at this place', () => assert.equal(worthShowing({ ...worth, rejectsAtPlace: 2 }), 'turnedDown'));
test('nor one closing sign', () => assert.equal(worthShowing({ ...worth, text: ')' }), 'trivial'));
test('what is being typed through does not vanish at its last sign', () => assert.equal(worthShowing({ ...worth, text: ')', isShown: true }), 'show'));
test('whoever asks is answered', () => assert.equal(worthShowing({ ...worth, text: ')', isExplicit: true, confidence: [0.001], rejectsAtPlace: 9 }), 'show'));
