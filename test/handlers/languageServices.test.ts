// What the editor's own language services know, asked of a scripted client over the real protocol: one that answers, and those that hang, fail, lie or have
// nothing to say.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { CancellationToken } from 'vscode-jsonrpc/node';
import type { ContextResult } from '../../server/protocol/context.ts';
import type { LanguageServicesParams, LanguageServicesResult } from '../../server/protocol/languageServices.ts';
import type { Project } from '../../server/project/project.ts';
import { TemporaryProject, until } from '../project/temporaryProject.ts';
import { scriptedInference, type ScriptedInference } from '../scriptedInference.ts';
import { testServer, type TestServer } from './inProcessServer.ts';
import { comesTrue } from '../patience.ts';

/** Nothing in the text says what `x` is, and a namesake of its type stands in another file. */
const main = "import { make } from './make.js';\n\nexport function run(): void {\n  const x = make('cart');\n  x.\n}\n";
const files = {
  'src/main.ts': main,
  'src/make.ts': 'export const make = (what: string) => registry[what]();\nconst registry: Record<string, () => unknown> = {};\n',
  'src/cart.ts': 'export class Cart {\n  totalPrice(rounded: boolean): number {\n    return 1;\n  }\n}\n',
  'other/cart.ts': 'export class Cart {\n  wheels(): number {\n    return 4;\n  }\n}\n',
  'src/other.ts': main,
  'src/shop.kt': 'class Shop {\n  fun openDoors(wide: Boolean): Int {\n    return 1\n  }\n  val name = "x"\n}\n',
  'secrets/.env': 'class Hidden { steal() {} }\n',
  'ignored/gone.ts': 'export class Gone {\n  vanish(): void {}\n}\n',
  '.tramontaneignore': 'ignored/\n',
};
const afterDot = { line: 4, character: 4 };
const editorSays = /language services/;

type Script = (params: LanguageServicesParams, token: CancellationToken) => unknown;

interface Told {
  readonly server: TestServer;
  readonly inference: ScriptedInference;
  readonly folder: TemporaryProject;
  readonly uri: (path: string) => string;
  readonly asked: LanguageServicesParams[];
  readonly context: (path?: string) => Promise<Extract<ContextResult, { outcome: 'ok' }>['items']>;
}

async function telling(script: Script, act: (told: Told) => Promise<void>, offer: object = { languageServices: true }): Promise<void> {
  await using folder = new TemporaryProject(files);
  const inference = scriptedInference({ answers: ['answer'], model: { specialTokens: ['[SUFFIX]', '[PREFIX]'], contextSize: 8192 } });
  let project: Project | undefined;
  const server = await testServer({
    inference: () => inference,
    folder: pathToFileURL(folder.root).href,
    initializationOptions: { storageDirectory: folder.storage, ...offer },
    trustClientOptions: true,
    makeProject: (storage) => (project = folder.project({ storage })),
    clock: { now: () => performance.now(), wait: (ms, signal) => delay(ms, undefined, { signal, ref: false }).catch(() => undefined) },
  });
  const asked: LanguageServicesParams[] = [];
  server.client.onRequest('tramontane/languageServices', (params: LanguageServicesParams, token) => {
    asked.push(params);
    return script(params, token);
  });
  try {
    assert.ok(project);
    const uri = (path: string) => pathToFileURL(folder.at(path)).href;
    await server.open(uri('src/main.ts'), main);
    await server.open(uri('src/other.ts'), main);
    await until(project, () => project?.status[0]?.isComplete === true && project.folders[0]?.symbols.file('src/other.ts')?.references.length !== 0);
    const context: Told['context'] = async (path = 'src/main.ts') => {
      const params = { purpose: 'completion', textDocument: { uri: uri(path) }, position: afterDot, budgetTokens: 400 };
      const result = await server.client.sendRequest<ContextResult>('tramontane/context', params);
      assert.ok(result.outcome === 'ok', JSON.stringify(result));
      return result.items;
    };
    await act({ server, inference, folder, uri, asked, context });
    // What is still under way is told to end.
    await server.client.sendRequest('shutdown');
  } finally {
    server.end();
  }
}

const types = (...places: { uri: string; line: number }[]): LanguageServicesResult => ({
  outcome: 'types',
  types: places.map(({ uri, line }) => ({ uri, position: { line, character: 13 } })),
  definitions: [],
  isElsewhere: false,
});
/** Of the folder that is asked about, whatever its name. */
const beside = ({ textDocument }: LanguageServicesParams, path: string) => textDocument.uri.replace('src/main.ts', path).replace('src/other.ts', path);
const knowsCart: Script = (params) => types({ uri: beside(params, 'src/cart.ts'), line: 0 });
const memberNames = (items: Awaited<ReturnType<Told['context']>>) => items.flatMap(({ name, reason }) => (editorSays.test(reason) ? [name] : []));

test("the members of the editor's type are told with that reason, and not those of its namesake", () =>
  telling(knowsCart, async ({ context, asked, uri }) => {
    const items = await context();
    assert.deepEqual(memberNames(items), ['totalPrice']);
    assert.equal(items.find(({ name }) => name === 'totalPrice')?.path, 'src/cart.ts');
    assert.deepEqual(asked, [{ ask: 'types', textDocument: { uri: uri('src/main.ts'), version: 1 }, position: { line: 4, character: 2 } }]);
    // What is known is not asked for again.
    assert.deepEqual(memberNames(await context()), ['totalPrice']);
    assert.equal(asked.length, 1);
  }));

test('a place of the name itself will do where no type is told: what a function there returns', () =>
  telling(
    (params) => ({
      outcome: 'types',
      types: [],
      definitions: [{ uri: beside(params, 'src/cart.ts'), position: { line: 0, character: 0 } }],
      isElsewhere: false,
    }),
    async ({ context }) => assert.deepEqual(memberNames(await context()), ['totalPrice']),
  ));

test('of a language without a grammar the members are what the editor says, with their lines as signatures', () =>
  telling(
    (params) => {
      if (params.ask === 'types') return types({ uri: beside(params, 'src/shop.kt'), line: 0 });
      assert.equal(params.place.position.line, 0);
      const member = (name: string, line: number) => ({ name, kind: 'method', line, endLine: line });
      return { outcome: 'members', name: 'Shop', members: [member('openDoors', 1), member('elsewhere', 2), member('beyond', 4000)] };
    },
    async ({ context }) => {
      const members = (await context()).filter(({ reason }) => editorSays.test(reason));
      assert.deepEqual(
        members.map(({ path, text }) => [path, text]),
        [['src/shop.kt', 'fun openDoors(wide: Boolean): Int {']],
      );
    },
  ));

test('a type whose file comes into the index later is asked for again, and only then', () =>
  telling(
    (params) => types({ uri: beside(params, 'src/late.ts'), line: 0 }),
    async ({ server, context, asked, folder, uri }) => {
      assert.deepEqual(memberNames(await context()), []);
      assert.deepEqual(memberNames(await context()), []);
      assert.equal(asked.length, 1);
      folder.write({ 'src/late.ts': 'export class Late {\n  arrive(): void {}\n}\n' });
      await server.client.sendNotification('workspace/didChangeWatchedFiles', { changes: [{ uri: uri('src/late.ts'), type: 1 }] });
      let names: ReturnType<typeof memberNames> = [];
      await comesTrue(async () => (names = memberNames(await context())).length > 0);
      assert.deepEqual(names, ['arrive']);
    },
  ));

test('a completion gets the members once the cursor has rested, and asks once for what stands before one dot', () =>
  telling(knowsCart, async ({ server, inference, uri, asked }) => {
    const isTold = () => JSON.stringify(inference.requests.at(-1)?.prompt ?? '').includes('totalPrice(rounded: boolean): number');
    // An edit that is one of a dot's line only.
    const type = async (version: number, typed: string) => {
      await server.change(uri('src/main.ts'), version, main.replace('x.\n', `x.${typed}\n`));
      await server.inline(uri('src/main.ts'), 4, 4 + typed.length, 2);
    };
    await server.inline(uri('src/main.ts'), 4, 4, 2);
    assert.ok(!isTold());
    for (let version = 2; !isTold(); version++) {
      assert.ok(version < 60, 'the members never came');
      await type(version, 'q'.repeat(version - 1));
      await delay(200);
    }
    assert.equal(asked.length, 1);
  }));

suite('it does without', () => {
  const without = async ({ context }: Told) => assert.deepEqual(memberNames(await context()), []);

  test('where the client has not offered to answer', () =>
    telling(
      knowsCart,
      async (told) => {
        await without(told);
        assert.deepEqual(told.asked, []);
      },
      {},
    ));

  test('while the client does not answer, and asks nothing else of that document meanwhile', () =>
    telling(
      () => new Promise(() => undefined),
      async (told) => {
        await without(told);
        await without(told);
        assert.equal(told.asked.length, 1);
        assert.deepEqual(memberNames(await told.context('src/other.ts')), []);
        assert.equal(told.asked.length, 2);
      },
    ));

  test('until a slow answer comes, which the next one has', async () => {
    let answer = () => {};
    const given = new Promise<void>((resolve) => (answer = resolve));
    await telling(
      async (params, token) => {
        await given;
        return knowsCart(params, token);
      },
      async (told) => {
        await without(told);
        answer();
        assert.deepEqual(memberNames(await told.context()), ['totalPrice']);
        assert.equal(told.asked.length, 1);
      },
    );
  });

  test('and tells a client that is too slow that its answer is not wanted any more', async () => {
    let cancelled = () => {};
    const isCancelled = new Promise<void>((resolve) => (cancelled = resolve));
    await telling(
      (_params, token) => new Promise((resolve) => token.onCancellationRequested(() => (cancelled(), resolve({ outcome: 'nothing', why: 'busy' })))),
      async (told) => {
        await without(told);
        await isCancelled;
      },
    );
  });

  test('where the client fails', () => telling(() => Promise.reject(new Error('no')), without));

  test('and asks again where the client was not yet, or no longer, at this version', async () => {
    const answers: Script[] = [() => ({ outcome: 'nothing', why: 'otherVersion' }), () => ({ outcome: 'nothing', why: 'busy' }), knowsCart];
    await telling(
      (params, token) => answers.shift()?.(params, token),
      async (told) => {
        await without(told);
        await without(told);
        assert.deepEqual(memberNames(await told.context()), ['totalPrice']);
      },
    );
  });

  const nonsense: readonly unknown[] = [
    null,
    'types',
    [],
    { outcome: 'members' },
    { outcome: 'types', types: 3 },
    { ...types(), types: Array.from({ length: 9 }, () => ({ uri: 'file:///a.ts', position: { line: 0, character: 0 } })) },
    { ...types(), types: [{ uri: 'x'.repeat(5000), position: { line: 0, character: 0 } }] },
    { ...types(), types: [{ uri: 'file:///a.ts', position: { line: -1, character: 0.5 } }] },
    { outcome: 'members', name: 'Cart', members: [{ name: 'x'.repeat(300), kind: 'method', line: 0, endLine: 0 }] },
    types({ uri: 'not a uri', line: 0 }, { uri: 'file:///%', line: 0 }, { uri: 'http://example.org/src/cart.ts', line: 0 }),
  ];
  test('where the answer is nonsense', async () => {
    let at = 0;
    await telling(
      () => nonsense[at],
      async (told) => {
        for (; at < nonsense.length; at++) {
          await without(told);
          assert.equal(told.asked.length, at + 1, JSON.stringify(nonsense[at]));
          // Another text before the dot is another question.
          await told.server.change(told.uri('src/main.ts'), at + 2, `${main.slice(0, -2)}// ${at}\n}\n`.replace('const x', `const${' '.repeat(at + 1)}x`));
        }
      },
    );
  });

  for (const [what, path] of [
    ['secrets', 'secrets/.env'],
    ['ignored files', 'ignored/gone.ts'],
    ['what is not there', 'src/nowhere.ts'],
    ['what lies outside of the folder', '../elsewhere.ts'],
    ['the folder itself', ''],
  ] as const) {
    test(`of ${what}: neither read nor asked about`, () =>
      telling(
        (params) => types({ uri: beside(params, path), line: 0 }),
        async (told) => {
          await without(told);
          assert.deepEqual(
            told.asked.map(({ ask }) => ask),
            ['types'],
          );
        },
      ));
  }
});

test('a type that is known to be none of the project is not guessed at', async () => {
  // The text alone would say that it is the project's own class.
  const guessable = "import { Cart } from './cart.js';\n\nexport function run(x: Cart): void {\n\n  x.\n}\n";
  for (const isElsewhere of [false, true]) {
    await telling(
      () => ({ ...types(), isElsewhere }),
      async ({ server, uri, context }) => {
        await server.change(uri('src/main.ts'), 2, guessable);
        let reasons: readonly string[] = [];
        const isTold = async () => (reasons = (await context()).flatMap(({ name, reason }) => (name === 'totalPrice' ? [reason] : []))).length > 0;
        await comesTrue(isTold);
        assert.equal(reasons.length, 1);
        assert.equal(/before the dot/.test(reasons[0] ?? ''), !isElsewhere, reasons[0]);
      },
    );
  }
});
