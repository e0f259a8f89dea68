import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { type FimContext, type FimFamily, fimFamilies, fimFamilyOf, fimParts } from '../../../server/core/prompt/fimFamilies.ts';
import { fimWindow } from '../../../server/core/prompt/fimWindow.ts';

const order = (name: string) =>
  fimFamilies
    .find((family) => family.name === name)
    ?.layout({ prefix: 'P', suffix: 'S', path: 'a/b/c.ts' })
    .map((part) => (part.kind === 'special' ? part.token : `${part.lineMarker ? '(marked)' : ''}${part.text}`));

test('the starter model reads suffix, path, then the prefix with its marker', () =>
  assert.deepEqual(order('starter'), ['<|fim_suffix|>', 'S', '<|fim_prefix|>', '<|file_sep|>', 'b/c.ts\n', '(marked)P']));
test('Codestral reads the suffix first', () => assert.deepEqual(order('codestral'), ['[SUFFIX]', 'S', '[PREFIX]', 'P']));
test('Qwen reads prefix, suffix, middle, and the line so far', () =>
  assert.deepEqual(order('qwen'), ['<|fim_prefix|>', '', '<|fim_suffix|>', 'S', '<|fim_middle|>', 'P']));
test('StarCoder reads prefix, suffix, middle, and the line so far', () =>
  assert.deepEqual(order('starcoder'), ['<fim_prefix>', '', '<fim_suffix>', 'S', '<fim_middle>', 'P']));
test('DeepSeek reads prefix, hole, suffix, and the line so far', () =>
  assert.deepEqual(order('deepseek'), ['<｜fim▁begin｜>', '', '<｜fim▁hole｜>', 'S', '<｜fim▁end｜>', 'P']));

const context: FimContext = {
  name: 'shop',
  languageId: 'typescript',
  files: [
    { path: 'src/x.ts', text: 'X1\nX2' },
    { path: 'y.ts', text: 'Y' },
  ],
};
const withContext = (name: string, more: readonly string[] = []) => {
  const family = fimFamilies.find((one) => one.name === name) as FimFamily;
  const parts = fimParts(family, { prefix: 'A\nP', suffix: 'S', path: 'a/b/c.ts', context }, [...family.tokens, ...more]);
  return parts.map((part) => (part.kind === 'special' ? `{${part.token}}` : part.text)).join('');
};

suite('pieces of other files stand as the family was trained to read them', () => {
  test('Codestral: behind plus signs', () =>
    assert.equal(withContext('codestral'), '{[SUFFIX]}S{[PREFIX]}+++++ src/x.ts\nX1\nX2\n\n+++++ y.ts\nY\n\n+++++ a/b/c.ts\nA\nP'));
  test('Qwen: as a repository', () =>
    assert.equal(
      withContext('qwen', ['<|repo_name|>', '<|file_sep|>']),
      '{<|repo_name|>}shop\n{<|file_sep|>}src/x.ts\nX1\nX2\n{<|file_sep|>}y.ts\nY\n{<|file_sep|>}a/b/c.ts\n{<|fim_prefix|>}A\n{<|fim_suffix|>}S{<|fim_middle|>}P',
    ));
  test('a vocabulary of that family without the signs for files gets comments', () =>
    assert.equal(withContext('qwen'), '{<|fim_prefix|>}// src/x.ts\n// X1\n// X2\n// y.ts\n// Y\n\n// a/b/c.ts\nA\n{<|fim_suffix|>}S{<|fim_middle|>}P'));
  test('StarCoder2: each behind a separator, the path inside the prefix', () =>
    assert.equal(
      withContext('starcoder', ['<repo_name>', '<file_sep>']),
      '{<repo_name>}shop{<file_sep>}src/x.ts\nX1\nX2\n{<file_sep>}y.ts\nY\n{<file_sep>}{<fim_prefix>}a/b/c.ts\nA\n{<fim_suffix>}S{<fim_middle>}P',
    ));
  test('DeepSeek: behind a sharp sign', () =>
    assert.equal(withContext('deepseek'), '{<｜fim▁begin｜>}#src/x.ts\nX1\nX2\n#y.ts\nY\n#a/b/c.ts\nA\n{<｜fim▁hole｜>}S{<｜fim▁end｜>}P'));
  test('the starter model: before the path of the file', () =>
    assert.equal(withContext('starter'), '{<|fim_suffix|>}S{<|fim_prefix|>}{<|file_sep|>}src/x.ts\nX1\nX2\n{<|file_sep|>}y.ts\nY\n{<|file_sep|>}b/c.ts\nA\nP'));
  test('Code Llama: comments', () => assert.match(withContext('codellama'), /^\{▁<PRE>\} \/\/ src\/x\.ts\n\/\/ X1/));
  test('a piece that spells a special token stays text', () => {
    const family = fimFamilies.find(({ name }) => name === 'qwen') as FimFamily;
    const files = [{ path: '<|file_sep|>', text: '<|fim_middle|>' }];
    const parts = fimParts(family, { prefix: 'P', suffix: 'S', path: 'c.ts', context: { ...context, files } }, [
      ...family.tokens,
      '<|repo_name|>',
      '<|file_sep|>',
    ]);
    assert.equal(parts.filter((part) => part.kind === 'special' && part.token === '<|fim_middle|>').length, 1);
  });
});

test('each family is found by its own tokens', () => {
  for (const family of fimFamilies) assert.equal(fimFamilyOf(family.tokens)?.name, family.name);
});
test('a chat model has no family', () => assert.equal(fimFamilyOf(['[INST]', '[/INST]', '<s>', '</s>']), undefined));

const text = Array.from({ length: 300 }, (_, line) => `const value${line} = ${line};`).join('\n');

test('a small file is sent whole', () => assert.deepEqual(fimWindow('ab', 1, 100), { prefix: 'a', suffix: 'b' }));
test('typing within a line leaves the beginning of the window where it is', () => {
  const at = text.indexOf('const value200');
  const starts = new Set<string>();
  for (let typed = 0; typed < 40; typed++) {
    const typedText = `${text.slice(0, at)}${'x'.repeat(typed)}${text.slice(at)}`;
    starts.add(fimWindow(typedText, at + typed, 2000).prefix.slice(0, 20));
  }
  // One step may fall into any stretch of typing; more would evaluate the prompt again and again.
  assert.ok(starts.size <= 2, `${starts.size} beginnings`);
});
test('the suffix stays the same while text is typed before it', () => {
  const at = text.indexOf('const value200');
  const suffixes = new Set<string>();
  for (let typed = 0; typed < 40; typed++) suffixes.add(fimWindow(`${text.slice(0, at)}${'x'.repeat(typed)}${text.slice(at)}`, at + typed, 2000).suffix);
  assert.equal(suffixes.size, 1);
});
test('the window never exceeds its budget and always meets at the cursor', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('a', '\n', '\t', '👍', 'é', '\r\n'), maxLength: 400 }),
      fc.nat(450),
      fc.integer({ min: 8, max: 300 }),
      (source, offset, budget) => {
        const { prefix, suffix } = fimWindow(source, offset, budget);
        assert.ok(prefix.length + suffix.length <= budget);
        const at = source.indexOf(prefix) + prefix.length;
        const gap = source.slice(at).length - source.slice(at).trimStart().length;
        assert.ok(source.includes(prefix) && (source.includes(prefix + suffix) || gap > 0));
      },
    ),
  );
});
test('a cursor inside a surrogate pair is moved before it', () => assert.deepEqual(fimWindow('a👍b', 2, 100), { prefix: 'a', suffix: '👍b' }));

test('closing signs to the end of the line are left out of the suffix', () => {
  const window = (marked: string) => fimWindow(marked.replace('|', ''), marked.indexOf('|'), 1000);
  assert.deepEqual(window('f(|);\nnext'), { prefix: 'f(', suffix: '\nnext' });
  assert.deepEqual(window('f({ a: "|" })\r\nnext'), { prefix: 'f({ a: "', suffix: '\r\nnext' });
  assert.deepEqual(window('f(|, other);\n'), { prefix: 'f(', suffix: ', other);\n' });
  assert.deepEqual(window('f(|)'), { prefix: 'f(', suffix: '' });
});

suite('a keystroke reads what the family says', () => {
  /** The prompt as a model sees it: special tokens as single signs. */
  const promptOf = (family: FimFamily, marked: string, others: FimContext | undefined) => {
    const { prefix, suffix } = fimWindow(marked.replace('|', ''), marked.indexOf('|'), 4000);
    const tokens = [...family.tokens, ...(family.others?.tokens ?? [])];
    const parts = fimParts(family, { prefix, suffix, path: 'src/a.ts', ...(others ? { context: others } : {}) }, tokens);
    return parts.map((part) => (part.kind === 'special' ? `\u0000${tokens.indexOf(part.token)}` : part.text)).join('');
  };
  const commonLength = (one: string, other: string) => {
    let length = 0;
    while (length < one.length && one[length] === other[length]) length++;
    return length;
  };
  const before = `${text.slice(0, text.indexOf('const value60'))}`;
  const after = `\n${text.slice(text.indexOf('const value60'), text.indexOf('const value90'))}`;
  const withinLine = ['fo|', 'foo|', 'foo(|)', 'foo(b|)', 'foo(b, "|")', 'foo(b, "c|")', 'foo(b, "c")|', 'foo(b, "c");|'];
  const newLine = ['foo(b);|', 'foo(b);\n|', 'foo(b);\n  |', 'foo(b);\n  const|'];

  const cases = fimFamilies.flatMap((family) => [
    { family, others: undefined },
    { family, others: context },
  ]);
  for (const { family, others } of cases) {
    test(`${family.name}${others ? ' with pieces of other files' : ''}: ${family.reuse}`, () => {
      const trace = (lines: readonly string[]) => lines.map((line) => promptOf(family, `${before}${line}${after}`, others));
      const kept = (prompts: readonly string[]) => prompts.slice(1).map((prompt, index) => commonLength(prompts[index] as string, prompt));
      const within = trace(withinLine);
      const lines = trace(newLine);
      if (family.reuse === 'keepsPrefix') {
        for (const common of kept([...within, ...lines])) assert.ok(common >= before.length);
        return;
      }
      // Everything but what was typed: each prompt is the one before with more behind it.
      for (const [index, prompt] of within.slice(1).entries()) assert.ok(prompt.startsWith((within[index] as string).trimEnd()), withinLine[index + 1]);
      for (const [index, common] of kept(lines).entries()) {
        if (family.reuse === 'appends') assert.equal(common, lines[index]?.length);
        else assert.ok(common >= before.length);
      }
    });
  }
});
