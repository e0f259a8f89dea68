// What people complain of most in ghost text, each with one case that names it, over the protocol as an editor meets it. The details stand in
// the tests of the parts.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { isIndentation } from '../../client/nextEditPlace.ts';
import type { Status } from '../../server/protocol/status.ts';
import { type Script, type ScriptedInference, scriptedInference } from '../scriptedInference.ts';
import { type TestServer, testServer, type TestServerOptions } from './inProcessServer.ts';

const model = { specialTokens: ['[SUFFIX]', '[PREFIX]'] };
const typing = 2;
const asking = 1;

async function complaint(
  about: string,
  script: Script,
  act: (server: TestServer, inference: ScriptedInference) => Promise<void>,
  options: Partial<TestServerOptions> = {},
): Promise<void> {
  await test(`complaint: ${about}`, async () => {
    const inference = scriptedInference({ model, ...script });
    const server = await testServer({ inference: () => inference, ...options });
    try {
      await act(server, inference);
    } finally {
      server.end();
    }
  });
}

/** `|` is the cursor. Opens the text under a name of its own and asks. */
let files = 0;
async function suggested(
  server: TestServer,
  marked: string,
  { languageId = 'typescript', kind = typing }: { readonly languageId?: string; readonly kind?: 1 | 2 } = {},
): Promise<string | undefined> {
  const own = `file:///project/src/f${files++}.ts`;
  const before = marked.slice(0, marked.indexOf('|'));
  await server.open(own, before + marked.slice(before.length + 1), languageId);
  const lines = before.split('\n');
  return (await server.inline(own, lines.length - 1, lines.at(-1)?.length ?? 0, kind))?.[0]?.insertText;
}

const turns = async (count: number) => {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
};

await complaint('the processor never rests', { answers: ['foo(bar);', ''] }, async (server, inference) => {
  assert.equal(await suggested(server, 'const a = |\n'), 'foo(bar);');
  await turns(50);
  const asked = inference.requests.length;
  // The answer, and what would follow it.
  assert.equal(asked, 2);
  const own = `file:///project/src/f${files - 1}.ts`;
  for (const [index, text] of ['f', 'fo', 'foo(', 'foo('].entries()) {
    await server.change(own, index + 2, `const a = ${text}\n`);
    assert.ok(await server.inline(own, 0, 10 + text.length, typing));
  }
  await turns(50);
  assert.equal(inference.requests.length, asked);
});

await complaint('it repeats code that is there', { answers: ['one();\n  two();\n}', ''] }, async (server) => {
  assert.equal(await suggested(server, 'function f() {\n  |\n  two();\n}\n'), 'one();');
});
await complaint('it takes away a repetition that is right', { answers: ['tick();', ''] }, async (server) => {
  assert.equal(await suggested(server, 'tick();\ntick();\n|\ntick();\n', { kind: asking }), 'tick();');
});
await complaint('a blank or a line break too many', { answers: [' 42;  \n\n', ''] }, async (server) => {
  assert.equal(await suggested(server, 'const a = |\n'), '42;');
});
test('complaint: Tab takes something where it should indent', () => {
  assert.deepEqual(
    ['', '  ', '\t', '  a'].map((linePrefix) => isIndentation(linePrefix)),
    [true, true, true, false],
  );
});
for (const [where, marked, languageId] of [
  ['comments', '// adds |\n', 'typescript'],
  ['comments of several lines', '/*\n * adds |\n */\n', 'typescript'],
  ['strings', 'say("hello |")\n', 'typescript'],
  ['docstrings', 'def f():\n  """Adds |\n  """\n', 'python'],
] as const) {
  await complaint(`silence in ${where}`, { answers: ['the words', ''] }, async (server) => {
    assert.equal(await suggested(server, marked, { languageId }), 'the words');
  });
}
for (const [sentence, marked, languageId] of [
  ['This function returns the sum.', 'def f():\n  """|\n  """\n', 'python'],
  ['Note: not thread-safe.', '// |\n', 'typescript'],
  ['The following holds.', '# Title\n\n|\n', 'markdown'],
] as const) {
  const chatModel = { specialTokens: [], hasChatTemplate: true };
  await complaint(
    `silence in comments, with a model that was only trained to chat: ${sentence}`,
    { model: chatModel, answers: [sentence, ''] },
    async (server) => {
      assert.equal(await suggested(server, marked, { languageId }), sentence);
    },
  );
}
await complaint('nothing is shown and nobody says why', { answers: [''] }, async (server) => {
  assert.equal(await suggested(server, 'const a = |\n'), undefined);
  await server.client.sendRequest('tramontane/engineStatus', {});
  assert.equal(server.statuses.at(-1)?.quiet, 'modelEnded');
});
await complaint('it flickers beside the popup', { answers: ['log(1)', ''] }, async (server, inference) => {
  assert.equal(await suggested(server, 'console.|\n'), 'log(1)');
  await turns(50);
  const asked = inference.requests.length;
  const own = `file:///project/src/f${files - 1}.ts`;
  const range = { start: { line: 0, character: 8 }, end: { line: 0, character: 8 } };
  const items = await server.client.sendRequest<{ insertText: string }[]>('textDocument/inlineCompletion', {
    textDocument: { uri: own },
    position: { line: 0, character: 8 },
    context: { triggerKind: typing, selectedCompletionInfo: { range, text: 'log' } },
  });
  assert.equal(items[0]?.insertText, 'log(1)');
  assert.equal(inference.requests.length, asked);
});
await complaint('it is too eager, there is no pause', { answers: ['foo();', ''] }, async (server, inference) => {
  const status = await server.client.sendRequest<Status>('tramontane/setPaused', { paused: true });
  assert.equal(status.state, 'paused');
  assert.equal(await suggested(server, 'const a = |\n'), undefined);
  assert.equal(inference.requests.length, 0);
});
await complaint('several lines are cut in the middle', { answers: ['\n  one();\n  if (a) {\n    two();\n  }\n}\nnext();', ''] }, async (server) => {
  assert.equal(await suggested(server, 'function f() {|\n', { kind: asking }), '\n  one();\n  if (a) {\n    two();\n  }\n}');
});
await complaint(
  'several lines are cut in the middle, while the model is slow',
  {
    answers: (request) => (request.isAhead ? '' : '\n  one();\n  two();\n}\n'),
    pieceLength: 5,
    beforePiece: (_request, piece) => (piece < 3 ? undefined : new Promise((resolve) => setTimeout(resolve, 20))),
  },
  async (server) => {
    const grown = new Promise((resolve) => server.client.onNotification('tramontane/suggestionGrew', resolve));
    assert.equal(await suggested(server, 'function f() {|\n'), '\n  one();');
    await grown;
    const own = `file:///project/src/f${files - 1}.ts`;
    assert.equal((await server.inline(own, 0, 14, typing))?.[0]?.insertText, '\n  one();\n  two();\n}');
  },
  { initializationOptions: { suggestionUpdates: true } },
);
for (const [family, specialTokens, expected] of [
  ['Codestral', ['[SUFFIX]', '[PREFIX]'], ['[SUFFIX]', '[PREFIX]']],
  ['Qwen', ['<|fim_prefix|>', '<|fim_suffix|>', '<|fim_middle|>'], ['<|fim_prefix|>', '<|fim_suffix|>', '<|fim_middle|>']],
  ['DeepSeek', ['<｜fim▁begin｜>', '<｜fim▁hole｜>', '<｜fim▁end｜>'], ['<｜fim▁begin｜>', '<｜fim▁hole｜>', '<｜fim▁end｜>']],
  ['a chat model', [], []],
] as const) {
  await complaint(
    `the wrong template for the model: ${family}`,
    { model: { specialTokens: [...specialTokens], hasChatTemplate: true }, answers: ['1;', ''] },
    async (server, inference) => {
      await suggested(server, 'const a = |\n');
      const { prompt } = inference.requests[0] ?? assert.fail();
      const tokens = prompt.kind === 'parts' ? prompt.parts.flatMap((part) => (part.kind === 'special' ? [part.token] : [])) : [];
      assert.deepEqual(tokens, expected);
      assert.equal(prompt.kind, family === 'a chat model' ? 'chat' : 'parts');
    },
  );
}
await complaint('it suggests one bracket', { answers: [')', ''] }, async (server) => {
  assert.equal(await suggested(server, 'foo(a|\n'), undefined);
});
await complaint('tokens of the model are shown', { answers: ['42;<|fim_middle|>const', ''] }, async (server) => {
  assert.equal(await suggested(server, 'const a = |\n'), '42;');
});
await complaint(
  'a chat model talks into the code',
  { model: { specialTokens: [] }, answers: ["Sure! Here's the completed code:\n```\nx\n```", ''] },
  async (server) => {
    assert.equal(await suggested(server, 'const a = |\n'), undefined);
  },
);
await complaint('chat and suggestions throw each other’s model out', { answers: ['42;', '', 'Hello.'] }, async (server, inference) => {
  await suggested(server, 'const a = |\n');
  await turns(20);
  await server.client.sendRequest('tramontane/chat', { messages: [{ role: 'user', text: 'Hi' }], attachments: [] });
  await suggested(server, 'const b = |\n');
  // One engine with one model serves both, at priorities of their own.
  assert.equal(server.built.length, 1);
  assert.ok(['inline', 'chat'].every((priority) => inference.requests.some((request) => request.priority === priority)));
});
await complaint(
  '“off” does not stop requests',
  { answers: ['foo();'] },
  async (server, inference) => {
    assert.equal(await suggested(server, 'const a = |\n'), undefined);
    await turns(20);
    assert.equal(inference.requests.length, 0);
  },
  { initializationOptions: { completion: { enabled: false } } },
);
test('complaint: over Remote-SSH the model cannot be reached', () => {
  // The extension, and with it the engine, runs where the files are.
  const manifest: unknown = JSON.parse(readFileSync(path.join(import.meta.dirname, '../../package.json'), 'utf8'));
  assert.deepEqual((manifest as { extensionKind: unknown }).extensionKind, ['workspace']);
});
await complaint('the text changes while it is typed', { answers: (request) => (request.isAhead ? '' : 'foo(bar);') }, async (server) => {
  assert.equal(await suggested(server, 'const a = |\n'), 'foo(bar);');
  const own = `file:///project/src/f${files - 1}.ts`;
  for (let length = 1; length <= 'foo(bar)'.length; length++) {
    const text = 'foo(bar)'.slice(0, length);
    await server.change(own, length + 1, `const a = ${text}\n`);
    assert.equal((await server.inline(own, 0, 10 + length, typing))?.[0]?.insertText, 'foo(bar);'.slice(length));
  }
});
