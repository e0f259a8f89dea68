// What completions are told of the project: through the real protocol, the real index and a scripted model that writes down its prompts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { scriptedInference, type ScriptedInference } from '../scriptedInference.ts';
import type { Project } from '../../server/project/project.ts';
import { TemporaryProject, until } from '../project/temporaryProject.ts';
import { testServer, type TestServer } from './inProcessServer.ts';

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
