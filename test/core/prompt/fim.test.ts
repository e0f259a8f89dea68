import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { type FimFamily, fimFamilies, fimFamilyOf } from '../../../server/core/prompt/fimFamilies.ts';
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
  const promptOf = (family: FimFamily, marked: string) => {
    const { prefix, suffix } = fimWindow(marked.replace('|', ''), marked.indexOf('|'), 4000);
    const parts = family.layout({ prefix, suffix, path: 'src/a.ts' });
    return parts.map((part) => (part.kind === 'special' ? `\u0000${family.tokens.indexOf(part.token)}` : part.text)).join('');
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

  for (const family of fimFamilies) {
    test(`${family.name}: ${family.reuse}`, () => {
      const trace = (lines: readonly string[]) => lines.map((line) => promptOf(family, `${before}${line}${after}`));
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
