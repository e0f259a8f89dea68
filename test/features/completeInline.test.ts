// Somebody types, deletes, accepts and undoes at random while a scripted model answers at random times. Whatever happens: nothing is shown
// for an old version, nothing that the text contradicts, and what is shown only changes into something longer while it is typed through.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import type { InlineOutcome } from '../../server/features/inlineRequest.ts';
import { promptText } from '../scriptedInference.ts';
import { bench, Editor, suggested } from './inlineBench.ts';

/** A small language, so that much agrees. The same place may get another answer later, as it does when the context has changed. */
const phrases = [
  'foo(a);',
  'a.b;\n',
  '{\n  foo();\n  b;\n}\n',
  '',
  '\n  foo(a);\n  b = beta;\n  rest(a);\n',
  'ab',
  'b) {\n',
  '(a, b)',
  'foo();\nfoo(b);',
  '{\n  loop(a);\n  loop(a);\n  loop(a);\n  loop(a);\n}\n',
];
function answerTo(prompt: string, index: number): string {
  let hash = index >> 4;
  for (const sign of prompt.slice(-6)) hash = (hash * 31 + (sign.codePointAt(0) ?? 0)) % 1009;
  return phrases[hash % phrases.length] ?? '';
}

/** Whether the model has said this, for this place or one before it: then the text from there to here is what it said, too. */
function wasSaid(whole: string, said: readonly { readonly prefix: string; readonly answer: string }[]): boolean {
  // The blank at the end of a prompt is cut off, and put back before an answer that does not begin with it.
  // What it opens may be closed for it.
  const unclosed = whole.replace(/[\s)\]}"'`]+$/, '');
  return said.some(({ prefix, answer }) => (prefix + answer).startsWith(unclosed) || `${prefix} ${answer}`.startsWith(unclosed));
}

type Step =
  | { readonly kind: 'type'; readonly text: string }
  | { readonly kind: 'through'; readonly count: number }
  | { readonly kind: 'delete'; readonly count: number }
  | { readonly kind: 'accept' | 'undo' | 'pause' | 'newline' };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('through' as const), count: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('type' as const), text: fc.constantFrom('a', 'f', 'fo', '(', ')', ' ', ';', '{', 'b') }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), count: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('accept' as const, 'undo' as const, 'pause' as const, 'newline' as const) }) },
);

test('random typing over 10,000 keystrokes: never stale, never contradicted, never flickering', async () => {
  let keystrokes = 0;
  let shownCount = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 90, maxLength: 110 }), fc.infiniteStream(fc.nat(3)), async (steps, turns) => {
      const said: { prefix: string; answer: string }[] = [];
      const patience = turns[Symbol.iterator]();
      const to = bench({
        answers: (request, index) => {
          const prompt = promptText(request);
          const answer = answerTo(prompt, index);
          said.push({ prefix: prompt.slice(prompt.lastIndexOf('[PREFIX]') + '[PREFIX]'.length), answer });
          return answer;
        },
        pieceLength: 3,
        beforePiece: async () => {
          for (let wait = patience.next().value ?? 0; wait > 0; wait--) await nextTurn();
        },
      });
      const editor = new Editor(to, 'const a = 1;\n|\n  rest(a);\n  more(b);\n}\n');
      let shown: { readonly whole: string; readonly head: string } | undefined;
      const pending: Promise<void>[] = [];
      // What is wrong with an answer that nobody waited for yet is told by the property, with the seed that shows it again.
      const wrong: unknown[] = [];
      for (const [nth, what] of steps.entries()) {
        keystrokes++;
        to.pass(100);
        const rest = shown && shown.head === editor.text.slice(0, editor.cursor) ? shown.whole.slice(shown.head.length) : '';
        if (what.kind === 'type') editor.type(what.text);
        else if (what.kind === 'newline') editor.type('\n');
        else if (what.kind === 'through') editor.type(rest.slice(0, what.count) || 'x');
        else if (what.kind === 'accept') editor.type(rest || ';');
        else if (what.kind === 'delete' && editor.cursor > 0) editor.replace(Math.max(0, editor.cursor - what.count), editor.cursor, '');
        else if (what.kind === 'undo') editor.undo();
        // Taken to its end or contradicted, it is shown no longer; what begins behind the cursor now is so only when an answer brings it again.
        const stands = editor.text.slice(0, editor.cursor);
        if (shown && (!stands.startsWith(shown.head) || !shown.whole.startsWith(stands) || shown.whole === stands)) shown = undefined;
        // Not every change is followed by a request: an answer on its way must then come to nothing.
        if (nth % 7 === 0) {
          await nextTurn();
          continue;
        }
        const asked = { text: editor.text, cursor: editor.cursor, shown };
        const judge = (outcome: InlineOutcome) => {
          const text = suggested(outcome);
          // An answer is for the text that it was asked for, or there is none.
          if (editor.text !== asked.text) assert.equal(text, undefined, `a suggestion for an old version: ${JSON.stringify(text)}`);
          const stood = asked.text.slice(0, asked.cursor);
          const isThrough =
            asked.shown !== undefined && stood.startsWith(asked.shown.head) && asked.shown.whole.startsWith(stood) && asked.shown.whole !== stood;
          assert.ok(!(isThrough && outcome.outcome === 'nothing'), `${JSON.stringify(asked.shown)} vanished: ${JSON.stringify(outcome)}`);
          if (text === undefined || editor.text !== asked.text || editor.cursor !== asked.cursor) return;
          shownCount++;
          assert.notEqual(text.trim(), '');
          const head = asked.text.slice(0, asked.cursor);
          const whole = head + text;
          const { id } = (outcome.outcome === 'ok' && outcome.suggestions[0]) || { id: '' };
          const isCopied = to.records.some((record) => record.id === id && record.source === 'code');
          assert.ok(isCopied || wasSaid(whole, said), `nobody said ${JSON.stringify(whole)}`);
          // While what was shown is typed through, it may only get longer.
          if (shown && shown.whole.startsWith(head) && head.startsWith(shown.head) && shown.whole.length > head.length)
            assert.ok(whole.startsWith(shown.whole), `${JSON.stringify(shown.whole)} became ${JSON.stringify(whole)} at ${JSON.stringify(head)}`);
          shown = { whole, head };
        };
        const answer = editor
          .ask()
          .then(judge)
          .catch((error: unknown) => void wrong.push(error));
        pending.push(answer);
        // Sometimes the next key comes before the answer.
        if (what.kind === 'pause' || nth % 3 !== 0) await answer;
        else await nextTurn();
        if (wrong.length > 0) throw wrong[0];
      }
      await Promise.all(pending);
      if (wrong.length > 0) throw wrong[0];
      to.end();
    }),
    { numRuns: 120, endOnFailure: true },
  );
  assert.ok(keystrokes >= 10_000 && shownCount > keystrokes / 10, `${keystrokes} keystrokes, ${shownCount} suggestions`);
});

test('what was accepted, in part and whole, and what still stands later, is told without its text', async () => {
  const to = bench({ answers: ['foo(bar);', ''] });
  const editor = new Editor(to, 'const a = |\n');
  assert.equal(suggested(await editor.ask()), 'foo(bar);');
  editor.type('foo');
  editor.type('(bar);');
  for (let turn = 0; turn < 20; turn++) await nextTurn();
  assert.deepEqual(
    to.records.map(({ event }) => event),
    ['shown', 'acceptedPart', 'accepted', 'kept', 'kept', 'kept'],
  );
  assert.ok(to.records.every((record) => record.languageId === 'typescript' && record.characters === 9 && !JSON.stringify(record).includes('foo')));
  to.end();
});

test('typing something else after a while counts as turned down, typing over at once does not', async () => {
  const to = bench({ answers: ['foo();', '', 'bar();', ''] });
  const editor = new Editor(to, 'const a = |\n');
  assert.equal(suggested(await editor.ask()), 'foo();');
  to.pass(100);
  editor.type('x');
  editor.replace(editor.cursor - 1, editor.cursor, '');
  assert.equal(suggested(await editor.ask()), 'foo();', 'the earlier suggestion comes back');
  to.pass(3000);
  editor.type('y');
  assert.deepEqual(
    to.records.map(({ event }) => event),
    ['shown', 'rejected'],
  );
  to.end();
});

test('where something was turned down a moment ago nothing comes by itself, but when it is asked for', async () => {
  const to = bench({ answers: ['foo();', ''] });
  const editor = new Editor(to, 'const a = |\n');
  assert.equal(suggested(await editor.ask()), 'foo();');
  to.pass(3000);
  editor.type('y');
  editor.replace(editor.cursor - 1, editor.cursor, '');
  assert.deepEqual(await editor.ask(), { outcome: 'nothing', why: 'turnedDown' });
  assert.equal(suggested(await editor.ask(true)), 'foo();');
  to.end();
});

test('a reject that is told by a key is one at once, and for good at that place', async () => {
  const to = bench({ answers: ['foo();', 'ahead', 'bar();', ''] });
  const editor = new Editor(to, 'const a = |\nconst b = \n');
  const first = await editor.ask();
  assert.ok(first.outcome === 'ok');
  const { id } = first.suggestions[0] ?? assert.fail();
  to.pass(50);
  to.feature.rejected('another');
  to.feature.rejected(id);
  to.feature.rejected(id);
  assert.deepEqual(
    to.records.map((record) => (record.event === 'rejected' ? record.seenMs : record.event)),
    ['shown', 50],
  );
  const before = to.inference.requests.length;
  assert.deepEqual(await editor.ask(), { outcome: 'nothing', why: 'turnedDown' });
  to.pass(60_000);
  assert.deepEqual(await editor.ask(), { outcome: 'nothing', why: 'turnedDown' });
  editor.type('f');
  assert.deepEqual(await editor.ask(), { outcome: 'nothing', why: 'turnedDown' });
  assert.equal(to.inference.requests.length, before);
  assert.equal(suggested(await editor.ask(true)), 'oo();');
  to.end();
});

test('an answer that the text contradicts is ended at once, without another request', async () => {
  let started = () => {};
  const running = new Promise<void>((resolve) => {
    started = resolve;
  });
  const to = bench({
    answers: ['foo(bar, baz);'],
    pieceLength: 2,
    beforePiece: async (_request, piece) => {
      if (piece === 2) started();
      await nextTurn();
    },
  });
  const editor = new Editor(to, 'const a = |\n');
  const answer = editor.ask();
  await running;
  editor.type('z');
  assert.equal((await answer).outcome, 'stale');
  for (let turn = 0; turn < 30; turn++) await nextTurn();
  assert.equal(to.inference.cancelledCount, 1);
  to.end();
});

test('a change in another document neither empties what is known nor ends what is under way', async () => {
  const to = bench({ answers: ['foo();', ''] });
  const editor = new Editor(to, 'const a = |\n');
  to.session.documents.open({ uri: 'file:///w/b.ts', languageId: 'typescript', version: 1, text: 'b' });
  const answer = editor.ask();
  to.session.documents.change('file:///w/b.ts', 2, [{ text: 'bb' }]);
  assert.equal(suggested(await answer), 'foo();');
  to.session.documents.change('file:///w/b.ts', 3, [{ text: 'bbb' }]);
  editor.type('f');
  assert.equal(suggested(await editor.ask()), 'oo();');
  assert.equal(to.inference.requests.filter(({ isAhead }) => !isAhead).length, 1);
  to.end();
});

test('what was shown of a growing answer is not taken back when the rest turns out to be a loop', async () => {
  const gate = { allowed: 0 };
  let wake = () => {};
  const allow = async (pieces: number) => {
    gate.allowed = pieces;
    wake();
    for (let turn = 0; turn < 200; turn++) await nextTurn();
  };
  const line = '\n  loop(alpha);';
  const to = bench({
    answers: (request) => (request.isAhead ? '' : `${line.repeat(6)}\n`),
    pieceLength: 1,
    beforePiece: async (request, piece) => {
      while (!request.isAhead && piece >= gate.allowed) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  });
  const editor = new Editor(to, 'function f() {|\n');
  const first = editor.ask();
  await allow(line.length + 1);
  assert.equal(suggested(await first), line);
  await allow(2 * line.length + 1);
  assert.equal(suggested(await editor.ask()), line.repeat(2));
  await allow(1000);
  assert.equal(suggested(await editor.ask()), line.repeat(2));
  to.end();
});

test('first lines that somebody has typed beyond are waited past', async () => {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const to = bench({
    answers: (request) => (request.isAhead ? '' : '\n  one();\n  two();\n}\n'),
    pieceLength: 11,
    beforePiece: (request, piece) => (!request.isAhead && piece === 1 ? held : undefined),
  });
  const editor = new Editor(to, 'function f() {|\n');
  assert.equal(suggested(await editor.ask()), '\n  one();');
  editor.type('\n  one();');
  const beyond = editor.ask();
  for (let turn = 0; turn < 10; turn++) await nextTurn();
  release();
  assert.equal(suggested(await beyond), '\n  two();\n}');
  assert.equal(to.inference.requests.filter(({ isAhead }) => !isAhead).length, 1);
  to.end();
});

test('another model starts with nothing of what the one before has said', async () => {
  const to = bench({ answers: ['foo();', '', 'bar();', ''] });
  const editor = new Editor(to, 'const a = |\n');
  assert.equal(suggested(await editor.ask()), 'foo();');
  for (let turn = 0; turn < 10; turn++) await nextTurn();
  const { state } = to.inference;
  assert.ok(state.state === 'ready');
  to.inference.setState({ state: 'starting' });
  to.inference.setState({ state: 'ready', model: { ...state.model, path: '/models/other.gguf' } });
  assert.equal(suggested(await editor.ask()), 'bar();');
  to.end();
});

test('a bug in what nobody waits for is logged, and the next request is served', async () => {
  const to = bench({
    answers: (request) => {
      if (request.isAhead) throw new Error('a bug');
      return 'foo();';
    },
  });
  const editor = new Editor(to, 'const a = |\n');
  assert.equal(suggested(await editor.ask()), 'foo();');
  for (let turn = 0; turn < 10; turn++) await nextTurn();
  assert.match(to.errors.join(), /A completion failed: Error: a bug/);
  editor.type('f');
  assert.equal(suggested(await editor.ask()), 'oo();');
  to.end();
});

test('what the code around says with confidence is shown at once, without the engine', async () => {
  const to = bench({ answers: ['wrong();', ''] });
  const editor = new Editor(to, "register('first', { isActive: true, priority: 10 });\nregister('second', { isAc|\n");
  assert.equal(suggested(await editor.ask()), 'tive: true, priority: 10 });');
  assert.deepEqual(
    to.inference.requests.filter(({ isAhead }) => !isAhead),
    [],
  );
  editor.type('t');
  assert.equal(suggested(await editor.ask()), 'ive: true, priority: 10 });');
  assert.deepEqual(
    to.records.map(({ source }) => source),
    ['code'],
  );
  to.end();
});

test('whole lines that were cut off behind a suggestion are the next one, without the engine', async () => {
  // Several tokens may come at once, as guessed ones do.
  const to = bench({ answers: ['\n  a();\n}\n\nfunction g() {\n  b();\n}\n'], pieceLength: 100 });
  const editor = new Editor(to, 'function f() {|\n');
  assert.equal(suggested(await editor.ask()), '\n  a();\n}');
  for (let turn = 0; turn < 20; turn++) await nextTurn();
  editor.type('\n  a();\n}');
  assert.equal(suggested(await editor.ask()), '\n\nfunction g() {\n  b();\n}');
  assert.deepEqual(
    to.records.flatMap((record) => (record.event === 'shown' ? [record.source] : [])),
    ['model', 'tail'],
  );
  to.end();
});

test('what the code around says without confidence is not shown, but is the draft that the model confirms', async () => {
  const to = bench({ answers: ['read(b, one);', ''] });
  const editor = new Editor(to, 'x.run(a, two);\ny.run(|\n');
  await editor.ask();
  const [request] = to.inference.requests;
  assert.equal(request?.speculation, 'promptLookup');
  assert.equal(request?.expected, 'a, two);');
  to.end();
});

test('what is typed through stays in the middle of a line and behind half a word', async () => {
  const to = bench({ answers: ['one', ''] });
  const editor = new Editor(to, 'a = | | undefined;\n');
  assert.equal(suggested(await editor.ask()), 'one');
  editor.type('o');
  assert.equal(suggested(await editor.ask()), 'ne');
  to.end();
});
