// What questions and instructions are asked with of the project: through the real protocol, the real index and a scripted model.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { ChatResult } from '../../server/protocol/chat.ts';
import type { EditResult } from '../../server/protocol/edit.ts';
import type { Project } from '../../server/project/project.ts';
import { TemporaryProject, until } from '../project/temporaryProject.ts';
import { scriptedInference, type ScriptedInference } from '../scriptedInference.ts';
import { testServer, type TestServer } from './inProcessServer.ts';

const cart = 'export class Cart {\n  totalPrice(rounded: boolean): number {\n    return rounded ? 1 : 2;\n  }\n}\n';
const checkout = "import { Cart } from './cart.js';\n\nexport function checkOut(cart: Cart): string {\n  return `${cart.totalPrice(true)}`;\n}\n";

interface Asking {
  readonly server: TestServer;
  readonly inference: ScriptedInference;
  readonly uriOf: (path: string) => string;
}

async function asking(act: (asking: Asking) => Promise<void>, { settings = {}, contextSize = 8192, answer = 'Because.' } = {}): Promise<void> {
  await using files = new TemporaryProject({ 'src/cart.ts': cart, 'src/checkout.ts': checkout });
  const inference = scriptedInference({ answers: [answer], model: { contextSize } });
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
    await until(project, () => project.status[0]?.isComplete === true && project.folders[0]?.symbols.definitionsNamed('checkOut').length === 1);
    await act({ server, inference, uriOf: (path) => pathToFileURL(files.at(path)).href });
  } finally {
    server.end();
  }
}

const chat = ({ server }: Asking, text: string, more: object = {}) =>
  server.client.sendRequest<ChatResult>('tramontane/chat', { messages: [{ role: 'user', text }], attachments: [], ...more });

function lastMessages(inference: ScriptedInference): readonly { role: string; content: string }[] {
  const prompt = inference.requests.at(-1)?.prompt;
  assert.ok(prompt?.kind === 'chat');
  return prompt.messages as { role: string; content: string }[];
}

test('a question is asked with the bodies that it is about, before it, and the answer names them', () =>
  asking(async (told) => {
    const result = await chat(told, 'Why does totalPrice return 2?');
    assert.ok(result.outcome === 'ok', JSON.stringify(result));
    const question = lastMessages(told.inference).at(-1)?.content ?? '';
    assert.match(question, /src\/cart\.ts \(lines 2-4\)\n```\n {2}totalPrice\(rounded: boolean\): number \{\n/);
    assert.ok(question.endsWith('Why does totalPrice return 2?'));
    const cartShown = result.context.find(({ uri }) => uri === told.uriOf('src/cart.ts'));
    assert.deepEqual(cartShown, { uri: told.uriOf('src/cart.ts'), startLine: 1, endLine: 4, isFound: true });
  }));

test('what comes before the last question stays the same from one turn to the next', () =>
  asking(async (told) => {
    await chat(told, 'Why does totalPrice return 2?');
    const first = lastMessages(told.inference);
    const messages = [
      { role: 'user', text: 'Why does totalPrice return 2?' },
      { role: 'assistant', text: 'Because.' },
      { role: 'user', text: 'And checkOut?' },
    ];
    await chat(told, '', { messages });
    const second = lastMessages(told.inference);
    assert.equal(second[0]?.content, first[0]?.content, 'no context in the system text');
    assert.deepEqual(
      second.slice(1, 3).map(({ content }) => content),
      ['Why does totalPrice return 2?', 'Because.'],
    );
    assert.match(second.at(-1)?.content ?? '', /export function checkOut/);
  }));

test('a file that the user attached is not told twice', () =>
  asking(async (told) => {
    const result = await chat(told, 'Why does totalPrice return 2?', { attachments: [{ uri: told.uriOf('src/cart.ts') }] });
    assert.ok(result.outcome === 'ok');
    assert.equal(lastMessages(told.inference).at(-1)?.content.split('return rounded').length, 2);
    assert.ok(result.context.filter(({ uri }) => uri === told.uriOf('src/cart.ts')).every((shown) => 'totalLines' in shown));
  }));

for (const [name, options] of [
  ['where the setting says so', { settings: { context: { enabled: false } } }],
  ['to a model with a short context', { contextSize: 2048 }],
] as const) {
  test(`nothing of the project is told ${name}`, () =>
    asking(async (told) => {
      const result = await chat(told, 'Why does totalPrice return 2?');
      assert.ok(result.outcome === 'ok');
      assert.deepEqual(result.context, []);
      assert.equal(lastMessages(told.inference).at(-1)?.content, 'Why does totalPrice return 2?');
    }, options));
}

test('an instruction is given with pieces of other files, which it cannot change', () =>
  asking(
    async (told) => {
      const target = { uri: told.uriOf('src/checkout.ts') };
      const result = await told.server.client.sendRequest<EditResult>('tramontane/edit', { instruction: 'Do not round totalPrice', target, alsoEdit: [] });
      const asked = lastMessages(told.inference).at(-1)?.content ?? '';
      assert.match(asked, /src\/cart\.ts \(lines 2-4\)[^]*These pieces are not to be changed[^]*src\/checkout\.ts\n```/);
      assert.ok(asked.endsWith('Do not round totalPrice'));
      assert.equal(result.outcome, 'refused', JSON.stringify(result));
    },
    { answer: 'src/cart.ts\n<<<<<<< SEARCH\n    return rounded ? 1 : 2;\n=======\n    return 2;\n>>>>>>> REPLACE\n' },
  ));
