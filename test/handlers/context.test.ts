// `tramontane/context` through the real protocol and the real index: what is found for a place and for a question, and what is refused.
import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import { suite, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import * as v from 'valibot';
import type { ContextResult } from '../../server/protocol/context.ts';
import { statusSchema } from '../../server/protocol/status.ts';
import type { Project } from '../../server/project/project.ts';
import { TemporaryProject, until } from '../project/temporaryProject.ts';
import { promptText, type Script, type ScriptedInference, scriptedInference } from '../scriptedInference.ts';
import { testServer, type TestServer } from './inProcessServer.ts';
import { comesTrue } from '../patience.ts';

const shop = {
  'src/cart.ts': `import { priceOf } from './price.js';

/** What somebody wants to buy. */
export class Cart {
  readonly items: string[] = [];
  addItem(name: string, count: number): void {
    for (let i = 0; i < count; i++) this.items.push(name);
  }
  totalPrice(): number {
    return this.items.reduce((sum, name) => sum + priceOf(name), 0);
  }
}
`,
  'src/price.ts': `const table = new Map<string, number>();
export function priceOf(name: string): number {
  return lookUp(name) ?? 0;
}
export function lookUp(name: string): number | undefined {
  return table.get(name);
}
`,
  'src/checkout.ts': `import { Cart } from './cart.js';

export function checkOut(cart: Cart): string {
  return \`You pay \${cart.totalPrice()}\`;
}
`,
  'src/unrelated.ts': 'export function paintWindow(width: number): number {\n  return width * 2;\n}\n',
};

async function withShop(
  act: (server: TestServer, files: TemporaryProject, inference: ScriptedInference) => Promise<void>,
  { script = {}, settings = {} }: { readonly script?: Script; readonly settings?: object } = {},
): Promise<void> {
  const inference = scriptedInference(script);
  await using files = new TemporaryProject(shop);
  let project: Project | undefined;
  const server = await testServer({
    inference: () => inference,
    folder: pathToFileURL(files.root).href,
    initializationOptions: { storageDirectory: files.storage, ...settings },
    trustClientOptions: true,
    makeProject: (storage) => (project = files.project({ storage })),
  });
  try {
    assert.ok(project);
    await until(project, () => project?.status[0]?.isComplete === true && project.folders[0]?.symbols.definitionsNamed('checkOut').length === 1);
    await act(server, files, inference);
  } finally {
    server.end();
  }
}

async function ask(server: TestServer, params: object): Promise<Extract<ContextResult, { outcome: 'ok' }>> {
  const result = await server.client.sendRequest<ContextResult>('tramontane/context', params);
  assert.ok(result.outcome === 'ok', JSON.stringify(result));
  return result;
}

test('a place in a document gets the signatures that it needs, each with its reason', () =>
  withShop(async (server, files) => {
    const uri = pathToFileURL(files.at('src/checkout.ts')).href;
    await server.open(uri, shop['src/checkout.ts']);
    const { items, tokens, isComplete } = await ask(server, {
      purpose: 'completion',
      textDocument: { uri },
      position: { line: 3, character: 2 },
      budgetTokens: 300,
    });
    const total = items.find(({ name }) => name === 'totalPrice');
    assert.ok(total, JSON.stringify(items));
    assert.equal(total.path, 'src/cart.ts');
    assert.match(total.text, /totalPrice\(\): number/);
    assert.deepEqual(total.range.start, { line: 8, character: 0 });
    assert.equal(total.uri, pathToFileURL(files.at('src/cart.ts')).href);
    assert.ok(items.every(({ reason }) => reason.length > 5));
    assert.ok(tokens <= 300 && tokens > 0);
    assert.equal(isComplete, true);
    assert.ok(!items.some(({ path }) => path === 'src/checkout.ts'), 'what stands in the file itself is not told twice');
  }));

for (const purpose of ['chat', 'edit'] as const)
  test(`a place may be asked about for "${purpose}", too`, () =>
    withShop(async (server, files) => {
      const uri = pathToFileURL(files.at('src/checkout.ts')).href;
      await server.open(uri, shop['src/checkout.ts']);
      const { items } = await ask(server, { purpose, textDocument: { uri }, position: { line: 3, character: 2 }, budgetTokens: 300 });
      assert.ok(items.some(({ name }) => name === 'totalPrice'));
    }));

test('an instruction that names nothing is told what its place needs, within the budget, and no piece twice', () =>
  withShop(async (server, files) => {
    const uri = pathToFileURL(files.at('src/checkout.ts')).href;
    await server.open(uri, shop['src/checkout.ts']);
    const query = 'Make this shorter.';
    const place = { textDocument: { uri }, position: { line: 3, character: 2 } };
    const named = async (params: object) => (await ask(server, { query, budgetTokens: 600, ...params })).items;
    assert.ok(!(await named({ purpose: 'edit' })).some(({ name }) => name === 'totalPrice'));
    assert.ok(!(await named({ purpose: 'chat', ...place })).some(({ name }) => name === 'totalPrice'));
    const items = await named({ purpose: 'edit', ...place });
    assert.ok(
      items.some(({ name, text }) => name === 'totalPrice' && text === 'totalPrice(): number'),
      JSON.stringify(items),
    );
    const all = await named({ purpose: 'edit', ...place, query: 'Use totalPrice of the Cart.' });
    const places = all.map(({ path, range }) => `${path}:${range.start.line}`);
    assert.equal(new Set(places).size, places.length);
    assert.ok(all.reduce((sum, { tokens }) => sum + tokens, 0) <= 600);
  }));

test('an edit shows the model what its selection needs', () =>
  withShop(
    async (server, files, inference) => {
      const uri = pathToFileURL(files.at('src/checkout.ts')).href;
      await server.open(uri, shop['src/checkout.ts']);
      const range = { start: { line: 2, character: 0 }, end: { line: 5, character: 0 } };
      await server.client.sendRequest('tramontane/edit', { instruction: 'Make this shorter.', target: { uri, range }, alsoEdit: [] });
      assert.match(promptText(inference.requests[0] ?? assert.fail()), /totalPrice\(\): number/);
    },
    { script: { model: { contextSize: 16_384 }, answers: ['Nothing.'] } },
  ));

for (const [why, script, settings, expected] of [
  ['sees too little', { model: { name: 'Tiny', contextSize: 1024 } }, {}, /Tiny sees 1,024 tokens at once .* longer context\./],
  ['is not to be told', { model: { contextSize: 8192 } }, { context: { enabled: false } }, /tramontane\.context\.enabled is off/],
  ['is told', { model: { contextSize: 8192 } }, {}, undefined],
] as const)
  test(`where the model ${why}, the context of a place says so`, () =>
    withShop(
      async (server, files) => {
        const uri = pathToFileURL(files.at('src/checkout.ts')).href;
        await server.open(uri, shop['src/checkout.ts']);
        const found = await ask(server, { purpose: 'completion', textDocument: { uri }, position: { line: 3, character: 2 } });
        assert.ok(found.items.length > 0);
        if (expected) assert.match(found.notTold ?? '', expected);
        else assert.equal(found.notTold, undefined);
      },
      { script, settings },
    ));

suite('a question', () => {
  test('that names a symbol gets its body, its callers and what it calls', () =>
    withShop(async (server) => {
      const { items, timings } = await ask(server, { purpose: 'chat', query: 'Why does priceOf return 0?', budgetTokens: 800 });
      assert.equal(items[0]?.name, 'priceOf');
      assert.match(items[0].text, /return lookUp\(name\) \?\? 0;/);
      const caller = items.find(({ name }) => name === 'totalPrice');
      assert.match(caller?.reason ?? '', /uses priceOf/);
      assert.match(caller?.text ?? '', /reduce/);
      assert.match(items.find(({ name }) => name === 'lookUp')?.reason ?? '', /used by priceOf/);
      assert.ok(!items.some(({ name }) => name === 'paintWindow'));
      assert.ok(timings.totalMs >= 0);
    }));
  test('in plain words is answered from names and text', () =>
    withShop(async (server) => {
      const { items } = await ask(server, { purpose: 'edit', query: 'show the total of the cart with two decimals', budgetTokens: 800 });
      assert.ok(
        items.slice(0, 3).some(({ name, path }) => path === 'src/cart.ts' && (name === 'totalPrice' || name === 'Cart')),
        JSON.stringify(items.map(({ path, name }) => [path, name])),
      );
    }));
  test('that names a file by its path gets the file', () =>
    withShop(async (server) => {
      const { items } = await ask(server, { purpose: 'chat', query: 'What is in unrelated.ts?', budgetTokens: 400 });
      assert.ok(items.some(({ path, text }) => path === 'src/unrelated.ts' && text.includes('width * 2')));
    }));
  test('sees unsaved text', () =>
    withShop(async (server, files) => {
      const uri = pathToFileURL(files.at('src/price.ts')).href;
      await server.open(uri, `// A new line above.\n${shop['src/price.ts'].replace('?? 0', '?? 42')}`);
      let items: Awaited<ReturnType<typeof ask>>['items'] = [];
      const isUnsavedText = async () => {
        ({ items } = await ask(server, { purpose: 'chat', query: '`priceOf`', budgetTokens: 400 }));
        return items.some(({ name, text, range }) => name === 'priceOf' && text.includes('?? 42') && range.start.line === 2);
      };
      await comesTrue(isUnsavedText, { seen: () => items });
    }));
  test('never gets more than its budget', () =>
    withShop(async (server) => {
      for (const budgetTokens of [16, 40, 100, 200]) {
        const { items, tokens } = await ask(server, { purpose: 'chat', query: 'priceOf Cart lookUp checkOut', budgetTokens });
        assert.ok(tokens <= budgetTokens);
        assert.ok(items.reduce((sum, item) => sum + item.tokens, 0) <= budgetTokens);
      }
    }));
});

test('what lies outside the workspace is neither read nor told, also behind a link', () =>
  withShop(async (server, files) => {
    const elsewhere = pathToFileURL(`${files.storage}-elsewhere.ts`).href;
    await server.open(elsewhere, 'export const secret = 1;\n');
    const outside = await server.client.sendRequest<ContextResult>('tramontane/context', {
      purpose: 'completion',
      textDocument: { uri: elsewhere },
      position: { line: 0, character: 0 },
    });
    assert.equal(outside.outcome, 'unsupported');
    symlinkSync('/etc/hostname', files.at('src/linked.ts'));
    const { items } = await ask(server, { purpose: 'chat', query: 'src/linked.ts', textDocument: { uri: 'file:///etc/passwd' } });
    assert.ok(!items.some(({ path }) => path.includes('linked')));
  }));

test('parameters that do not fit are refused', () =>
  withShop(async (server) => {
    const refused = async (params: unknown) => {
      await assert.rejects(server.client.sendRequest('tramontane/context', params), { code: -32602 });
    };
    await refused({ purpose: 'chat' });
    await refused({ purpose: 'chat', query: '' });
    await refused({ purpose: 'chat', query: 'x', budgetTokens: 1_000_000 });
    await refused({ purpose: 'chat', query: 'x', budgetTokens: 1.5 });
    await refused({ purpose: 'completion', textDocument: { uri: 'file:///a.ts' } });
    await refused({ purpose: 'other', query: 'x' });
    await refused({ purpose: 'completion', query: 'x' });
    await refused({ purpose: 'edit', textDocument: { uri: 'file:///a.ts' } });
    await refused({ purpose: 'completion', textDocument: { uri: 'file:///a.ts' }, position: { line: -1, character: 0 } });
  }));

test('without a project the answer says so', async () => {
  const server = await testServer({ inference: () => scriptedInference({}) });
  try {
    const result = await server.client.sendRequest<ContextResult>('tramontane/context', { purpose: 'chat', query: 'anything' });
    assert.equal(result.outcome, 'unsupported');
  } finally {
    server.end();
  }
});

test('the status says how far the index is, and a deleted one is made anew', () =>
  withShop(async (server) => {
    const last = () => server.statuses.at(-1)?.index;
    const until = (isTrue: () => boolean) => comesTrue(isTrue, { seen: last });
    await until(() => last()?.isComplete === true);
    assert.deepEqual(last(), { files: 4, isComplete: true, store: 'sqlite' });
    const before = server.statuses.length;
    await server.client.sendRequest('tramontane/deleteIndexes', {});
    await until(() => server.statuses.slice(before).some(({ index }) => index?.isComplete === false) && last()?.isComplete === true);
    const { items } = await ask(server, { purpose: 'chat', query: 'priceOf' });
    assert.equal(items[0]?.name, 'priceOf');
  }));

test('the status says how many files are left out of all folders, and why', async () => {
  await using files = new TemporaryProject({ ...shop, '.env': 'TOKEN=1\n', 'logo.png': 'x' });
  await using beside = new TemporaryProject({ '.env': 'TOKEN=2\n', 'app.min.js': 'x' });
  const server = await testServer({
    inference: () => scriptedInference({}),
    folder: pathToFileURL(files.root).href,
    initializationOptions: { storageDirectory: files.storage },
    trustClientOptions: true,
    makeProject: (storage) => files.project({ storage }),
  });
  try {
    const last = () => server.statuses.at(-1)?.index;
    await comesTrue(() => last()?.isComplete === true, { seen: last });
    assert.deepEqual(last()?.skipped, { secret: 1, binary: 1 });
    await server.client.sendNotification('workspace/didChangeWorkspaceFolders', {
      event: { added: [{ uri: pathToFileURL(beside.root).href, name: 'beside' }], removed: [] },
    });
    await comesTrue(() => last()?.files === 8 && last()?.isComplete === true, { seen: last });
    assert.deepEqual(last()?.skipped, { secret: 2, binary: 1, minified: 1 });
    assert.ok(v.is(statusSchema, server.statuses.at(-1)));
  } finally {
    server.end();
  }
});
