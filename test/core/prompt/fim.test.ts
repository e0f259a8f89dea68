import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fimFamilies, fimFamilyOf } from '../../../server/core/prompt/fimFamilies.ts';
import { fimWindow } from '../../../server/core/prompt/fimWindow.ts';

const order = (name: string) =>
  fimFamilies
    .find((family) => family.name === name)
    ?.layout({ prefix: 'P', suffix: 'S', path: 'a/b/c.ts' })
    .map((part) => (part.kind === 'special' ? part.token : `${part.lineMarker ? '(marked)' : ''}${part.text}`));

test('the starter model reads suffix, path, then the prefix with its marker', () =>
  assert.deepEqual(order('starter'), ['<|fim_suffix|>', 'S', '<|fim_prefix|>', '<|file_sep|>', 'b/c.ts\n', '(marked)P']));
test('Codestral reads the suffix first', () => assert.deepEqual(order('codestral'), ['[SUFFIX]', 'S', '[PREFIX]', 'P']));
test('Qwen reads prefix, suffix, middle', () => assert.deepEqual(order('qwen'), ['<|fim_prefix|>', 'P', '<|fim_suffix|>', 'S', '<|fim_middle|>']));
test('StarCoder reads prefix, suffix, middle', () => assert.deepEqual(order('starcoder'), ['<fim_prefix>', 'P', '<fim_suffix>', 'S', '<fim_middle>']));
test('DeepSeek reads prefix, hole, suffix', () => assert.deepEqual(order('deepseek'), ['<｜fim▁begin｜>', 'P', '<｜fim▁hole｜>', 'S', '<｜fim▁end｜>']));

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
        assert.ok(source.includes(prefix + suffix));
      },
    ),
  );
});
test('a cursor inside a surrogate pair is moved before it', () => assert.deepEqual(fimWindow('a👍b', 2, 100), { prefix: 'a', suffix: '👍b' }));
