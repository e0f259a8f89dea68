// What completions are told of the project: through the real protocol, the real index and a scripted model that writes down its prompts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { scriptedInference, type ScriptedInference } from '../scriptedInference.ts';
import type { ContextResult } from '../../server/protocol/context.ts';
import type { Project } from '../../server/project/project.ts';
import { TemporaryProject, until } from '../project/temporaryProject.ts';
import { testServer, type TestServer } from './inProcessServer.ts';
import { comesTrue } from '../patience.ts';

const codestral = ['[SUFFIX]', '[PREFIX]'];
const main = "import { Cart } from './cart.js';\n\nexport function checkOut(cart: Cart): number {\n  \n}\n";

interface Told {
  readonly server: TestServer;
  readonly inference: ScriptedInference;
  readonly uri: string;
  readonly project: Project;
}

async function telling(act: (told: Told) => Promise<void>, { settings = {}, contextSize = 8192 } = {}): Promise<void> {
  await using files = new TemporaryProject({
    'src/cart.ts': 'export class Cart {\n  totalPrice(rounded: boolean): number {\n    return rounded ? 1 : 2;\n  }\n}\n',
    'src/main.ts': main,
  });
  const inference = scriptedInference({ answers: ['answer'], model: { specialTokens: codestral, contextSize } });
  let made: Project | undefined;
  const server = await testServer({
    inference: () => inference,
    folder: pathToFileURL(files.root).href,
    initializationOptions: { storageDirectory: files.storage, ...settings },
    trustClientOptions: true,
    makeProject: (storage) => (made = files.project({ storage })),
  });
  try {
    const project = made;
    assert.ok(project);
    const uri = pathToFileURL(files.at('src/main.ts')).href;
    await server.open(uri, main);
    await until(project, () => project.folders[0]?.symbols.definitionsNamed('totalPrice').length === 1 && project.status[0]?.isComplete === true);
    await act({ server, inference, uri, project });
  } finally {
    server.end();
  }
}

function promptsOf(inference: ScriptedInference): string[] {
  return inference.requests.flatMap(({ prompt, priority }) =>
    prompt.kind === 'parts' && priority === 'inline' ? [prompt.parts.map((part) => (part.kind === 'special' ? part.token : part.text)).join('')] : [],
  );
}

/** Types a line sign by sign; each sign is a request. */
async function typeLine({ server, uri }: Told, line: string): Promise<void> {
  for (let typed = 1; typed <= line.length; typed++) {
    await server.change(uri, typed + 1, main.replace('{\n  \n', `{\n  ${line.slice(0, typed)}\n`));
    await server.inline(uri, 3, 2 + typed, 2);
  }
}

test('the signatures that a place needs come to the model once the cursor has rested, and typing only appends', () =>
  telling(async (told) => {
    await typeLine(told, 'return cart');
    const prompts = promptsOf(told.inference);
    const first = prompts.findIndex((prompt) => prompt.includes('totalPrice(rounded: boolean): number'));
    assert.ok(first >= 0 && first < prompts.length - 3, `${first} of ${prompts.length}: ${prompts.at(-1)}`);
    assert.match(prompts.at(-1) ?? '', /\[PREFIX\]\+\+\+\+\+ src\/cart\.ts\n[^]*\n\n\+\+\+\+\+ src\/main\.ts\nimport/);
    for (let index = first + 1; index < prompts.length; index++) {
      assert.ok(prompts[index]?.startsWith((prompts[index - 1] as string).trimEnd()), `${prompts[index - 1]}\n---\n${prompts[index]}`);
    }
  }));

test('nothing is told where the setting says so', () =>
  telling(
    async (told) => {
      await typeLine(told, 'return');
      assert.ok(promptsOf(told.inference).length > 0);
      assert.ok(promptsOf(told.inference).every((prompt) => !prompt.includes('totalPrice')));
    },
    { settings: { context: { enabled: false } } },
  ));

test('a model with a short context is told nothing: the file itself needs all of it', () =>
  telling(
    async (told) => {
      await typeLine(told, 'return');
      assert.ok(promptsOf(told.inference).every((prompt) => !prompt.includes('totalPrice')));
    },
    { contextSize: 1024 },
  ));

/** As a person does: at one place, and not at once all over the file. */
async function edit({ server, uri }: Told, from: { readonly line: number; readonly character: number }, text: string, version: number): Promise<void> {
  const contentChanges = [{ range: { start: from, end: from }, text }];
  await server.client.sendNotification('textDocument/didChange', { textDocument: { uri, version }, contentChanges });
}

test('what was just edited in another file is told behind the signatures, as it stands there now', () =>
  telling(async (told) => {
    const cart = told.uri.replace('main.ts', 'cart.ts');
    await told.server.open(cart, 'export class Cart {\n  totalPrice(rounded: boolean): number {\n    return rounded ? 1 : 2;\n  }\n}\n');
    await edit({ ...told, uri: cart }, { line: 2, character: 4 }, 'applyDiscounts();\n    ', 2);
    await typeLine(told, 'return cart');
    const last = promptsOf(told.inference).at(-1) ?? '';
    assert.match(
      last,
      /totalPrice\(rounded: boolean\): number\n[^]*\+\+\+\+\+ src\/cart\.ts\n {2}totalPrice[^]*\n {4}applyDiscounts\(\);\n[^]*\+\+\+\+\+ src\/main\.ts\nimport/,
    );
    const items = await contextItems(told);
    const recent = items.filter(({ kind }) => kind === 'recent');
    assert.equal(recent.length, 1);
    assert.equal(recent[0]?.reason, 'edited a moment ago');
  }));

test('what was edited in the file itself is no edit to tell of, and neither is what stands there as well', () =>
  telling(async (told) => {
    const cart = told.uri.replace('main.ts', 'cart.ts');
    await told.server.open(cart, 'export class Cart {\n}\n');
    await edit({ ...told, uri: cart }, { line: 1, character: 0 }, '  sameInBoth(1);\n', 2);
    await edit(told, { line: 3, character: 0 }, '  sameInBoth(1);\n', 2);
    assert.deepEqual(
      (await contextItems(told)).filter(({ kind }) => kind === 'recent'),
      [],
    );
  }));

test('edits of what may be a secret are not told', () =>
  telling(async (told) => {
    const secret = told.uri.replace('src/main.ts', '.env');
    await told.server.open(secret, 'A=1\n', 'plaintext');
    await edit({ ...told, uri: secret }, { line: 1, character: 0 }, 'PASSWORD=hunter2\n', 2);
    await typeLine(told, 'return cart');
    assert.ok(!JSON.stringify([promptsOf(told.inference), await contextItems(told)]).includes('hunter2'));
  }));

async function contextItems({ server, uri }: Told): Promise<Extract<ContextResult, { outcome: 'ok' }>['items']> {
  const params = { purpose: 'completion', textDocument: { uri }, position: { line: 3, character: 2 }, budgetTokens: 1024 };
  const result = await server.client.sendRequest<ContextResult>('tramontane/context', params);
  assert.ok(result.outcome === 'ok', JSON.stringify(result));
  return result.items;
}

test('going from dot to dot on neighbouring lines, a prompt keeps what was told and only appends to it', () =>
  telling(async ({ server, uri, inference }) => {
    const program = `${main}function use(cart: Cart, till: Till) {\n  cart.\n  till.\n}\nclass Own {}\n`;
    const till = uri.replace('main.ts', 'till.ts');
    await server.open(till, 'export class Till {\n  openDrawer(slowly: boolean): void {}\n}\n');
    let version = 2;
    const told = () => /\[PREFIX\]([^]*)\+\+\+\+\+ src\/main\.ts\n/.exec(promptsOf(inference).at(-1) ?? '')?.[1] ?? '';
    const go = async (line: number, expected: RegExp) => {
      let typed = 0;
      const typeOne = async () => {
        typed++;
        const lines = program.split('\n');
        lines[line] = `${lines[line]}${'q'.repeat(typed)}`;
        await server.change(uri, version++, lines.join('\n'));
        await server.inline(uri, line, 7 + typed, 2);
        // The index takes up what was typed in a turn of its own.
        await delay(40);
      };
      await comesTrue(() => typed >= 4 && expected.test(told()), { seen: told, step: typeOne });
    };
    const contexts: string[] = [];
    for (const [line, expected] of [
      [6, /totalPrice/],
      [7, /openDrawer/],
      [6, /totalPrice/],
      [7, /openDrawer/],
    ] as const) {
      await go(line, expected);
      contexts.push(told());
    }
    const [cart, both, again, last] = contexts as [string, string, string, string];
    assert.match(cart, /totalPrice/);
    assert.match(both, /openDrawer/);
    assert.ok(both.startsWith(cart), `${cart}\n---\n${both}`);
    assert.equal(again, both);
    assert.equal(last, both);
  }));
