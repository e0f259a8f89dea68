// Cutting a text never changes its tokens: with the starter model's vocabulary, with Tekken's, and with the rules other families split by.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { getLlama, type LlamaModel } from 'node-llama-cpp';
import { SegmentedTokenizer } from '../../native/segmentedTokenizer.ts';
import { ensureModel, modelTekken, tekkenFile } from '../bench/models/makeModel.ts';
import { starterModel } from './localEngine.ts';

/** Words as the rules of three families split them, one token each: what the cutting must respect is the splitting. */
const splittingRules: Readonly<Record<string, RegExp>> = {
  'GPT-2, StarCoder': /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu,
  'Llama 3, Qwen 2': /(?:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+/gu,
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
    await assertExactFor(await ensureModel({ ...modelTekken, layers: 1, width: 64, heads: 2, kvHeads: 1, feedForward: 64 }));
  });
});

function missingTekken(): string | false {
  try {
    tekkenFile();
    return false;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
