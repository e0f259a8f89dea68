// Cutting a text never changes its tokens: with the starter model's vocabulary, with Tekken's, and with the rules other families split by.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { getLlama, type LlamaModel } from 'node-llama-cpp';
import { SegmentedTokenizer } from '../../native/segmentedTokenizer.ts';
import { ensureModel, missingTekken, smallTekken } from '../bench/models/makeModel.ts';
import { starterModel } from './localEngine.ts';

/** Words as the rules of three families split them, one token each: what the cutting must respect is the splitting. */
const splittingRules: Readonly<Record<string, RegExp>> = {
  'GPT-2, StarCoder': /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu,
  'Llama 3, Qwen 2': /(?:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+/gu,
  'Tekken, GPT-4o':
    /[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+/gu,
  'a letter takes any blank before it': /\s?\p{L}+|\p{N}|\s?[^\s\p{L}\p{N}]+|\s+/gu,
};

const code = fc
  .array(
    fc.constantFrom(
      '\n',
      '\n\n',
      ' ',
      '    ',
      '\t',
      'word',
      'Value',
      'x1',
      '12',
      ';',
      '{',
      '}',
      '(',
      '):',
      ',',
      '"',
      "'",
      '=>',
      '// ',
      '/',
      '/*',
      '*/',
      '#',
      '_',
      'é',
      '文',
      '\r\n',
    ),
    {
      minLength: 300,
      maxLength: 900,
    },
  )
  .map((pieces) => pieces.join(''));

function assertExact<Token>(tokenize: (text: string) => readonly Token[], runs: number): void {
  const segmented = new SegmentedTokenizer(tokenize);
  fc.assert(
    fc.property(code, (text) => {
      assert.deepEqual(segmented.tokens(text), [...tokenize(text)]);
      assert.deepEqual(segmented.tokens(`${text}more`), [...tokenize(`${text}more`)]);
    }),
    { numRuns: runs },
  );
}

for (const [family, rule] of Object.entries(splittingRules)) {
  test(`text is cut where nothing changes: ${family}`, () => assertExact((text) => text.match(rule) ?? [], 200));
}

test('only the piece that changed is tokenized again', () => {
  const rule = splittingRules['Llama 3, Qwen 2'] as RegExp;
  let units = 0;
  const segmented = new SegmentedTokenizer((text: string) => {
    units += text.length;
    return text.match(rule) ?? [];
  });
  const text = 'const value = compute(first, second);\n'.repeat(200);
  segmented.tokens(text);
  units = 0;
  segmented.tokens(`${text}co`);
  assert.ok(units < 700, `${units} of ${text.length} units`);
});

const keystrokes = 200;
const longText = 'const value = compute(first, second);\n'.repeat(1200);
/** As SentencePiece does where it puts a blank before each text: whatever is cut off gets a token of its own. */
const withPrefix = (text: string): readonly number[] => [-1, ...Array.from(text.match(/\w+|\W/g) ?? [], (word) => word.length)];
const byWords = (text: string): readonly number[] => Array.from(text.match(splittingRules['Llama 3, Qwen 2'] as RegExp) ?? [], (word) => word.length);

for (const [where, tokenize] of [
  ['no cut is exact', withPrefix],
  ['texts are cut', byWords],
] as const) {
  test(`what typing into a long text leaves behind is bounded, where ${where}`, () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const segmented = new SegmentedTokenizer(tokenize);
    // Each text is one of its own, as messages bring them.
    const type = (round: number) => {
      for (let key = 0; key < keystrokes; key++) segmented.tokens(Buffer.from(`${longText}${round}${'x'.repeat(key)}`).toString());
    };
    type(0);
    collect();
    const before = process.memoryUsage().heapUsed;
    type(1);
    collect();
    const grown = process.memoryUsage().heapUsed - before;
    // A tenth of what the texts alone take.
    assert.ok(grown < (keystrokes * longText.length) / 10, `${(grown / 1e6).toFixed(1)} MB`);
    assert.deepEqual(segmented.tokens(longText), [...tokenize(longText)]);
  });
}

test('where no cut is exact, a keystroke tokenizes the part that changed, and of all parts before it only a few are remembered', () => {
  const asked: string[] = [];
  const segmented = new SegmentedTokenizer((text: string) => {
    asked.push(text);
    return withPrefix(text);
  });
  const askedFor = (...texts: readonly string[]) => {
    asked.length = 0;
    for (const text of texts) segmented.tokens(text);
    return [...asked];
  };
  const parts = ['suffix', 'signatures'].map((name) => `${longText}${name}`);
  const typed = (key: number) => `${longText}${'x'.repeat(key)}`;
  askedFor(...parts, typed(0));
  for (let key = 1; key < 20; key++) assert.deepEqual(askedFor(...parts, typed(key)), [typed(key)]);
  assert.deepEqual(askedFor(typed(19)), []);
  assert.deepEqual(askedFor(typed(1)), [typed(1)]);
});

suite('real vocabularies', () => {
  const vocabulary = async (modelPath: string): Promise<LlamaModel> => {
    const llama = await getLlama({ gpu: false, build: 'never', skipDownload: true, progressLogs: false });
    return llama.loadModel({ modelPath, vocabOnly: true });
  };
  const assertExactFor = async (modelPath: string) => {
    const model = await vocabulary(modelPath);
    assertExact((text) => model.tokenize(text, false), 25);
    const source = readFileSync(new URL(import.meta.url), 'utf8');
    assert.deepEqual(new SegmentedTokenizer((text) => model.tokenize(text, false)).tokens(source), model.tokenize(source, false));
    await model.dispose();
  };

  test('the starter model', () => assertExactFor(starterModel));

  test('Tekken', { skip: missingTekken() }, async () => {
    await assertExactFor(await ensureModel(smallTekken));
  });
});
