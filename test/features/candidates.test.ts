// Several candidates for one place, and what is known of them afterwards: which one was taken, and what is forgotten when somebody says so.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { InlineOutcome } from '../../server/features/inlineRequest.ts';
import { bench, Editor, suggested } from './inlineBench.ts';

const turns = async (count: number) => {
  for (let turn = 0; turn < count; turn++) await nextTurn();
};

function all(outcome: InlineOutcome): readonly string[] {
  return outcome.outcome === 'ok' ? outcome.suggestions.map(({ insertText }) => insertText) : [];
}

/** Shows `one();`, and to choose from `two();` and `three();` besides. */
async function choosing() {
  const to = bench({
    answers: ({ isAhead, temperature, seed }) => (isAhead ? '' : temperature === 0 ? 'one();' : seed === 1 ? 'two();' : 'three();'),
  });
  const editor = new Editor(to, 'const a = |\n');
  assert.equal(suggested(await editor.ask(true)), 'one();');
  await turns(20);
  const outcome = await editor.ask(true);
  assert.deepEqual(all(outcome), ['one();', 'two();', 'three();']);
  const ids = outcome.outcome === 'ok' ? outcome.suggestions.map(({ id }) => id) : [];
  return { to, editor, ids };
}
const events = ({ records }: ReturnType<typeof bench>) => records.map(({ id, event }) => `${event} ${id}`);

for (const [index, text] of ['one();', 'two();', 'three();'].entries())
  test(`whoever takes candidate ${index + 1} has taken it, and turned nothing down`, async () => {
    const { to, editor, ids } = await choosing();
    to.pass(3000);
    editor.type(text);
    to.feature.accepted(ids[index] ?? '');
    await turns(20);
    const own = ids[index];
    const shown = index === 0 ? [] : [`shown ${own}`];
    assert.deepEqual(events(to), [`shown ${ids[0]}`, ...shown, `accepted ${own}`, `kept ${own}`, `kept ${own}`, `kept ${own}`]);
    to.end();
  });

test('a candidate that was taken by its command alone counts, too', async () => {
  const { to, ids } = await choosing();
  to.feature.accepted(ids[2] ?? '');
  assert.deepEqual(events(to), [`shown ${ids[0]}`, `shown ${ids[2]}`, `accepted ${ids[2]}`]);
  to.end();
});

test('a candidate that is taken word by word stays on the screen', async () => {
  const { to, editor, ids } = await choosing();
  editor.type('two');
  assert.equal(suggested(await editor.ask()), '();');
  assert.deepEqual(events(to).slice(0, 3), [`shown ${ids[0]}`, `shown ${ids[1]}`, `acceptedPart ${ids[1]}`]);
  to.end();
});

test('what fits none of the candidates turns down the first alone', async () => {
  const { to, editor, ids } = await choosing();
  to.pass(3000);
  editor.type('x');
  assert.deepEqual(events(to), [`shown ${ids[0]}`, `rejected ${ids[0]}`]);
  to.end();
});

test('what was taken in parts is followed as one text: what was deleted again counts as gone', async () => {
  const waits: (() => void)[] = [];
  const clock = { now: () => 0, wait: (ms: number) => (ms < 1000 ? Promise.resolve() : new Promise<void>((resolve) => waits.push(resolve))) };
  const to = bench({ answers: ['foo(bar, baz);', ''] }, { clock });
  const editor = new Editor(to, 'const a = |\n');
  assert.equal(suggested(await editor.ask()), 'foo(bar, baz);');
  editor.type('foo');
  editor.type('(bar');
  editor.type(' || other');
  // Of `foo` `(` `bar` only the name is left.
  editor.replace(editor.text.indexOf('(bar'), editor.text.indexOf('\n'), '');
  while (waits.length > 0) {
    waits.shift()?.();
    await turns(5);
  }
  assert.deepEqual(
    to.records.map((record) => ('share' in record ? [record.afterSeconds, record.share] : record.event)),
    ['shown', 'acceptedPart', 'acceptedPart', [30, 0.33], [120, 0.33], [600, 0.33]],
  );
  to.end();
});

test('after the history was deleted nothing more is written about what was taken before', async () => {
  const waits: (() => void)[] = [];
  const clock = { now: () => 0, wait: (ms: number) => (ms < 1000 ? Promise.resolve() : new Promise<void>((resolve) => waits.push(resolve))) };
  const to = bench({ answers: ['foo(bar);', ''] }, { clock });
  const editor = new Editor(to, 'const a = |\n');
  assert.equal(suggested(await editor.ask()), 'foo(bar);');
  editor.type('foo(bar);');
  await turns(20);
  to.feature.forget();
  const before = to.records.length;
  for (const goOn of waits) goOn();
  await turns(20);
  assert.deepEqual(
    to.records.map(({ event }) => event),
    ['shown', 'accepted'],
  );
  assert.equal(to.records.length, before);
  to.end();
});

test('who asks while an automatic answer is under way that ends in nothing gets one that may not', async () => {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const to = bench({
    answers: ({ forbidEndFirst }) => (forbidEndFirst ? 'foo();' : ''),
    beforePiece: ({ forbidEndFirst }) => (forbidEndFirst ? undefined : held),
  });
  const editor = new Editor(to, 'const a = |\n');
  const typed = editor.ask();
  await turns(5);
  const asked = editor.ask(true);
  await turns(5);
  release();
  await typed;
  assert.equal(suggested(await asked), 'foo();');
  to.end();
});
