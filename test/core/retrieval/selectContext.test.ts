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
  return { ...situation, budgetTokens: 200, countTokens, commentSign: '//', recentEdits: [], openTexts: [], findMore: () => [], ...more };
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
  assert.deepEqual(selectContext(await request({ findMore: () => found, budgetTokens: 60 })).found, []);
  assert.deepEqual(selectContext(await request({ findMore: () => found, budgetTokens: 400 })).found, found);
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
        findMore: () => found.map((one) => ({ ...one, ...place })),
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
  const base = { source, evidence, cursor, budgetTokens: 400, countTokens, commentSign: '//', recentEdits: [], findMore: () => [] };
  const first = selectContext({ ...base, openTexts: [{ path: 'b.ts', text: 'const two = alpha + beta;\n' }] });
  assert.equal(first.similar.length, 1);
  assert.deepEqual(selectContext({ ...base, openTexts: [], previous: first, staysNear: true }).similar, first.similar);
  assert.deepEqual(selectContext({ ...base, openTexts: [], previous: first }).similar, []);
});

const shop = {
  'cart.ts': 'export class Cart {\n  addItem(name: string): void {}\n  totalPrice(): number { return 1; }\n}\n',
  'pool.ts': 'export class Pool {\n  takeOne(): number { return 1; }\n}\n',
  'shapes.ts': files['shapes.ts'],
  'main.ts': files['main.ts'],
};

/** What stands before the dot, as somebody who knows says; nobody does for an empty name. */
async function atDot(): Promise<(type: string, more?: Partial<ContextRequest>) => ReturnType<typeof selectContext>> {
  const situation = await situationIn(shop);
  const base = { ...situation, budgetTokens: 400, countTokens, commentSign: '//', recentEdits: [], openTexts: [], findMore: () => [] };
  return (type, more = {}) => {
    const members = situation.source.membersOf(type);
    const cursor = { ...situation.cursor, ...(members.length > 0 ? { receiverMembers: members } : {}) };
    return selectContext({ ...base, cursor, receiverSource: 'editor', ...more });
  };
}
const namesOf = ({ members }: ReturnType<typeof selectContext>) => members.packs.map(({ definitions }) => definitions.map(({ name }) => name));

test('members of what stands before the dot come last, and the block of definitions does not move for them', async () => {
  const select = await atDot();
  const before = select('', { openTexts: [alike] });
  const after = select('Cart', { openTexts: [alike], previous: before, staysNear: true });
  assert.equal(after.definitions, before.definitions);
  assert.deepEqual(namesOf(after), [['addItem', 'totalPrice']]);
  const pieces = contextFiles(after);
  assert.deepEqual(pieces.slice(0, -1), contextFiles(before));
  assert.equal(pieces.at(-1)?.path, 'cart.ts');
});

test('the members of another dot are appended, and going back to the first changes nothing', async () => {
  const select = await atDot();
  const cart = select('Cart');
  const pool = select('Pool', { previous: cart, staysNear: true });
  assert.deepEqual(namesOf(pool), [['addItem', 'totalPrice'], ['takeOne']]);
  assert.equal(select('Cart', { previous: pool, staysNear: true }).members, pool.members);
  assert.equal(select('', { previous: pool, staysNear: true }).members, pool.members);
});

test('after a jump only the members that are needed there are shown, and without a dot none', async () => {
  const select = await atDot();
  const cart = select('Cart');
  assert.deepEqual(namesOf(select('Pool', { previous: cart })), [['takeOne']]);
  assert.deepEqual(namesOf(select('', { previous: cart })), []);
});

test('when members outgrow their part those of the oldest dot go', async () => {
  const select = await atDot();
  const cart = select('Cart', { budgetTokens: 80 });
  assert.deepEqual(namesOf(cart), [['addItem', 'totalPrice']]);
  assert.deepEqual(namesOf(select('Pool', { budgetTokens: 80, previous: cart, staysNear: true })), [['takeOne']]);
});

test('members of a file that has changed are not kept', async () => {
  const select = await atDot();
  const cart = select('Cart');
  const packs = cart.members.packs.map((pack) => ({ ...pack, hashes: new Map([['cart.ts', 'of another text']]) }));
  const changed = { ...cart, members: { ...cart.members, packs } };
  assert.deepEqual(namesOf(select('', { previous: changed, staysNear: true })), []);
});

test('what is found stays while the cursor stays, and is not looked for where there is no room', async () => {
  const found = [{ path: 'found.ts', startLine: 0, endLine: 0, text: 'export const found = 1;' }];
  const select = await atDot();
  let searches = 0;
  const findMore = () => {
    searches++;
    return found;
  };
  const first = select('', { findMore });
  assert.deepEqual(first.found, found);
  assert.deepEqual(select('', { findMore, previous: first, staysNear: true }).found, found);
  assert.equal(searches, 1);
  select('', { findMore, previous: first });
  assert.equal(searches, 2);
  select('', { findMore, budgetTokens: 20 });
  assert.equal(searches, 2);
});
