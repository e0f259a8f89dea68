// Definitions, edits and examples share one budget; the parts that change least come first.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { contextFiles } from '../../../server/core/retrieval/contextFiles.ts';
import { type ContextRequest, selectContext } from '../../../server/core/retrieval/selectContext.ts';
import { similarWindows } from '../../../server/core/retrieval/similarWindows.ts';
import { countTokens, situationIn } from './smallProject.ts';

const files = {
  'shapes.ts': 'export function area(width: number): number { return width; }\nexport function border(width: number): number { return width; }\n',
  'main.ts': "import { area } from './shapes';\nconst total = area(3);\n|\n",
};
const edit = (index: number) => ({ path: `edited${index}.ts`, startLine: 0, endLine: 0, text: `export const edited${index} = area(${index});` });
const alike = { path: 'alike.ts', text: `${'// nothing\n'.repeat(30)}import { area } from './shapes';\nconst total = area(4);\n` };

async function request(more: Partial<ContextRequest> = {}): Promise<ContextRequest> {
  const situation = await situationIn(files);
  return { ...situation, budgetTokens: 200, countTokens, commentSign: '//', recentEdits: [], openTexts: [], found: [], ...more };
}

test('definitions come first, then edits from the oldest on, then what is alike', async () => {
  const selected = selectContext(await request({ recentEdits: [edit(1), edit(2)], openTexts: [alike], budgetTokens: 800 }));
  const text = contextFiles(selected)
    .map(({ path, text: piece }) => `// ${path}\n${piece}`)
    .join('\n');
  assert.match(text, /^\/\/ shapes\.ts\nfunction area.*edited1\.ts\n.*edited2\.ts\n.*alike\.ts\n.*area\(4\)/s);
});

test('when edits outgrow their part the oldest go', async () => {
  const selected = selectContext(await request({ recentEdits: Array.from({ length: 20 }, (_, index) => edit(index)) }));
  assert.equal(selected.recent.at(-1)?.path, 'edited19.ts');
  assert.ok(selected.recent.length > 0 && selected.recent.length < 20);
});

test('a file that was just edited, or is the one being written, is no example for itself', async () => {
  const selected = selectContext(
    await request({ recentEdits: [{ ...edit(1), path: 'alike.ts' }], openTexts: [alike, { path: 'main.ts', text: files['main.ts'] }], budgetTokens: 800 }),
  );
  assert.deepEqual(selected.similar, []);
});

test('what text search found is shown only where room remains', async () => {
  const found = [{ path: 'found.ts', startLine: 0, endLine: 9, text: 'x'.repeat(400) }];
  assert.deepEqual(selectContext(await request({ found, budgetTokens: 60 })).similar, []);
  assert.deepEqual(selectContext(await request({ found, budgetTokens: 400 })).similar, found);
});

test('the same request with the answer before it gives the same definitions', async () => {
  const asked = await request();
  const first = selectContext(asked);
  assert.equal(selectContext({ ...asked, previous: first }).definitions, first.definitions);
});

test('no mixture of edits and examples outgrows the budget', async () => {
  const asked = await request();
  const snippet = fc.record({ path: fc.constantFrom('a.ts', 'b.ts', 'c.ts'), text: fc.lorem({ maxCount: 60 }) });
  fc.assert(
    fc.property(fc.array(snippet, { maxLength: 8 }), fc.array(snippet, { maxLength: 4 }), fc.integer({ min: 10, max: 500 }), (edits, found, budgetTokens) => {
      const place = { startLine: 0, endLine: 0 };
      const selected = selectContext({
        ...asked,
        budgetTokens,
        recentEdits: edits.map((one) => ({ ...one, ...place })),
        found: found.map((one) => ({ ...one, ...place })),
      });
      assert.ok(selected.tokens <= budgetTokens, `${selected.tokens} of ${budgetTokens}`);
    }),
  );
});

test('of each text the window most alike is taken, the most alike text first, and nothing that is alike by chance', () => {
  const near = 'const total = area(width);\nreturn border(total);';
  const texts = [
    { path: 'chance.ts', text: 'class Other {\n  run() {}\n}' },
    { path: 'less.ts', text: 'const total = 4;\nreturn total;' },
    { path: 'more.ts', text: `${'let x;\n'.repeat(40)}${near}\n` },
  ];
  const found = similarWindows(near, texts, 5);
  assert.deepEqual(
    found.map(({ path }) => path),
    ['more.ts', 'less.ts'],
  );
  assert.match(found[0]?.text ?? '', /return border\(total\)/);
});

test('what was alike stays where the cursor has hardly moved, though nothing is open any more', async () => {
  const { source, evidence, cursor } = await situationIn({ 'a.ts': 'const one = alpha + beta;\n|\n', 'b.ts': 'export const b = 1;\n' });
  const base = { source, evidence, cursor, budgetTokens: 400, countTokens, commentSign: '//', recentEdits: [], found: [] };
  const first = selectContext({ ...base, openTexts: [{ path: 'b.ts', text: 'const two = alpha + beta;\n' }] });
  assert.equal(first.similar.length, 1);
  assert.deepEqual(selectContext({ ...base, openTexts: [], previous: first, keepsSimilar: true }).similar, first.similar);
  assert.deepEqual(selectContext({ ...base, openTexts: [], previous: first }).similar, []);
});
