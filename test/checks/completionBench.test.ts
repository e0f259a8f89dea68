// The completion bench finds what it is to find: sides with known faults go through a simulated user and are told apart.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Episode } from '../bench/completion/history.ts';
import { replayNextEdits } from '../bench/completion/nextEdits.ts';
import { isKept, isTwice } from '../bench/completion/repetitions.ts';
import { Replay } from '../bench/completion/replay.ts';
import { rightPrefix, similarityOf } from '../bench/completion/scoring.ts';
import type { Answer, CompletionSide } from '../bench/completion/side.ts';
import { emptyTally, type Tally } from '../bench/completion/tally.ts';
import { tokenDistance, versionHunks } from '../bench/completion/versionHunks.ts';
import { withEvenTime } from '../bench/completion/evenTime.ts';
import { SimulatedClock } from '../bench/completion/simulatedClock.ts';
import type { GenerateRequest } from '../../server/inference/inference.ts';
import { scriptedInference } from '../scriptedInference.ts';

const typed = 'const total = items.length;\n  return total;';
const episode: Episode = {
  document: { path: 'a.ts', languageId: 'typescript', text: 'function f() {\n  \n}\n' },
  others: [],
  regions: [{ offset: 17, removed: '', moveMs: 1000, keys: (typed.match(/\n[ \t]*|[^\n]/g) ?? []).map((text) => ({ text, gapMs: 200 })) }],
  keystrokes: typed.length,
};

/** Answers after a time on the clock with what `say` makes of what has been typed so far. */
async function play(say: (sofar: string) => Partial<Answer>, { afterMs = 10 }: { readonly afterMs?: number } = {}): Promise<Tally> {
  const clock = new SimulatedClock();
  const tally = emptyTally();
  let text = episode.document.text;
  const side: CompletionSide = {
    name: 'scripted',
    open: () => {},
    edit: ({ start, end, text: inserted }) => {
      text = text.slice(0, start) + inserted + text.slice(end);
    },
    ask: async (offset, signal) => {
      await clock.wait(afterMs, signal);
      return signal.aborted ? undefined : { text: '', usedEngine: true, ...say(text.slice(17, offset)) };
    },
    accepted: () => {},
    quiet: () => Promise.resolve(),
    tokens: () => Promise.resolve(0),
  };
  await clock.run(() => new Replay(side, clock, tally).play(episode));
  assert.equal(text, `function f() {\n  ${typed}\n}\n`, 'the user types what is to be typed, whatever is suggested');
  return tally;
}

test('a side that knows everything spares all keys but the reading', async () => {
  const tally = await play((sofar) => ({ text: typed.slice(sofar.length) }));
  assert.equal(tally.acceptances, 1);
  assert.equal(tally.acceptedCharacters, typed.length);
  assert.deepEqual([tally.keystrokes, tally.wrong, tally.flickers, tally.stale], [0, 0, 0, 0]);
});

test('one that knows nothing spares none', async () => {
  const tally = await play(() => ({ text: 'wrong()' }));
  assert.deepEqual([tally.acceptances, tally.keystrokes], [0, typed.match(/\n[ \t]*|[^\n]/g)?.length]);
  assert.ok(tally.suggestions > 30 && tally.wrong === tally.suggestions);
});

test('what is typed through and then becomes something else flickers, and what vanishes does', async () => {
  const turns = (other: string) => (sofar: string) => ({ text: ['st x', other, other.slice(1), other.slice(2)][sofar.length - 3] ?? '' });
  assert.equal((await play(turns('t x and more'))).flickers, 0);
  assert.equal((await play(turns('t y'))).flickers, 1);
  assert.equal((await play(turns(''))).flickers, 1);
});

test('what is read counts once however long it is typed through, and by where it comes from', async () => {
  const say = (sofar: string) =>
    sofar.length < 3 ? { text: 'coX'.slice(sofar.length), source: 'ahead' } : { text: typed.slice(sofar.length), source: 'code' };
  const tally = await play(say);
  const [written, copied] = [tally.bySource.get('written by the model'), tally.bySource.get('copied from the code')];
  // The first is read before three keys, and the second before one.
  assert.deepEqual(written, { suggestions: 1, read: 1, acceptedCharacters: 0 });
  assert.deepEqual(copied, { suggestions: 1, read: 1, acceptedCharacters: tally.acceptedCharacters });
  assert.deepEqual([tally.read, tally.wrong, tally.acceptances], [2, 1, 1]);
});

test('an answer that comes after the next key is not shown', async () => {
  const tally = await play(() => ({ text: 'x' }), { afterMs: 300 });
  // The first place and the end are the only ones with a pause.
  assert.ok(tally.shownKeystrokes <= 2, String(tally.shownKeystrokes));
  assert.ok(tally.shownMs.every((ms) => Math.abs(ms - 300) < 50));
});

test('answers without the engine are counted apart', async () => {
  const tally = await play((sofar) => ({ text: '?', usedEngine: sofar.length % 2 === 0 }));
  assert.ok(tally.reused > 10 && tally.reused < tally.shownKeystrokes - 10);
});

test('a right beginning is whole tokens, and not blanks alone', () => {
  assert.equal(rightPrefix('foo(bar)', 'foo(baz)'), 4);
  assert.equal(rightPrefix('foobar', 'foobaz'), 0);
  assert.equal(rightPrefix('foobar', 'foo'), 0);
  assert.equal(rightPrefix('foo.bar', 'foo'), 3);
  assert.equal(rightPrefix('  x', '  y'), 0);
  assert.equal(rightPrefix('a\n  b', 'a\n  b'), 5);
});

test('similarity is one less the share of letters to change', () => {
  assert.equal(similarityOf('abcd', 'abcd'), 1);
  assert.equal(similarityOf('abcd', 'abxd'), 0.75);
  assert.equal(similarityOf('', 'ab'), 0);
});

test('time passes while somebody works and jumps while everybody waits', async () => {
  const clock = new SimulatedClock();
  const startedMs = performance.now();
  const seen = await clock.run(async () => {
    const order: string[] = [];
    const work = clock.busy(new Promise((resolve) => setTimeout(resolve, 60))).then(() => order.push('work'));
    await clock.wait(20);
    order.push('wait');
    await work;
    await clock.wait(100_000);
    return order;
  });
  assert.deepEqual(seen, ['wait', 'work']);
  assert.ok(clock.now() >= 100_050 && performance.now() - startedMs < 50_000);
});

/** What comes of an answer, and when on the simulated clock, with an engine that takes `paceMs` for a piece of `pieceLength` characters. */
async function heard(paceMs: number, pieceLength: number, giveUpAfter = Infinity): Promise<{ readonly said: unknown[]; readonly cancelled: number }> {
  const clock = new SimulatedClock();
  const beforePiece = () => new Promise<void>((resolve) => setTimeout(resolve, paceMs));
  const inference = scriptedInference({ answers: ['const answer = compute(42);', 'second'], pieceLength, beforePiece });
  const generate = withEvenTime(inference, { clock, seed: 3 });
  const said: unknown[] = [];
  const request: GenerateRequest = { prompt: { kind: 'parts', parts: [] }, priority: 'inline', maxTokens: 9, temperature: 0, stop: [] };
  await clock.run(async () => {
    const given = new AbortController();
    for (let count = 0; count < 2; count++) {
      const onText = (piece: string) => {
        said.push([piece, clock.now()]);
        if (said.length >= giveUpAfter) given.abort();
      };
      const { outcome } = await generate(request, { signal: given.signal, onText });
      said.push([outcome, clock.now()]);
    }
  });
  return { said, cancelled: inference.cancelledCount };
}

test('with a time of its own an engine says the same at the same moments, however fast it is', async () => {
  const [slow, fast] = [await heard(3, 4), await heard(0, 9)];
  assert.deepEqual(slow, fast);
  assert.equal(slow.said.length, 6 + 1 + 2 + 1);
  assert.deepEqual(slow.said.map((one) => (one as [string])[0]).slice(0, 7), ['const', ' answ', 'er = ', 'compu', 'te(42', ');', 'ok']);
});

test('and what is given up is given up in the engine as well', async () => {
  const { said, cancelled } = await heard(1, 2, 2);
  assert.deepEqual(
    said.map((one) => (one as [string])[0]),
    ['const', ' answ', 'cancelled', 'cancelled'],
  );
  assert.ok(cancelled >= 1);
});

test('the edits between two versions, made one after the other, make the newer one', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'bc', ' ', '\n', '\n  ', '(', ')', '.'), maxLength: 40 });
  fc.assert(
    fc.property(text, text, (older, newer) => {
      let delta = 0;
      let now = older;
      for (const { start, before, after } of versionHunks(older, newer).hunks) {
        assert.equal(now.slice(start + delta, start + delta + before.length), before);
        now = now.slice(0, start + delta) + after + now.slice(start + delta + before.length);
        delta += after.length - before.length;
      }
      assert.equal(now, newer);
    }),
  );
  assert.equal(tokenDistance('a + b', 'a - b'), 2);
});

const fileOf = (olderText: string, text: string) => ({ package: 'p', path: 'a.ts', languageId: 'typescript' as const, olderText, text });

test('of next edits right ones are taken and counted, and wrong ones are counted as wrong', async () => {
  const older = 'function f(price: number) {\n  const a = price;\n  return a * price;\n}\n';
  const { offers, followed, edits } = await replayNextEdits([fileOf(older, older.replaceAll('price', 'cost'))], scriptedInference());
  // One is made by hand, the others follow from it.
  assert.deepEqual([[...offers], followed.name, edits], [[['rename', { right: 2, wrong: 0 }]], { edits: 1, found: 1 }, 1]);
  // The parameter alone has got another name, and its uses were meant to change into something else.
  const other = older.replace('price', 'cost').replaceAll('= price', '= base').replace('* price', '* rate');
  const wrong = await replayNextEdits([fileOf(older, other)], scriptedInference());
  assert.deepEqual([...wrong.offers.values()], [{ right: 0, wrong: 1 }]);
});

test('what is shown twice is told from what is new and from what is left out', () => {
  const one = { before: 'f(', after: ');\nnext();', languageId: 'typescript', text: 'a);\nnext();', wanted: 'a' };
  assert.deepEqual(
    ['a', 'a)', 'a);\nnext();', '', 'b);'].map((shown) => isTwice(one, shown)),
    [false, true, true, false, false],
  );
  assert.deepEqual(
    ['a', 'a ', ''].map((shown) => isKept(one, shown)),
    [true, true, false],
  );
});
