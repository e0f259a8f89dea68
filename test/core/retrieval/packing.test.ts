// What fits is laid out by path and line, whatever the scores; what was once shown stays where it is.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Definition } from '../../../server/core/retrieval/facts.ts';
import { packDefinitions, type RankedDefinition } from '../../../server/core/retrieval/packContext.ts';
import { signatureText } from '../../../server/core/retrieval/signatureText.ts';
import { type StableBlock, updateStableBlock } from '../../../server/core/retrieval/stableBlock.ts';
import { countTokens } from './smallProject.ts';

const common = { countTokens, commentSign: '//' };

function definition(name: string, more: Partial<Definition> = {}): Definition {
  return { name, kind: 'function', signature: `function ${name}(): void`, path: 'src/a.ts', startLine: 0, endLine: 0, isExported: true, ...more };
}

const ranked = (definitions: readonly Definition[], chance = 0.5): RankedDefinition[] =>
  definitions.map((one, index) => ({ definition: one, score: -index, chance }));
const textOf = (packed: { readonly lines: readonly { readonly text: string }[] }) => packed.lines.map((line) => line.text).join('\n');
const textOfBlock = (block: StableBlock) => block.packs.map(textOf).join('\n');

const anyDefinitions = fc
  .uniqueArray(
    fc.record({
      path: fc.constantFrom('a.ts', 'b/c.ts', 'b/d.ts'),
      startLine: fc.nat(50),
      container: fc.option(fc.constantFrom('Box', 'Cup'), { nil: undefined }),
    }),
    { maxLength: 40, selector: ({ path, startLine }) => `${path}:${startLine}` },
  )
  .map((places) => places.map((place, index) => definition(`name${index}`, { ...place, endLine: place.startLine })));

test('definitions stand by path and line under the name of their file, members under that of their type', () => {
  const pack = packDefinitions(
    ranked([
      definition('z', { path: 'b.ts', startLine: 3 }),
      definition('m', { path: 'a.ts', startLine: 9, container: 'Box', signature: 'm(x: number): string' }),
      definition('a', { path: 'a.ts', startLine: 1 }),
    ]),
    { ...common, budgetTokens: 200 },
  );
  assert.equal(textOf(pack), '// a.ts\nfunction a(): void\nBox:\n m(x: number): string\n// b.ts\nfunction z(): void');
});

test('the order of the text does not depend on the order of the scores', () => {
  fc.assert(
    fc.property(anyDefinitions, fc.infiniteStream(fc.nat()), (definitions, numbers) => {
      const shuffled = definitions
        .map((one) => ({ one, key: numbers.next().value as number }))
        .sort((a, b) => a.key - b.key)
        .map(({ one }) => one);
      const options = { ...common, budgetTokens: 100_000 };
      assert.equal(textOf(packDefinitions(ranked(definitions), options)), textOf(packDefinitions(ranked(shuffled), options)));
    }),
  );
});

test('a pack counts every line that it has and stays within its budget', () => {
  fc.assert(
    fc.property(anyDefinitions, fc.nat(300), (definitions, budgetTokens) => {
      const pack = packDefinitions(ranked(definitions), { ...common, budgetTokens });
      const counted = pack.lines.reduce((sum, line) => sum + countTokens(`${line.text}\n`), 0);
      assert.ok(counted <= budgetTokens, `${counted} of ${budgetTokens}`);
      assert.equal(pack.tokens, counted);
    }),
  );
});

test('a long signature is cut at a comma, and a method is shown without self', () => {
  const long = definition('f', { signature: `def f(self, ${Array.from({ length: 40 }, (_, index) => `argument${index}`).join(', ')})` });
  assert.match(signatureText(long), /^def f\(argument0, .*argument\d+, …$/);
  assert.ok(signatureText(long).length < 150);
  assert.equal(signatureText(definition('g', { signature: 'def g(self)' })), 'def g()');
  assert.equal(signatureText(definition('h', { signature: 'export interface H {\n  a: string\n}' })), 'interface H { a: string }');
});

const stable = (hashes: Readonly<Record<string, string>>, budgetTokens = 200) => ({ ...common, budgetTokens, hashOf: (path: string) => hashes[path] });
const unchanged = { 'src/a.ts': '1', 'src/b.ts': '1' };

test('a block stays the very same while other definitions are wanted less', () => {
  const first = updateStableBlock(undefined, ranked([definition('a', { startLine: 5 }), definition('b', { startLine: 9 })]), stable(unchanged));
  const second = updateStableBlock(first, ranked([definition('b', { startLine: 9 }), definition('a', { startLine: 5 })]), stable(unchanged));
  assert.equal(second, first);
});

test('what is newly wanted is appended behind what stands there', () => {
  const first = updateStableBlock(undefined, ranked([definition('m', { startLine: 5 })]), stable(unchanged));
  const second = updateStableBlock(first, ranked([definition('a', { startLine: 1 }), definition('m', { startLine: 5 })]), stable(unchanged));
  assert.ok(textOfBlock(second).startsWith(textOfBlock(first)));
  assert.match(textOfBlock(second), /function m.*\n.*\nfunction a/);
});

test('a block is made anew, and sorted, when a file of it has changed', () => {
  const wanted = [definition('a', { startLine: 1 }), definition('m', { startLine: 5 })];
  const first = updateStableBlock(undefined, ranked([definition('m', { startLine: 5 })]), stable(unchanged));
  const second = updateStableBlock(first, ranked(wanted), stable({ 'src/a.ts': '2' }));
  assert.equal(textOfBlock(second), '// src/a.ts\nfunction a(): void\nfunction m(): void');
});

test('a block is made anew when what it shows is hardly wanted any more', () => {
  const old = Array.from({ length: 12 }, (_, index) => definition(`old${index}`, { startLine: index }));
  const now = Array.from({ length: 12 }, (_, index) => definition(`now${index}`, { path: 'src/b.ts', startLine: index }));
  const first = updateStableBlock(undefined, ranked(old), stable(unchanged, 80));
  const second = updateStableBlock(first, [...ranked(now, 0.5), ...ranked(old, 0.001)], stable(unchanged, 80));
  assert.ok(textOfBlock(first).includes('old0') && !textOfBlock(second).includes('old0') && textOfBlock(second).includes('now0'));
});

test('a block never outgrows its budget, however often it is updated', () => {
  fc.assert(
    fc.property(fc.array(anyDefinitions, { maxLength: 6 }), fc.integer({ min: 20, max: 200 }), (rounds, budgetTokens) => {
      let block: StableBlock | undefined;
      for (const definitions of rounds) {
        block = updateStableBlock(block, ranked(definitions), stable({ 'a.ts': '1', 'b/c.ts': '1', 'b/d.ts': '1' }, budgetTokens));
        const counted = block.packs.flatMap((pack) => pack.lines).reduce((sum, line) => sum + countTokens(`${line.text}\n`), 0);
        assert.ok(counted <= budgetTokens);
      }
    }),
  );
});
