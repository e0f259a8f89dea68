// Somebody edits a document key by key; what is offered next, when, and what ends it. Time is in the test's hands.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { indexLines, offsetAt, positionAt } from '../../server/core/text/lineIndex.ts';
import type { ProjectView } from '../../server/features/projectView.ts';
import { SuggestNextEdit } from '../../server/features/suggestNextEdit.ts';
import type { NextEditResult } from '../../server/protocol/nextEdit.ts';
import { RecentEdits } from '../../server/session/recentEdits.ts';
import { Session } from '../../server/session/session.ts';
import { readProjectFacts } from '../bench/context/projectFacts.ts';
import { type Script, type ScriptedInference, promptText, scriptedInference } from '../scriptedInference.ts';

const uri = 'file:///w/a.ts';
const silent = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };
type Offer = Extract<NextEditResult, { outcome: 'ok' }>;

class Bench {
  readonly session = new Session();
  nowMs = 0;
  readonly recentEdits = new RecentEdits(this.session.documents, () => this.nowMs);
  readonly inference: ScriptedInference;
  readonly feature: SuggestNextEdit;

  text: string;
  version = 1;
  cursor = 0;

  constructor(text: string, script: Script = {}, view?: ProjectView) {
    const languageId = 'typescript';
    this.inference = scriptedInference(script);
    this.feature = new SuggestNextEdit({
      session: this.session,
      recentEdits: this.recentEdits,
      inference: this.inference,
      clock: { now: () => this.nowMs, wait: () => Promise.resolve() },
      log: silent,
      ...(view ? { view } : {}),
    });
    this.text = text;
    this.session.documents.open({ uri, languageId, version: 1, text });
  }

  replace(start: number, end: number, inserted: string): void {
    const lines = indexLines(this.text);
    const range = { start: { ...positionAt(lines, start) }, end: { ...positionAt(lines, end) } };
    this.text = this.text.slice(0, start) + inserted + this.text.slice(end);
    this.cursor = start + inserted.length;
    assert.ok(this.session.documents.change(uri, ++this.version, [{ range, text: inserted }]));
  }

  /** As fast typing: 100 ms a key. The first occurrence of `old` is selected and typed over. */
  typeOver(old: string, typed: string): void {
    const start = this.text.indexOf(old);
    assert.ok(start >= 0);
    this.nowMs += 5000;
    [...typed].forEach((key, index) => {
      this.nowMs += 100;
      if (index === 0) this.replace(start, start + old.length, key);
      else this.replace(this.cursor, this.cursor, key);
    });
  }

  ask(version = this.version, signal = new AbortController().signal): Promise<NextEditResult> {
    return this.feature.suggest({ textDocument: { uri, version }, position: { ...positionAt(indexLines(this.text), this.cursor) } }, signal);
  }

  /** After a pause. */
  async offer(): Promise<Offer> {
    this.nowMs += 1000;
    const result = await this.ask();
    assert.ok(result.outcome === 'ok', JSON.stringify(result));
    return result;
  }

  async why(): Promise<string> {
    const result = await this.ask();
    return result.outcome === 'nothing' ? result.why : 'an offer';
  }

  take({ range, newText, oldText }: Offer): void {
    const lines = indexLines(this.text);
    const [start, end] = [offsetAt(lines, range.start), offsetAt(lines, range.end)];
    assert.equal(this.text.slice(start, end), oldText);
    this.replace(start, end, newText);
  }
}

const program = 'function f(price: number) {\n  const a = price;\n  const b = price;\n  return a + price + b;\n}\n';

test('a parameter typed over key by key is offered at its uses one after the other, without a pause between, and then no more', async () => {
  const bench = new Bench(program);
  bench.typeOver('price', 'cost');
  assert.equal(await bench.why(), 'typing');
  bench.take(await bench.offer());
  for (let count = 0; count < 2; count++) {
    const next = await bench.ask();
    assert.ok(next.outcome === 'ok');
    bench.take(next);
  }
  assert.equal(bench.text, program.replaceAll('price', 'cost'));
  assert.equal(await bench.why(), 'nothingFollows');
});

test('a pause in the middle of a word does not lose what it was', async () => {
  const bench = new Bench(program);
  bench.typeOver('price', 'co');
  bench.nowMs += 3000;
  for (const key of 'st') bench.replace(bench.cursor, bench.cursor, key);
  const { oldText, newText } = await bench.offer();
  assert.deepEqual([oldText, newText], ['price', 'cost']);
});

test('backspaces first, then the new name', async () => {
  const bench = new Bench(program);
  const end = program.indexOf('price') + 5;
  for (let count = 0; count < 5; count++) bench.replace(end - count - 1, end - count, '');
  for (const key of 'cost') bench.replace(bench.cursor, bench.cursor, key);
  assert.equal((await bench.offer()).newText, 'cost');
});

test('the version is part of the question', async () => {
  const bench = new Bench(program);
  bench.typeOver('price', 'cost');
  bench.nowMs += 1000;
  const result = await bench.ask(bench.version - 1);
  assert.deepEqual(result, { outcome: 'nothing', why: 'otherVersion' });
  assert.equal((await bench.offer()).version, bench.version);
});

test('what is ten seconds old is over, unless it was gone on with', async () => {
  const bench = new Bench(program);
  bench.typeOver('price', 'cost');
  bench.nowMs += 9000;
  const first = await bench.ask();
  bench.take(first as Offer);
  bench.nowMs += 9000;
  assert.equal((await bench.ask()).outcome, 'ok');
  bench.nowMs += 2000;
  assert.equal(await bench.why(), 'nothingChanged');
});

test('what was turned down is not offered again, and for five seconds nothing else', async () => {
  const bench = new Bench(`${program}const ⟦x⟧ = 1;\n`.replaceAll(/[⟦⟧]/g, '') + 'use(x);\n');
  bench.typeOver('price', 'cost');
  bench.feature.dismissed((await bench.offer()).id);
  bench.nowMs += 100;
  assert.equal(await bench.why(), 'turnedDown');
  bench.nowMs += 5000;
  assert.equal(await bench.why(), 'nothingChanged');
  bench.typeOver('x =', 'y =');
  assert.equal((await bench.offer()).newText, 'y');
});

test('an undone edit asks for nothing, neither does doing it again, nor does the way back', async () => {
  const bench = new Bench(program);
  bench.typeOver('price', 'cost');
  bench.nowMs += 2000;
  const at = bench.text.indexOf('cost');
  bench.replace(at, at + 4, 'price');
  bench.nowMs += 2000;
  assert.equal(await bench.why(), 'nothingChanged');
  bench.replace(at, at + 5, 'cost');
  bench.nowMs += 2000;
  assert.equal(await bench.why(), 'nothingChanged');
});

test('taking a suggestion back ends the others', async () => {
  const bench = new Bench(program);
  bench.typeOver('price', 'cost');
  const offer = await bench.offer();
  bench.take(offer);
  const at = offsetAt(indexLines(bench.text), offer.range.start);
  bench.nowMs += 1000;
  bench.replace(at, at + 4, 'price');
  bench.nowMs += 1000;
  assert.equal(await bench.why(), 'nothingChanged');
});

test('several cursors and formatters are no edit', async () => {
  const bench = new Bench(program);
  const edits = [0, 1].map((line) => ({ range: { start: { line, character: 0 }, end: { line, character: 0 } }, text: ' ' }));
  bench.session.documents.change(uri, ++bench.version, edits);
  bench.text = bench.session.documents.snapshot(uri)?.text ?? '';
  bench.nowMs += 1000;
  assert.equal(await bench.why(), 'nothingChanged');
});

test('off, paused and left out languages', async () => {
  const bench = new Bench(program);
  bench.typeOver('price', 'cost');
  bench.nowMs += 1000;
  const { settings } = bench.session;
  bench.session.settings = { ...settings, nextEdit: { enabled: false, useModel: 'auto' } };
  assert.equal(await bench.why(), 'switchedOff');
  bench.session.settings = { ...settings, completion: { ...settings.completion, excludedLanguages: ['typescript'] } };
  assert.equal(await bench.why(), 'excludedLanguage');
  bench.session.settings = settings;
  bench.session.isPaused = true;
  assert.equal(await bench.why(), 'paused');
  bench.session.isPaused = false;
  assert.equal((await bench.ask()).outcome, 'ok');
});

test('an import of another open file in the same folder, not the relative one of another folder', async () => {
  const bench = new Bench("import a from 'a';\n\n");
  const { documents } = bench.session;
  documents.open({ uri: 'file:///w/b.ts', languageId: 'typescript', version: 1, text: "import { load } from './load';\n" });
  documents.open({ uri: 'file:///w/deep/c.ts', languageId: 'typescript', version: 1, text: "import { save } from './save';\n" });
  bench.replace(bench.text.length, bench.text.length, 'load();\nsave();\n');
  const offer = await bench.offer();
  assert.deepEqual([offer.kind, offer.newText], ['import', "\nimport { load } from './load';"]);
  bench.take(offer);
  assert.equal(await bench.why(), 'nothingFollows');
});

test('an import that only closed files of the project have comes from the index', async () => {
  const files = new Map([
    ['a.ts', ''],
    ['shop/price.ts', 'export function priceOf(name: string): number {\n  return name.length;\n}\n'],
    ['main.ts', "import { priceOf } from './shop/price';\npriceOf('a');\n"],
  ]);
  const { source: symbols } = await readProjectFacts({ name: 'small', folder: '', language: 'typescript', files });
  const folder = { symbols, name: 'small', uriOf: (path: string) => path, isComplete: true, searchesFast: true, version: '1' };
  const bench = new Bench("import { a } from 'a';\n\nuse(a);\n", {}, { folders: () => [folder], place: () => ({ folder, path: 'a.ts' }) });
  bench.typeOver('use(a)', 'priceOf(a)');
  const offer = await bench.offer();
  assert.deepEqual([offer.kind, offer.newText.trim()], ['import', "import { priceOf } from './shop/price';"]);
});

test('whatever is typed, recent edits say what stands in the text, and undoing them gives texts that were there', async () => {
  const key = fc.record({
    at: fc.nat(40),
    removed: fc.nat(3),
    inserted: fc.constantFrom('a', 'b', '\n', ' ', 'ab', '', '(a, b)'),
    pauseMs: fc.constantFrom(50, 50, 50, 2000),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(key, { minLength: 1, maxLength: 30 }), async (keys) => {
      const bench = new Bench('let a = b;\nlet b = a;\n');
      for (const { at, removed, inserted, pauseMs } of keys) {
        bench.nowMs += pauseMs;
        const start = Math.min(at, bench.text.length);
        bench.replace(start, Math.min(start + removed, bench.text.length), inserted);
        const edits = bench.recentEdits.of(uri);
        for (const { start: from, after } of edits) assert.equal(bench.text.slice(from, from + after.length), after);
        assert.ok(edits.length <= 16);
        await bench.ask();
      }
    }),
    { numRuns: 500 },
  );
});

const model = { specialTokens: ['[SUFFIX]', '[PREFIX]'], sizeBytes: 4_000_000_000 };
const block = (search: string, replace: string) => `<<<<<<< SEARCH\n${search}\n=======\n${replace}\n>>>>>>> REPLACE\n`;
const stats = 'let total = 0;\nlet count = 0;\nadd(total);\nshow(count);\n';

test('where no rule has anything to say, a model of some size is asked, and its answer is taken by the strict parser', async () => {
  const bench = new Bench(stats, { model, answers: [block('show(count);', 'show(count, total);')] });
  bench.typeOver('add(total)', 'print(total, count)');
  const offer = await bench.offer();
  assert.deepEqual([offer.kind, offer.newText, offer.range.start.line], ['model', ', total', 3]);
  const [request] = bench.inference.requests;
  assert.ok(request);
  assert.match(promptText(request), /-add\(total\);\n\+print\(total, count\);/);
  assert.equal(request.priority, 'background');
  bench.take(offer);
  assert.equal(bench.text, stats.replace('add(total)', 'print(total, count)').replace('show(count)', 'show(count, total)'));
});

const refused: readonly [name: string, script: Script, useModel: 'auto' | 'on' | 'off', asked: boolean][] = [
  ['a small model is not asked', { model: { ...model, sizeBytes: 900_000_000 } }, 'auto', false],
  ['none is when the user does not want it', { model }, 'off', false],
  ['the starter model never is', { model: { ...model, specialTokens: ['<|cursor_line|>'] } }, 'on', false],
  ['one without a chat template neither', { model: { ...model, hasChatTemplate: false } }, 'on', false],
  ['an answer without an edit', { model, answers: ['nothing'] }, 'auto', true],
  ['a place that is not there', { model, answers: [block('show(nothing);', 'x')] }, 'auto', true],
  ['taking back what was just written', { model, answers: [block('print(total, count);', 'add(total);')] }, 'auto', true],
  ['a secret', { model, answers: [block('show(count);', "show(count, { apiKey: 'q8Zt4mLp2xW7vB9nR3yK' });")] }, 'auto', true],
  ['another file', { model, answers: [`../../etc/passwd\n${block('show(count);', 'show(count, total);')}`] }, 'auto', true],
  ['a page of new code', { model, answers: [block('show(count);', `show(count);\n${'more();\n'.repeat(20)}`)] }, 'auto', true],
  [
    'two edits of which one touches what was just written',
    { model, answers: [block('show(count);', 'show();') + block('print(total, count);', 'x();')] },
    'auto',
    true,
  ],
  ['characters that nobody sees', { model, answers: [block('show(count);', 'show(count\u202e);')] }, 'auto', true],
];
for (const [name, script, useModel, asked] of refused) {
  test(`nothing from the model: ${name}`, async () => {
    const bench = new Bench(stats, { answers: [block('show(count);', 'show(count, total);')], ...script });
    bench.session.settings = { ...bench.session.settings, nextEdit: { enabled: true, useModel } };
    bench.typeOver('add(total)', 'print(total, count)');
    bench.nowMs += 1000;
    assert.equal(await bench.why(), 'nothingFollows');
    assert.equal(await bench.why(), 'nothingFollows');
    assert.equal(bench.inference.requests.length, asked ? 1 : 0);
  });
}

test('an answer for a text that has changed meanwhile is not given out', async () => {
  const bench: Bench = new Bench(stats, {
    model,
    answers: () => {
      bench.replace(bench.text.length, bench.text.length, '// more\n');
      return block('show(count);', 'show(count, total);');
    },
  });
  bench.typeOver('add(total)', 'print(total, count)');
  bench.nowMs += 1000;
  assert.equal(await bench.why(), 'otherVersion');
});
